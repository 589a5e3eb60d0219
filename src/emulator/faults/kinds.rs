//! The kinds of faults, as calls that end the order of a [`Fault`].

use super::fault::Fault;
use super::what::{AnswerBody, RateLimit, Status, What, too_many_requests};

impl Fault {
    /// Answers with a status and the API's error.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.with(What::Status(Status::of(status)))
    }

    /// Sets the text of [`Fault::status`].
    #[must_use]
    pub fn message(self, message: &str) -> Self {
        self.refine(|status| status.message = Some(message.to_owned()))
    }

    /// Sets the parameter that the error of [`Fault::status`] names.
    #[must_use]
    pub fn param(self, param: &str) -> Self {
        self.refine(|status| status.param = Some(param.to_owned()))
    }

    /// Adds `Retry-After` in seconds to [`Fault::status`].
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.refine(|status| (status.retry_after, status.as_date) = (Some(seconds), false))
    }

    /// Adds `Retry-After` as a date so many seconds ahead to [`Fault::status`].
    #[must_use]
    pub fn retry_after_date(self, seconds: u32) -> Self {
        self.refine(|status| (status.retry_after, status.as_date) = (Some(seconds), true))
    }

    /// Lets [`Fault::status`] carry a page as proxies show it.
    #[must_use]
    pub fn html(self) -> Self {
        self.refine(|status| status.body = AnswerBody::Html)
    }

    /// Lets [`Fault::status`] carry plain text.
    #[must_use]
    pub fn text(self) -> Self {
        self.refine(|status| status.body = AnswerBody::Text)
    }

    /// Lets [`Fault::status`] carry nothing.
    #[must_use]
    pub fn empty(self) -> Self {
        self.refine(|status| status.body = AnswerBody::Empty)
    }

    /// Resets the connection before any byte.
    #[must_use]
    pub fn reset(self) -> Self {
        self.with(What::Reset {})
    }

    /// Resets the connection after so many bytes of the body, always before its end.
    #[must_use]
    pub fn reset_inside(self, after_bytes: usize) -> Self {
        self.with(What::ResetInside { after_bytes })
    }

    /// Cuts the body to so many bytes, always before its end; `Content-Length` fits what is left.
    #[must_use]
    pub fn truncate(self, bytes: usize) -> Self {
        self.with(What::Truncate { bytes })
    }

    /// Damages the JSON of the answer.
    #[must_use]
    pub fn garble(self) -> Self {
        self.with(What::Garble {})
    }

    /// Begins the answer late.
    #[must_use]
    pub fn slow(self, milliseconds: u64) -> Self {
        self.with(What::Slow { milliseconds })
    }

    /// Sends the body in pieces of so many bytes with a pause before each.
    #[must_use]
    pub fn trickle(self, milliseconds: u64, bytes: usize) -> Self {
        self.with(What::Trickle { milliseconds, bytes })
    }

    /// Calls the answer `text/html`, whatever it is.
    #[must_use]
    pub fn wrong_type(self) -> Self {
        self.with(What::WrongType {})
    }

    /// Serves a page without objects.
    #[must_use]
    pub fn empty_page(self) -> Self {
        self.with(What::EmptyPage {})
    }

    /// Serves so many objects at most, those next to the cursor.
    #[must_use]
    pub fn short_page(self, rows: usize) -> Self {
        self.with(What::ShortPage { rows })
    }

    /// Caps `pagination[limit]`, and with it `total_pages`.
    #[must_use]
    pub fn page_cap(self, rows: usize) -> Self {
        self.with(What::PageCap { rows })
    }

    /// Serves again the page that was served last for this list and filter.
    #[must_use]
    pub fn repeat_page(self) -> Self {
        self.with(What::RepeatPage {})
    }

    /// Serves the first page whatever the cursor.
    #[must_use]
    pub fn ignore_cursor(self) -> Self {
        self.with(What::IgnoreCursor {})
    }

    /// Serves the list as if it was not filtered.
    #[must_use]
    pub fn ignore_filter(self) -> Self {
        self.with(What::IgnoreFilter {})
    }

    /// Begins the page so many objects too early, so that they come on two pages. At least one
    /// object of the page is one that belongs there.
    #[must_use]
    pub fn overlap(self, rows: usize) -> Self {
        self.with(What::Overlap { rows })
    }

    /// Leaves fields out of every object on the page.
    #[must_use]
    pub fn lean_list(self, fields: &[&str]) -> Self {
        let fields = fields.iter().map(|&field| field.to_owned()).collect();
        self.with(What::LeanList { fields })
    }

    /// Refuses, with 400 or 404, a cursor that names a deleted object.
    #[must_use]
    pub fn refuse_cursor(self, status: u16) -> Self {
        self.with(What::RefuseCursor { status })
    }

    /// Serves no object after a cursor that names a deleted object.
    #[must_use]
    pub fn empty_after_cursor(self) -> Self {
        self.with(What::EmptyAfterCursor {})
    }

    /// Moves the `Date` of the answer by so many seconds.
    #[must_use]
    pub fn date_skew(self, seconds: i64) -> Self {
        self.with(What::DateSkew { seconds })
    }

    /// Leaves the `Date` of the answer out.
    #[must_use]
    pub fn no_date(self) -> Self {
        self.with(What::NoDate {})
    }

    /// Lets so many business actions happen before the answer is made.
    #[must_use]
    pub fn play(self, actions: u32) -> Self {
        self.with(What::Play { actions })
    }

    /// Refuses with 429 what comes faster than a token bucket fills, on real time.
    #[must_use]
    pub fn rate_limit(self, per_second: u32, burst: u32) -> Self {
        let status = too_many_requests();
        self.with(What::RateLimit(RateLimit { per_second, burst, status, retry_after: false }))
    }

    /// Lets [`Fault::rate_limit`] refuse with 403 or 429.
    #[must_use]
    pub fn refused_with(self, status: u16) -> Self {
        self.refine_limit(|limit| limit.status = status)
    }

    /// Lets [`Fault::rate_limit`] tell in `Retry-After` when the next request is welcome.
    #[must_use]
    pub fn telling_the_wait(self) -> Self {
        self.refine_limit(|limit| limit.retry_after = true)
    }

    fn with(mut self, what: What) -> Self {
        self.what = Some(what);
        self
    }

    fn refine(mut self, change: impl FnOnce(&mut Status)) -> Self {
        match &mut self.what {
            Some(What::Status(status)) => change(status),
            _ => self.misuse = Some("text, body and `Retry-After` belong to a status"),
        }
        self
    }

    fn refine_limit(mut self, change: impl FnOnce(&mut RateLimit)) -> Self {
        match &mut self.what {
            Some(What::RateLimit(limit)) => change(limit),
            _ => self.misuse = Some("the way to refuse belongs to a rate limit"),
        }
        self
    }
}
