//! Templates: what operators write between quotes and customers read.
//!
//! Owns: compiling (with the place of a mistake), the filters `day`, `date` and `time`, the fields that a template uses.
//! Invariants: rendering is pure: dates come in as values, the language as `lang`; a field that is missing is an error for the
//! caller to answer honestly, never an empty gap in a sentence.
//! Leaves out: which words are said when.

use jiff::civil::{Date, DateTime};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value};
use std::collections::{BTreeSet, HashSet};

/// Compiled templates by name.
#[derive(Clone, Debug)]
pub struct Templates {
    environment: Environment<'static>,
    names: HashSet<String>,
}

impl Default for Templates {
    fn default() -> Self {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_fuel(Some(50_000));
        environment.add_filter("day", |state: &State<'_, '_>, value: String| date(&value).map(|date| day(date, &lang(state))));
        environment.add_filter("date", |value: String| date(&value).map(|date| date.to_string()));
        environment.add_filter("time", |value: String| time(&value));
        environment.add_filter("lower", |value: String| value.to_lowercase());
        environment.add_filter("upper", |value: String| value.to_uppercase());
        Templates { environment, names: HashSet::new() }
    }
}

impl Templates {
    /// Compiles a template under a name; says what is wrong otherwise.
    pub fn add(&mut self, name: &str, source: &str) -> Result<(), String> {
        if source.trim().is_empty() {
            return Err("it is empty".into());
        }
        if let Some(filter) = unknown_filter(source) {
            return Err(format!("there is no filter `{filter}`; there are {}", FILTERS.join(", ")));
        }
        self.environment
            .add_template_owned(name.to_string(), source.to_string())
            .map_err(|error| error.detail().map_or_else(|| error.kind().to_string(), str::to_string))?;
        self.names.insert(name.to_string());
        Ok(())
    }

    /// True when a template has that name.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The top-level names that a template uses.
    pub fn fields(&self, name: &str) -> BTreeSet<String> {
        self.environment.get_template(name).map(|template| template.undeclared_variables(false).into_iter().collect()).unwrap_or_default()
    }

    /// The filled-in text.
    ///
    /// # Errors
    /// No template of that name, a field that is missing, a value that a filter can't read.
    pub fn render(&self, name: &str, context: &serde_json::Value) -> Result<String, RenderError> {
        let template = self.environment.get_template(name).map_err(|_| RenderError(format!("no text `{name}`")))?;
        template
            .render(Value::from(minijinja::value::Serde(context)))
            .map(|text| text.trim().to_string())
            .map_err(|error| RenderError(format!("`{name}`: {}", error.kind())))
    }
}

/// Filters that a template may use.
const FILTERS: [&str; 8] = ["day", "date", "time", "lower", "upper", "default", "trim", "join"];

/// The first name behind a `|` inside `{{ }}` that is no filter: the template engine itself would only notice when it is too late.
fn unknown_filter(source: &str) -> Option<&str> {
    source.split("{{").skip(1).filter_map(|part| part.split("}}").next()).find_map(|expression| {
        expression.split('|').skip(1).find_map(|filter| {
            let name = filter.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
            (!FILTERS.contains(&name)).then_some(name)
        })
    })
}

/// Why a text could not be filled in; names the template, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't fill in {0}")]
pub struct RenderError(String);

fn lang(state: &State<'_, '_>) -> String {
    state.lookup("lang").and_then(|lang| lang.as_str().map(str::to_string)).unwrap_or_else(|| "en".into())
}

fn invalid(what: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("not {what}"))
}

fn date(value: &str) -> Result<Date, Error> {
    value.parse::<Date>().or_else(|_| value.parse::<DateTime>().map(DateTime::date)).map_err(|_| invalid("a date"))
}

fn time(value: &str) -> Result<String, Error> {
    let time = value.parse::<DateTime>().map(DateTime::time).or_else(|_| value.parse()).map_err(|_| invalid("a time"))?;
    Ok(format!("{}:{:02}", time.hour(), time.minute()))
}

/// A date as people say it: `Tuesday 24 November`.
pub fn day(date: Date, lang: &str) -> String {
    let (weekdays, months) = names(lang.split('-').next().unwrap_or("en"));
    let weekday = weekdays[date.weekday().to_monday_zero_offset() as usize];
    let month = months[(date.month() - 1) as usize];
    match lang.split('-').next().unwrap_or("en") {
        "de" => format!("{weekday}, {}. {month}", date.day()),
        "es" | "pt" => format!("{weekday} {} de {month}", date.day()),
        _ => format!("{weekday} {} {month}", date.day()),
    }
}

type Names = ([&'static str; 7], [&'static str; 12]);

fn names(lang: &str) -> Names {
    match lang {
        "es" => (
            ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
            ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
        ),
        "fr" => (
            ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
            ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
        ),
        "de" => (
            ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
            ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
        ),
        "pt" => (
            ["segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"],
            ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"],
        ),
        _ => (
            ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
            ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn filters_read_dates_and_say_them() {
        let mut templates = Templates::default();
        templates.add("a", "{{ eta | day }}, {{ at | time }}").expect("compiles");
        let shown = |lang: &str| templates.render("a", &json!({"eta": "2026-11-24", "at": "2026-11-24T08:05:00", "lang": lang}));
        assert_eq!(shown("en").as_deref(), Ok("Tuesday 24 November, 8:05"));
        assert_eq!(shown("de").as_deref(), Ok("Dienstag, 24. November, 8:05"));
    }

    #[test]
    fn a_missing_field_is_an_error_without_values() {
        let mut templates = Templates::default();
        templates.add("a", "{{ order }} {{ eta }}").expect("compiles");
        let error = templates.render("a", &json!({"order": "A1042"})).expect_err("missing");
        assert!(!error.to_string().contains("A1042"), "{error}");
        assert_eq!(templates.fields("a").into_iter().collect::<Vec<_>>(), ["eta", "order"]);
        assert!(templates.add("b", "{{ order").is_err());
    }
}
