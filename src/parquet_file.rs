//! The one writer of Parquet from Arrow batches: the change log, whole partitions, reports.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, IntoInnerError, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::error::{Context, Kind, Result};
use crate::fault;

/// How a file is written.
#[derive(Debug, Clone)]
pub struct Options {
    /// Permission bits.
    pub mode: u32,
    /// Rows of a row group, at most; the writer holds a whole one.
    pub row_group: usize,
    /// What the footer says about the file, by name.
    pub footer: Vec<(&'static str, Option<String>)>,
}

/// Writes a new file and makes it durable. All batches have the schema of the first.
///
/// # Errors
/// [`Kind::Disk`] naming the file; also where there is no batch to take the schema from.
pub fn write(path: &Path, batches: &[RecordBatch], options: &Options) -> Result<()> {
    let written = || -> std::result::Result<(), ParquetError> {
        let file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(options.mode)
            .open(path)
            .map_err(io_error)?;
        // Whatever the umask takes away: a job of the night must not lock readers out.
        file.set_permissions(Permissions::from_mode(options.mode)).map_err(io_error)?;
        let footer = options
            .footer
            .iter()
            .map(|(name, value)| KeyValue::new(format!("paid_sync.{name}"), value.clone()));
        let properties = properties()
            .set_max_row_group_row_count(Some(options.row_group))
            .set_key_value_metadata(Some(footer.collect()))
            .build();
        let written = encode(BufWriter::new(file), batches, properties)?;
        let file: File =
            written.into_inner().map_err(IntoInnerError::into_error).map_err(io_error)?;
        fault::io("durable.sync").and_then(|()| file.sync_all()).map_err(io_error)
    };
    written().context(Kind::Disk, || format!("cannot write {}", path.display()))
}

/// Gives a file's bytes.
///
/// # Errors
/// [`Kind::Disk`] where there is no batch to take the schema from, or a type has no Parquet form.
pub fn bytes(batches: &[RecordBatch]) -> Result<Vec<u8>> {
    encode(Vec::new(), batches, properties().build())
        .context(Kind::Disk, || "the result cannot be written as Parquet")
}

/// Columns whose values hardly repeat: a dictionary would hold nearly all of them.
const DISTINCT: [&str; 4] = ["id", "_raw", "_row_hash", "_list_hash"];

fn properties() -> WriterPropertiesBuilder {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        // Row groups are small: what they hold is known well enough without looking at each page.
        .set_statistics_enabled(EnabledStatistics::Chunk);
    DISTINCT.iter().fold(properties, |properties, column| {
        properties.set_column_dictionary_enabled(ColumnPath::from(*column), false)
    })
}

fn encode<W: Write + Send>(
    sink: W,
    batches: &[RecordBatch],
    properties: WriterProperties,
) -> std::result::Result<W, ParquetError> {
    let first = batches.first().ok_or_else(|| ParquetError::General("no batch".to_owned()))?;
    let mut writer = ArrowWriter::try_new(sink, first.schema(), Some(properties))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.into_inner()
}

fn io_error(error: io::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}
