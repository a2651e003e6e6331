//! One page for whoever takes a crisis, by its kind.
//!
//! Owns: the texts. Nobody with clinical training has checked them yet; they say so.
//! Leaves out: what the bot says to the customer (`conversation::Words`).

use crate::care::{Kind, Subject};
use crate::conversation::Handoff;

const ALWAYS: &str = "Read all of it first (/transcript). Say your name and that you are a person. Write short lines, one question at a \
time, and wait. Don't argue, don't promise secrecy, don't say that it will be all right. Stay until somebody else has them: /assign \
hands over. When it is over, /close says what was done, and you rest for a quarter of an hour.";

/// The page for a handoff.
pub fn guide(handoff: &Handoff) -> String {
    let other = handoff.subject.is_some_and(|subject| subject != Subject::Oneself);
    let own = match handoff.kind {
        Some(Kind::SuicideSelfHarm) if other => {
            "They fear for somebody else. Ask where that person is, and whether anybody is with them. If there is danger now, they call \
             the emergency number and stay with them, if that is safe. Ask how they are themselves."
        }
        Some(Kind::SuicideSelfHarm) => {
            "Ask plainly: are you thinking of killing yourself? Asking does not plant the thought. Is it now, do you have something with \
             you, are you alone? If it is now: the emergency number, somebody who can come, the thing put away from them. Name the help \
             line of their country and stay while they call."
        }
        Some(Kind::Abuse) => {
            "Somebody else may read this phone. Nothing is sent until they say that it is safe, or you know (/safe and why). Ask first \
             whether they can write now. Don't tell them to leave: they know when that is dangerous. Agree on a safe time and way."
        }
        Some(Kind::ThreatToCustomer) => {
            "Are they safe this minute? A locked door, other people, the emergency number. Only then what happened."
        }
        Some(Kind::ThreatByCustomer) => {
            "Somebody may be in danger from them. Stay calm, don't threaten back. Who is meant, where, when? Call the lead now; if there is \
             danger to anybody, the police."
        }
        Some(Kind::Medical) => "They call the emergency number now; you give no medical advice. Ask whether somebody is with them.",
        Some(Kind::ProductDanger) => {
            "Away from it, and the emergency number if anybody is hurt or anything burns. Then: which product, which number is on it, a \
             photo when it is safe. Tell whoever can stop its sale today."
        }
        Some(Kind::Sextortion) => {
            "They have done nothing wrong by writing. Don't pay, don't send more, block and report, keep the messages. If they are under \
             18, call the safeguarding lead now."
        }
        Some(Kind::Unclear) | None => "It is not clear what is wrong. Ask plainly whether they are safe right now.",
    };
    format!("{own}\n{ALWAYS}\n(Nobody with clinical training has checked this page yet.)")
}
