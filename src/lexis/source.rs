//! Files that operators write, read so that every mistake is reported at once, at its place, with the mend.
//!
//! Owns: `Source` (a name and a text; nothing here opens files), `Finding`, and a reader of TOML tables that goes on after a
//! mistake. serde would stop at the first.
//! Leaves out: what the keys mean.

use std::cell::RefCell;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// A file that somebody else has read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Source {
    /// Path relative to the folder of intents, with `/`: `care/en.toml`.
    pub name: String,
    /// What it holds.
    pub text: String,
}

impl Source {
    /// A source from a name and a text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Source { name: name.into(), text: text.into() }
    }

    /// The file's name without folders and ending: the id of an intent.
    pub fn stem(&self) -> &str {
        let file = self.name.rsplit('/').next().unwrap_or(&self.name);
        file.strip_suffix(".toml").unwrap_or(file)
    }
}

/// How bad a finding is. Errors refuse the file; warnings are worth a look; infos are advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// Advice.
    Info,
    /// Works, but probably not as meant.
    Warning,
    /// Can't be used.
    Error,
}

/// Something to tell the operator about a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file.
    pub file: String,
    /// First byte and one past the last.
    pub span: (usize, usize),
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Finding {
    /// A finding at a byte range of a source.
    pub fn at(source: &Source, severity: Severity, span: Range<usize>, message: impl Into<String>) -> Self {
        let start = (0..=span.start.min(source.text.len())).rev().find(|at| source.text.is_char_boundary(*at)).unwrap_or(0);
        let before = source.text.get(..start).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let span = (start, span.end.clamp(start, source.text.len()));
        Finding { severity, file: source.name.clone(), span, line, column, message: message.into(), help: None }
    }

    /// The same with a mend.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let severity = match self.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{}:{}:{}: {severity}: {}", self.file, self.line, self.column, self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "\n    help: {help}"))
    }
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Its bytes in the file.
    pub span: Range<usize>,
}

/// A source while it is read: collects findings.
pub struct Doc<'a> {
    source: &'a Source,
    findings: RefCell<Vec<Finding>>,
}

impl<'a> Doc<'a> {
    /// Starts to read.
    pub fn new(source: &'a Source) -> Self {
        Doc { source, findings: RefCell::default() }
    }

    /// The source.
    pub fn source(&self) -> &'a Source {
        self.source
    }

    /// Reads the whole file with `read`. Faults of TOML itself are findings too, and what can be read is read all the same.
    pub fn read<T>(&self, read: impl FnOnce(&Table<'_>) -> T) -> T {
        let (root, errors) = DeTable::parse_recoverable(&self.source.text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let finding = Finding::at(self.source, Severity::Error, span, format!("not TOML: {}", error.message()));
            self.findings.borrow_mut().push(match self.quoting(&finding) {
                Some(help) => finding.help(help),
                None => finding,
            });
        }
        let span = root.span();
        read(&Table { doc: self, table: root.get_ref(), span, path: String::new() })
    }

    fn quoting(&self, finding: &Finding) -> Option<String> {
        let line = self.source.text.lines().nth(finding.line - 1)?;
        (line.contains('"') && line.contains('\\'))
            .then(|| "in double quotes a backslash starts an escape; write patterns in 'single quotes'".to_string())
    }

    /// Adds a finding.
    pub fn find(&self, severity: Severity, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        let help = help.into();
        let finding = Finding::at(self.source, severity, span, message);
        self.findings.borrow_mut().push(if help.is_empty() { finding } else { finding.help(help) });
    }

    /// Adds an error.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.find(Severity::Error, span, message, help);
    }

    /// All findings so far, in the order of the file.
    pub fn into_findings(self) -> Vec<Finding> {
        let mut findings = self.findings.into_inner();
        // What can't be read as TOML lacks things only because it can't be read.
        if findings.iter().any(|finding| finding.message.starts_with("not TOML")) {
            findings.retain(|finding| finding.span.0 < finding.span.1 || finding.message.starts_with("not TOML"));
        }
        findings.sort_by_key(|finding| finding.span);
        findings
    }
}

