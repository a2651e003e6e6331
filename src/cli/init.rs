//! `warmline init`.

use super::{print, status};
use crate::app::defaults;
use std::path::Path;
use std::process::ExitCode;

/// Writes the defaults out. A file that is there already is left alone.
pub(super) fn init(dir: &Path) -> ExitCode {
    let mut files = vec![("config.toml".to_string(), defaults::CONFIG.to_string())];
    files.extend(defaults::sources().into_iter().map(|source| (format!("intents/{}", source.name), source.text)));
    let mut kept = 0;
    for (name, text) in files {
        let path = dir.join(&name);
        if path.exists() {
            kept += 1;
            print::line(format!("kept    {name}"));
            continue;
        }
        let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, text));
        if let Err(error) = written {
            print::error(format!("{} can't be written: {error}", path.display()));
            return ExitCode::from(status::CANT_START);
        }
        print::line(format!("written {name}"));
    }
    if kept > 0 {
        print::line(format!("{kept} files were there already and stay as they were."));
    }
    print::line(format!("Edit them, then: cd {} && warmline check && warmline", dir.display()));
    ExitCode::SUCCESS
}
