//! The two floors: what moving the same bytes costs when nothing is done with them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Outcome;
use crate::process::client;

/// Floor (a): asks for URLs, one a line, so many at a time.
pub(crate) fn http(urls: &Path, width: usize, keep: Option<&Path>) -> Outcome<()> {
    let urls: Arc<Vec<String>> =
        Arc::new(std::fs::read_to_string(urls)?.lines().map(ToOwned::to_owned).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let client = client()?;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..width {
            let (client, urls, next) = (client.clone(), Arc::clone(&urls), Arc::clone(&next));
            let keep = keep.map(Path::to_path_buf);
            tasks.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(url) = urls.get(number) else { return Outcome::Ok(()) };
                    let body = client.get(url).send().await?.error_for_status()?.bytes().await?;
                    if let Some(folder) = &keep {
                        let stream =
                            url.split(['?']).next().and_then(|path| path.rsplit('/').next());
                        let folder = folder.join(stream.unwrap_or("unknown"));
                        std::fs::create_dir_all(&folder)?;
                        std::fs::write(folder.join(format!("{number:06}.json")), &body)?;
                    }
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        Ok(())
    })
}

/// Floor (b): reads bodies into a table for each list, with DuckDB's own reader and defaults.
pub(crate) fn json(bodies: &Path, database: &Path) -> Outcome<()> {
    let connection = duckdb::Connection::open(database)?;
    for folder in std::fs::read_dir(bodies)? {
        let folder = folder?.path();
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let create = |columns: &str| {
            connection.execute_batch(&format!(
                "CREATE TABLE \"{name}\" AS SELECT unnest(data) AS object FROM read_json('{}/*.json', \
                 maximum_object_size = 100000000{columns})",
                folder.display()
            ))
        };
        // The types that it guesses may be none that a table can have, such as a struct without fields.
        create("").or_else(|_| create(", columns = {data: 'JSON[]'}"))?;
    }
    connection.execute_batch("CHECKPOINT")?;
    Ok(connection.close().map_err(|(_, error)| error)?)
}