/// A table of the file.
pub struct Table<'a> {
    /// The file that it is in.
    pub doc: &'a Doc<'a>,
    table: &'a DeTable<'a>,
    /// Where it stands.
    pub span: Range<usize>,
    path: String,
}

impl<'a> Table<'a> {
    /// Every key with its place.
    pub fn keys(&self) -> Vec<Located<String>> {
        self.table.iter().map(|(key, _)| Located { value: key.get_ref().to_string(), span: key.span() }).collect()
    }

    /// True when the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Reports keys that are not among `known`, with the nearest one that is.
    pub fn only(&self, known: &[&str]) {
        self.only_or(known, &[], "");
    }

    /// The same; a key that is one of `elsewhere` stands under the wrong header, and `mend` says where it belongs.
    pub fn only_or(&self, known: &[&str], elsewhere: &[&str], mend: &str) {
        for key in self.keys() {
            if !known.contains(&key.value.as_str()) {
                if elsewhere.contains(&key.value.as_str()) {
                    let message = format!("`{}` stands under the wrong header: TOML reads it as `{}{}`", key.value, self.path, key.value);
                    self.doc.error(key.span, message, mend);
                    continue;
                }
                let help = match nearest(&key.value, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("keys here: {}", known.join(", ")),
                };
                self.doc.error(key.span, format!("unknown key `{}{}`", self.path, key.value), help);
            }
        }
    }

    fn wrong(&self, key: &str, value: &toml::Spanned<DeValue<'_>>, wanted: &str) {
        let found = value.get_ref().type_str();
        if wanted == "a whole number" && found == "integer" {
            return self.doc.error(value.span(), format!("`{}{key}` is too large", self.path), "");
        }
        let quoted = wanted.ends_with("number") && found == "string";
        let help = if quoted { "write it without quotes" } else { "" };
        self.doc.error(value.span(), format!("`{}{key}` should be {wanted}, not {found}", self.path), help);
    }

