//! The vocabulary that all stages share. Values only: no IO, no knowledge of any stage.

mod batch;
mod counts;
mod coverage;
mod event;
mod page;
mod table;
mod walk;
mod window;

pub use batch::{Batch, Problem, ProblemCode, Quarantined, RequestNumber, Severity, UnknownField};
pub use counts::{Effort, RowCounts};
pub use coverage::Coverage;
pub use event::{Event, Observer, Outcome, Silent, StreamStatus};
pub use page::{Page, View};
pub use table::{Cell, Column, ColumnKind, Table};
pub use walk::{Candidate, OpenWalk, StreamState, WalkKind};
pub use window::Window;
