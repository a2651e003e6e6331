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

/// What a `Care` gets wrong of a must-catch set.
pub fn broken(care: &Care, set: &[MustCatch]) -> Vec<Finding> {
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
                Finding::at(&source, Severity::Error, 0..0, message)
                    .help("the cue files must hear the built-in safety set; put the cue back, or narrow the guard")
            })
        })
        .collect()
}
