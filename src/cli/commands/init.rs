//! `init`: writes a configuration that explains every setting.

use crate::cli::args::Global;
use crate::cli::printer::Printer;
use crate::config;
use crate::durable;
use crate::error::{Error, Kind, Result};

pub(super) fn run(global: &Global, force: bool, printer: &Printer) -> Result<u8> {
    let path = &global.config;
    if path.exists() && !force {
        return Err(Error::new(
            Kind::Usage,
            format!("`{}` exists; `--force` replaces it", path.display()),
        ));
    }
    durable::write(path, config::TEMPLATE.as_bytes(), 0o644)?;
    printer.note(&format!(
        "wrote {}; next: put the key into the variable that `api_key_env` names, then \
         `paid-sync check`",
        path.display()
    ));
    Ok(0)
}
