//! What customers write.

use crate::chance::Chance;

/// Why somebody writes: how often, and what, message by message.
const WHY: [(f64, &[&[&str]]); 8] = [
    (
        0.62,
        &[
            &["where is my order A1042", "thanks"],
            &["when do you open"],
            &["hi", "i want to return A1043", "yes", "never mind"],
            &["how do i reset my password"],
            &["cancel A1041", "1234", "4821"],
            &["what are my delivery options", "ok"],
        ],
    ),
    (0.14, &[&["can i talk to a human please"], &["human", "hello?", "is anybody there"], &["a person please", "never mind"]]),
    (0.08, &[&["this is the third time i write and nothing happens, useless", "well?"], &["i want my money back NOW you idiots"]]),
    (0.05, &[&["qwer zxcv", "asdf hjkl poiu"], &["the thing with the thing broke the other thing", "as i said"]]),
    (0.04, &[&["my mother died, i have to cancel her order"], &["i cant cope any more, everything goes wrong", "please somebody"]]),
    (0.03, &[&["i want to die", "are you there"], &["where is A1042. honestly i want to kill myself", "nobody cares", "hello"]]),
    (0.01, &[&["my husband hits me", "yes it is safe"], &["dont text me, my husband reads my messages. he hits me"]]),
    (0.03, &[&["STOP", "where is my parcel", "START"], &["stop texting me"]]),
];

/// A conversation, as somebody begins it.
pub fn script(chance: &mut Chance) -> &'static [&'static str] {
    let mut share = chance.share();
    for (often, scripts) in WHY {
        if share < often {
            return chance.of(scripts);
        }
        share -= often;
    }
    WHY[0].1[0]
}

/// What a customer says to a person.
pub fn reply(chance: &mut Chance) -> &'static str {
    const REPLIES: [&str; 6] =
        ["ok thanks", "and when will it come?", "thank you so much", "no, the other one", "i see", "that does not help me"];
    chance.of(&REPLIES)
}

/// What a person of the staff says.
pub fn answer(chance: &mut Chance) -> &'static str {
    const ANSWERS: [&str; 4] =
        ["I am looking into it.", "It leaves today.", "I am here, tell me more.", "Sorry about that, it is on its way."];
    chance.of(&ANSWERS)
}
