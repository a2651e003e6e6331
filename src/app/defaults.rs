//! The files that are compiled in.
//!
//! Owns: every default intent, entity, word and cue file, and the sample configuration. `warmline init` writes them out.
//! Invariants: the same files as in `intents/`; a test holds it.

use crate::lexis::Source;

/// The sample configuration.
pub const CONFIG: &str = include_str!("../../config.toml");

/// The bot's own words.
pub const WORDS: &str = include_str!("../../intents/words.toml");

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each file.
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../intents/", $name)))),*];
    };
}

files![
    "account_unlock.toml",
    "are_you_a_bot.toml",
    "cancel_order.toml",
    "care/ar.toml",
    "care/de.toml",
    "care/en.toml",
    "care/en_examples_crisis.toml",
    "care/en_examples_distress.toml",
    "care/en_examples_frustration.toml",
    "care/en_examples_human_request.toml",
    "care/en_examples_none.toml",
    "care/es.toml",
    "care/fr.toml",
    "care/help_lines.toml",
    "care/hi.toml",
    "care/id.toml",
    "care/it.toml",
    "care/ordinary.toml",
    "care/pcm.toml",
    "care/pl.toml",
    "care/pt.toml",
    "care/ru.toml",
    "care/sw.toml",
    "care/tr.toml",
    "change_address.toml",
    "delete_my_data.toml",
    "delivery_options.toml",
    "entities.toml",
    "goodbye.toml",
    "greeting.toml",
    "invoice_copy.toml",
    "opening_hours.toml",
    "order_status.toml",
    "password_reset.toml",
    "payment_problem.toml",
    "refund_status.toml",
    "return_item.toml",
    "small_words.toml",
    "thanks.toml",
    "unmatched.toml",
    "what_can_you_do.toml",
    "what_is_kept.toml",
    "words.toml",
];

/// All default files of `intents/`.
pub fn sources() -> Vec<Source> {
    FILES.iter().map(|(name, text)| Source::new(*name, *text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_compiled_in() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("intents");
        let mut found = crate::app::rules::read_folder(&folder).expect("the folder");
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let names = |sources: &[Source]| sources.iter().map(|source| source.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&found), names(&sources()));
        for (found, compiled_in) in found.iter().zip(sources()) {
            assert!(*found == compiled_in, "{} has changed since the build", found.name);
        }
    }
}
