//! The house's order: headers, imports, clocks, sizes.

use std::path::{Path, PathBuf};

/// Modules from left to right; those of one rank don't import each other.
const RANKS: [(&str, u8); 14] = [
    ("text", 0),
    ("lexis", 1),
    ("engine", 2),
    ("care", 2),
    ("conversation", 3),
    ("desk", 4),
    ("store", 5),
    ("transport", 5),
    ("backend", 5),
    ("channel", 6),
    ("alert", 6),
    ("app", 7),
    ("server", 8),
    ("cli", 9),
];
/// Up to here modules are pure.
const CORE: u8 = 4;
/// The one file that knows the time and makes random bits.
const CLOCK: &str = "app/clock.rs";
/// A file longer than this needs a reason.
const LONGEST: usize = 500;

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Every source file: its path below `src`, and its text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&root, &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
        (name, std::fs::read_to_string(&path).expect("a file"))
    };
    paths.into_iter().map(read).collect()
}

fn rank(module: &str) -> Option<u8> {
    RANKS.iter().find(|(name, _)| *name == module).map(|(_, rank)| *rank)
}

fn module_of(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

/// The text without its tests: they may use what they like.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    let without: Vec<String> = sources().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(file, _)| file).collect();
    assert_eq!(without, Vec::<String>::new());
}

#[test]
fn imports_run_one_way() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let module = module_of(&file);
        let Some(own) = rank(module) else { continue };
        for line in code(&text).lines().filter(|line| !line.trim_start().starts_with("//")) {
            for used in line.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if let Some(other) = rank(&used)
                    && used != module
                    && other >= own
                {
                    wrong.push(format!("{file} imports {used}"));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn only_one_file_knows_the_time() {
    const BANNED: [&str; 9] = [
        "SystemTime",
        "Instant::now",
        "tokio::time::sleep",
        "Timestamp::now",
        "Zoned::now",
        "rand::",
        "thread::sleep",
        "UNIX_EPOCH",
        "getrandom",
    ];
    let mut wrong = Vec::new();
    for (file, text) in sources().into_iter().filter(|(file, _)| file != CLOCK) {
        for banned in BANNED.iter().filter(|banned| code(&text).contains(**banned)) {
            wrong.push(format!("{file} uses {banned}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_core_does_no_io() {
    const BANNED: [&str; 8] = ["std::fs", "std::net", "std::env", "tokio", "reqwest", "async fn", "println!", "Mutex"];
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        if rank(module_of(&file)).is_some_and(|rank| rank <= CORE) {
            let lines = code(&text).lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in lines {
                wrong.extend(BANNED.iter().filter(|banned| line.contains(**banned)).map(|banned| format!("{file} uses {banned}")));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn files_stay_small() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(file, lines)| format!("{file}: {lines}"))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}
