//! Whether somebody says that they are under 18.
//!
//! Owns: stated ages, school years, and the phone of a parent, in the languages of the cues.
//! Invariants: only what is said counts, never the tone; an age stands beside a word for being that old, so that 'I'm 15 minutes
//! away' and 'my son is 12' say nothing about the writer.
//! Leaves out: what follows from it (`conversation`).

use crate::text::{Kind, Text};

/// The youngest age that somebody writes with.
const YOUNGEST: u8 = 6;
/// From this age on nobody is a minor here.
const GROWN: u8 = 18;

/// What stands before one's own age: 'I am 12', 'tengo 12', 'j'ai 12', 'ich bin 12', 'tenho 12'.
const BEFORE: [&[&str]; 12] = [
    &["im"],
    &["i", "am"],
    &["iam"],
    &["i", "just", "turned"],
    &["i", "turned"],
    &["tengo"],
    &["jai"],
    &["j", "ai"],
    &["ich", "bin"],
    &["tenho"],
    &["ho"],
    &["main"],
];

/// Words between 'I am' and the age.
const BETWEEN: [&str; 9] = ["only", "just", "like", "nearly", "almost", "solo", "erst", "so", "sirf"];

/// What may follow the age.
const AFTER: [&str; 21] = [
    "years", "year", "yrs", "yr", "yo", "yrold", "and", "y", "anos", "ans", "jahre", "saal", "sal", "anni", "but", "so", "btw", "pls",
    "please", "f", "m",
];

/// A year at school: the word for it, with the number before or after.
const SCHOOL: [&str; 8] = ["grade", "grader", "klasse", "year", "yr", "standard", "class", "std"];

/// Kinds of schools for the young.
const SCHOOLS: [&str; 5] = ["primary", "secondary", "middle", "elementary", "high"];

/// Whose phone it is.
const PARENT: [&str; 17] = [
    "mums",
    "moms",
    "mams",
    "dads",
    "mothers",
    "fathers",
    "mum",
    "mom",
    "mam",
    "dad",
    "parents",
    "mummys",
    "mommys",
    "daddys",
    "nans",
    "grandmas",
    "guardians",
];

/// True when the writer says that they are under 18.
pub(super) fn is_minor(text: &Text) -> bool {
    // Most messages hold no number: they are done at once.
    let numbers = text.tokens.iter().any(|token| token.text.starts_with(|c: char| c.is_ascii_digit()));
    (numbers && (age(text) || school_year(text) || short_form(text))) || parents_phone(text) || at_school(text)
}

fn word(text: &Text, at: usize) -> &str {
    text.tokens.get(at).map_or("", |token| token.text.as_str())
}

fn begins(text: &Text, at: usize, words: &[&str]) -> bool {
    words.iter().enumerate().all(|(offset, wanted)| word(text, at + offset) == *wanted)
}

/// 'I'm 15', 'I am only 12 years old'.
fn age(text: &Text) -> bool {
    (0..text.tokens.len()).any(|at| {
        BEFORE.iter().filter(|before| begins(text, at, before)).any(|before| {
            let mut at = at + before.len();
            if BETWEEN.contains(&word(text, at)) {
                at += 1;
            }
            let said = word(text, at);
            let number = said.trim_end_matches(|c: char| c.is_alphabetic());
            let tail = &said[number.len()..];
            let young = number.parse::<u8>().is_ok_and(|age| (YOUNGEST..GROWN).contains(&age));
            let ends = text.tokens.get(at + 1).is_none_or(|next| next.sentence != text.tokens[at].sentence);
            // In other languages 'tengo 12' may count anything: the word for years must follow.
            let english = before[0].starts_with('i') && before[0] != "ich";
            let after = AFTER.contains(&word(text, at + 1));
            let years = matches!(word(text, at + 1), "anos" | "ans" | "jahre" | "saal" | "sal" | "anni");
            young && matches!(tail, "" | "yo" | "yrs" | "f" | "m") && (years || (english && (ends || after || tail == "yo")))
        })
    })
}

