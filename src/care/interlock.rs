//! The interlock: cue files that no longer hear what they must are refused.
//!
//! Owns: the must-catch set (read from a cue file) and the check of a compiled `Care` against it.
//! Invariants: the set that is checked is the compiled-in one; an operator's file may add to it, never take away.
//! Leaves out: when the check is made (at every load, reload and `check`).

use super::assess::Care;
use super::level::{Kind, Level};
use crate::lexis::{Finding, Severity, Source};
use crate::text::Text;

/// A message and what must be heard in it; [`Level::None`] means that nothing may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MustCatch {
    /// The message.
    pub text: String,
    /// The level that must be reached (exactly, for none; at least, otherwise).
    pub level: Level,
    /// The kind, in a crisis.
    pub kind: Option<Kind>,
}

/// The built-in set, and what the operator's own files add to it.
pub fn safety_set(built_in: Vec<MustCatch>, care: &Care) -> Vec<MustCatch> {
    let own: Vec<MustCatch> = care.must_catch().iter().filter(|own| !built_in.contains(own)).cloned().collect();
    built_in.into_iter().chain(own).collect()
}

/// What a `Care` gets wrong of a must-catch set. A line that the configuration names as an exception is a warning, and no error.
pub fn broken(care: &Care, set: &[MustCatch], exceptions: &[String]) -> Vec<Finding> {
    let source = Source::new("care", "");
    set.iter()
        .filter_map(|must| {
            let heard = care.assess(&Text::new(must.text.as_str()));
            let message = if must.level == Level::None {
                (heard.level > Level::None).then(|| {
                    let rule = heard.evidence.first().map_or("", |evidence| evidence.rule.as_str());
                    format!("\"{}\" is taken for {} by `{rule}`, and is harmless", must.text, heard.level.name())
                })
            } else {
                let level = heard.level >= must.level;
                let kind = must.kind.is_none_or(|kind| heard.kind == Some(kind));
                (!(level && kind)).then(|| {
                    let wanted = must.kind.map_or(must.level.name(), Kind::name);
                    let heard = heard.kind.map_or(heard.level.name(), Kind::name);
                    format!("\"{}\" must be heard as {wanted}, and is heard as {heard}", must.text)
                })
            };
            message.map(|message| {
                if exceptions.contains(&must.text) {
                    return Finding::at(&source, Severity::Warning, 0..0, message).help("config.toml names it as an exception");
                }
                Finding::at(&source, Severity::Error, 0..0, message).help(
                    "the cue files must hear the built-in safety set; put the cue back, narrow the guard, or name the sentence in \
                     config.toml under [care] exceptions",
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::compile;
    use super::*;
    use crate::lexis::Forgetful;

    #[test]
    fn an_exception_that_is_named_is_a_warning() {
        let cue = "language = \"en\"\n[[cue]]\nid = \"x\"\nlevel = \"distress\"\nsay = [\"so alone\"]\n";
        let (care, _) = compile(&[Source::new("care/en.toml", cue)], &Forgetful).expect("compiles");
        let must = |text: &str, level| MustCatch { text: text.into(), level, kind: None };
        let set = [must("i want to die", Level::Crisis), must("so alone in this game", Level::None), must("so alone", Level::Distress)];
        let severities = |exceptions: &[String]| broken(&care, &set, exceptions).iter().map(|f| f.severity).collect::<Vec<_>>();
        assert_eq!(severities(&[]), [Severity::Error, Severity::Error]);
        assert_eq!(severities(&["i want to die".to_string()]), [Severity::Warning, Severity::Error]);
    }
}