    fn value(&self, key: &str) -> Option<&'a toml::Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    fn take<T>(&self, key: &str, wanted: &str, read: impl FnOnce(&'a DeValue<'a>) -> Option<T>) -> Option<Located<T>> {
        let value = self.value(key)?;
        let taken = read(value.get_ref());
        if taken.is_none() {
            self.wrong(key, value, wanted);
        }
        taken.map(|taken| Located { value: taken, span: value.span() })
    }

    /// A string.
    pub fn string(&self, key: &str) -> Option<Located<String>> {
        self.take(key, "a text in quotes", |value| value.as_str().map(str::to_string))
    }

    /// A boolean.
    pub fn boolean(&self, key: &str) -> Option<Located<bool>> {
        self.take(key, "true or false", DeValue::as_bool)
    }

    /// A number.
    pub fn number(&self, key: &str) -> Option<Located<f64>> {
        self.take(key, "a number", |value| match value {
            DeValue::Integer(integer) => integer.as_str().parse().ok(),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => None,
        })
    }

    /// A whole number.
    pub fn whole(&self, key: &str) -> Option<Located<i64>> {
        self.take(key, "a whole number", |value| match value {
            DeValue::Integer(integer) => integer.as_str().parse().ok(),
            _ => None,
        })
    }

    /// A list of strings; a single string is a list of one.
    pub fn strings(&self, key: &str) -> Vec<Located<String>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        if let Some(one) = value.get_ref().as_str() {
            return vec![Located { value: one.to_string(), span: value.span() }];
        }
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(key, value, "a list of texts");
            return Vec::new();
        };
        list.iter()
            .filter_map(|item| match item.get_ref().as_str() {
                Some(text) => Some(Located { value: text.to_string(), span: item.span() }),
                None => {
                    self.wrong(key, item, "a list of texts");
                    None
                }
            })
            .collect()
    }

    /// A table under a key.
    pub fn table(&self, key: &str) -> Option<Table<'a>> {
        let path = format!("{}{key}.", self.path);
        let located = self.take(key, "a table", DeValue::as_table)?;
        Some(Table { doc: self.doc, table: located.value, span: located.span, path })
    }

    /// A list of tables: `[[key]]`.
    pub fn tables(&self, key: &str) -> Vec<Table<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(key, value, &format!("a list of tables, each under [[{}{key}]]", self.path));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (index, item) in list.iter().enumerate() {
            match item.get_ref().as_table() {
                Some(table) => {
                    let path = format!("{}{key}[{index}].", self.path);
                    tables.push(Table { doc: self.doc, table, span: item.span(), path });
                }
                None => self.wrong(key, item, "a table"),
            }
        }
        tables
    }

    /// One of a few words, as what it stands for.
    pub fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Option<Located<T>> {
        let word = self.string(key)?;
        match choices.iter().find(|(name, _)| *name == word.value) {
            Some((_, choice)) => Some(Located { value: *choice, span: word.span }),
            None => {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                let message = format!("`{}{key}` can't be \"{}\"", self.path, word.value);
                self.doc.error(word.span, message, format!("one of: {}", names.join(", ")));
                None
            }
        }
    }

    /// The table as JSON, for parts whose shape is free.
    pub fn json(&self) -> serde_json::Value {
        fn convert(value: &DeValue<'_>) -> serde_json::Value {
            match value {
                DeValue::String(text) => text.to_string().into(),
                DeValue::Integer(integer) => integer.as_str().parse::<i64>().map_or(serde_json::Value::Null, Into::into),
                DeValue::Float(float) => float.as_str().parse::<f64>().map_or(serde_json::Value::Null, Into::into),
                DeValue::Boolean(boolean) => (*boolean).into(),
                DeValue::Datetime(datetime) => datetime.to_string().into(),
                DeValue::Array(list) => list.iter().map(|item| convert(item.get_ref())).collect(),
                DeValue::Table(table) => object(table),
            }
        }
        fn object(table: &DeTable<'_>) -> serde_json::Value {
            table.iter().map(|(key, value)| (key.get_ref().to_string(), convert(value.get_ref()))).collect()
        }
        object(self.table)
    }
}

/// The nearest of some names, where one is near: at most two edits, fewer for short ones.
pub fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .map(|other| (edits(name, other), other))
        .filter(|(distance, other)| *distance <= 2 && *distance * 2 < other.chars().count())
        .min()
        .map(|(_, other)| other)
}

/// Levenshtein's distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let changed = corner + usize::from(ca != *cb);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_are_placed() {
        let source = Source::new("x.toml", "title = 3\nneed = \"owner\"\nkind = \"c\"\n[en]\nsay = [\"a\", 2]\n");
        let doc = Doc::new(&source);
        doc.read(|root| {
            root.only(&["title", "needs", "kind", "en"]);
            assert!(root.string("title").is_none());
            assert!(root.choice("kind", &[("a", 1), ("b", 2)]).is_none());
            let en = root.table("en").expect("a table");
            assert_eq!(en.strings("say").len(), 1);
        });
        let shown: Vec<String> = doc.into_findings().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "x.toml:1:9: error: `title` should be a text in quotes, not integer",
                "x.toml:2:1: error: unknown key `need`\n    help: did you mean `needs`?",
                "x.toml:3:8: error: `kind` can't be \"c\"\n    help: one of: a, b",
                "x.toml:5:13: error: `en.say` should be a list of texts, not integer",
            ]
        );
    }

    #[test]
    fn broken_toml_is_a_finding_and_the_rest_is_read() {
        let source = Source::new("x.toml", "patterns = [\"\\d+\"]\ntitle = \"T\"\n");
        let doc = Doc::new(&source);
        let title = doc.read(|root| root.string("title"));
        assert_eq!(title.expect("read").value, "T");
        let findings = doc.into_findings();
        assert!(findings[0].message.starts_with("not TOML"), "{findings:?}");
        assert!(findings[0].help.as_deref().is_some_and(|help| help.contains("single quotes")));
    }
}