/// 'I'm in year 9', 'I am in 8th grade', 'ich bin in der 7. Klasse'.
fn school_year(text: &Text) -> bool {
    let number = |at: usize| {
        let said = word(text, at).trim_end_matches(|c: char| c.is_alphabetic());
        said.parse::<u8>().is_ok_and(|year| (1..=12).contains(&year))
    };
    let own = |at: usize| {
        let from = at.saturating_sub(5);
        let near: Vec<&str> = (from..at).map(|at| word(text, at)).collect();
        let oneself = near.iter().any(|word| matches!(*word, "im" | "i" | "iam" | "ich"));
        // 'My son is in year 9', 'I have a 3rd grade teacher' are about somebody else.
        let other =
            near.iter().any(|word| matches!(*word, "son" | "daughter" | "kid" | "child" | "teach" | "have" | "my" | "he" | "she" | "for"));
        oneself && !other && near.iter().any(|word| matches!(*word, "in" | "a" | "an" | "im" | "doing" | "started"))
    };
    (0..text.tokens.len()).any(|at| {
        SCHOOL.contains(&word(text, at))
            && own(at)
            && ((at > 0 && number(at - 1) && !matches!(word(text, at), "year" | "yr")) || (number(at + 1) && word(text, at + 2) != "of"))
    })
}

/// 'I'm in middle school'.
fn at_school(text: &Text) -> bool {
    (1..text.tokens.len()).any(|at| {
        word(text, at) == "school"
            && SCHOOLS.contains(&word(text, at - 1))
            && at >= 3
            && word(text, at - 2) == "in"
            && matches!(word(text, at - 3), "im" | "am" | "still")
    })
}

/// 'This is my mum's phone', 'writing from my dads phone'.
fn parents_phone(text: &Text) -> bool {
    (0..text.tokens.len()).any(|at| {
        word(text, at) == "my"
            && PARENT.contains(&word(text, at + 1))
            && (matches!(word(text, at + 2), "phone" | "fone" | "mobile" | "cell" | "tablet" | "ipad" | "whatsapp" | "account")
                || word(text, at + 2) == "s" && matches!(word(text, at + 3), "phone" | "mobile"))
            && at > 0
            && (matches!(word(text, at - 1), "on" | "from" | "using" | "is" | "with" | "its" | "thats" | "borrowed" | "borrowing" | "this")
                || text.tokens[at - 1].kind != Kind::Word)
            // 'The app on my mum's phone is broken' is no child's message.
            && (at < 2 || matches!(word(text, at - 2), "im" | "am" | "this" | "texting" | "writing" | "typing" | "messaging" | "its" | "it" | "and" | "so"
                | "i" | "me" | "hi" | "hello"))
    })
}

/// '14f', '15 yo here'.
fn short_form(text: &Text) -> bool {
    (0..text.tokens.len()).any(|at| {
        let said = word(text, at);
        let digits = said.trim_end_matches(|c: char| c.is_alphabetic());
        let tail = &said[digits.len()..];
        let young = digits.parse::<u8>().is_ok_and(|age| (10..GROWN).contains(&age));
        young
            && (matches!(tail, "yo") && word(text, at + 1) == "here"
                || tail.is_empty() && begins(text, at + 1, &["yo", "here"])
                || matches!(tail, "f" | "m") && text.tokens.len() > 1 && at == 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_rows() {
        for (text, wanted) in [
            ("im 15", true),
            ("I am 12 years old", true),
            ("i'm only 13 and scared", true),
            ("I'm 16yo", true),
            ("I just turned 14", true),
            ("14f, cant sleep", true),
            ("im in year 9 and i self harm", true),
            ("I'm in 8th grade", true),
            ("hi i am in middle school", true),
            ("im still in high school", true),
            ("my son is in middle school", false),
            ("tengo 14 años y no puedo más", true),
            ("j'ai 15 ans", true),
            ("ich bin 13 jahre alt", true),
            ("tenho 16 anos", true),
            ("this is my mums phone", true),
            ("im texting from my dad's phone", true),
            ("im 15 minutes away", false),
            ("i am 45", false),
            ("my son is in year 9", false),
            ("I have a 3rd grade class", false),
            ("my daughter is 12", false),
            ("tengo 2 pedidos", false),
            ("it worked on my mums phone", false),
            ("I'm in year 2 of my contract", false),
            ("the warranty is in year 3", false),
            ("", false),
        ] {
            assert_eq!(is_minor(&Text::new(text)), wanted, "{text}");
        }
    }
}
