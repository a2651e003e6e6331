//! Dialogues that read like people: each turn with a part of the answer. `!` before a part: it must not be there.

use crate::driver::{Talk, sms};

/// Name, and turns: what is written, what must be in the answer (several parts apart by ` & `).
type Row = (&'static str, &'static [(&'static str, &'static str)]);

const ROWS: &[Row] = &[
    ("a value at once", &[("where is order A1042", "left us & !Which order")]),
    ("a value later", &[("wheres my parcel", "Which order"), ("A1042", "left us")]),
    ("lower case and words around it", &[("wheres my parcel", "Which order"), ("um i think its a1042", "left us")]),
    ("corrected before it is used", &[("where is A1042, sorry, A1043", "out for delivery")]),
    ("corrected after the answer", &[("where is A1042", "left us"), ("sorry, A1043", "out for delivery")]),
    ("the wrong kind of value", &[("wheres my parcel", "Which order"), ("ana@example.com", "asking for the order number & Which order")]),
    ("two useless answers", &[("wheres my parcel", "Which order"), ("the blue one", "Which order"), ("you know the one", "person")]),
    ("I don't remember", &[("wheres my parcel", "Which order"), ("i dont remember", "a person can look")]),
    (
        "a digression is answered and the thread picked up",
        &[("wheres my parcel", "Which order"), ("what are your opening hours", "9:00 & Which order"), ("A1042", "left us")],
    ),
    (
        "changing one's mind leaves the form",
        &[("wheres my parcel", "Which order"), ("never mind", "left that & !Which order"), ("A1042", "What would you like")],
    ),
    (
        "another request about the same thing replaces the form",
        &[("wheres my parcel", "Which order"), ("actually cancel order A1041", "4821")],
    ),
    ("what is known is not asked again", &[("where is A1041", "!Which order"), ("ok then cancel my order", "4821 & !Which order")]),
    ("another order is another order", &[("where is A1041", "!Which order"), ("where is my other order", "Which order")]),
    ("a person mid-form", &[("wheres my parcel", "Which order"), ("just give me a human", "Yes.")]),
    ("a person while a code is awaited", &[("cancel A1041", "4821"), ("can i speak to somebody please", "Yes.")]),
    ("a code that is written among words", &[("cancel A1041", "4821"), ("ok 4821 then", "cancelled")]),
    ("no to a code", &[("cancel A1041", "4821"), ("no", "left that"), ("4821", "!cancelled")]),
    (
        "three wrong codes",
        &[("cancel A1041", "4821"), ("1111", "isn't the code"), ("2222", "isn't the code"), ("3333", "person & nothing was changed")],
    ),
    ("a corrected order voids the code", &[("cancel A1041", "4821"), ("sorry i meant A1045", "A1045 & 4821"), ("4821", "cancelled")]),
    ("too late to cancel", &[("cancel A1042", "4821"), ("4821", "!cancelled")]),
    (
        "an address takes free text",
        &[
            ("change the delivery address of A1041", "address"),
            ("99 Quarry Road, Leeds LS9 9ZZ", "4821 & !Quarry Road"),
            ("4821", "!Quarry Road"),
        ],
    ),
    ("a password reset says the same to everybody", &[("i forgot my password", "e-mail"), ("nobody@example.com", "if there")]),
    ("not found twice", &[("where is A9999", "our side"), ("A9998", "person who can search")]),
    ("the number is right", &[("where is A9999", "our side"), ("ana@example.com", "person who can search")]),
    ("two misses", &[("my goldfish sings", "Shall I get a person"), ("the weather is lovely", "handing it to a person")]),
    ("yes to the offer", &[("my goldfish sings", "Shall I get a person"), ("yes please", "Yes.")]),
    (
        "no to the offer",
        &[("my goldfish sings", "Shall I get a person"), ("no thanks", "All right"), ("my goldfish dances", "Shall I get a person")],
    ),
    ("an answer that did not help", &[("when do you open", "9:00"), ("that didnt help", "Yes.")]),
    ("a lost parcel goes to a person", &[("where is A1044", "delivered"), ("i was charged twice for A1044", "person")]),
    ("a greeting with a request is the request", &[("hello, when do you open?", "9:00")]),
    ("deletion is a person's work", &[("please delete my data", "person")]),
    (
        "anger on top of a form",
        &[("wheres my parcel", "Which order"), ("this is the third time i ask, absolutely ridiculous", "shouldn't have to chase")],
    ),
    ("three times the same", &[("where is A1042", "left us"), ("where is A1042", ""), ("where is A1042", "person")]),
    ("STOP while a form waits", &[("wheres my parcel", "Which order"), ("STOP", "START"), ("A1042", "!left us")]),
    ("two requests in order, each with its own number", &[("when do you open and where is my order A1042", "9:00"), ("thanks", "")]),
    ("the second request follows when the first is answered", &[("where is A1042 and whats your delivery cost", "parcel & checkout")]),
    (
        "never mind drops the second request too",
        &[
            ("cancel my order and where is my refund", "Which order shall I cancel"),
            ("never mind", "left that"),
            ("when do you open", "9:00"),
        ],
    ),
    ("a choice by number", &[("track my order or cancel my order", "1 "), ("2", "order")]),
    ("neither of the choices", &[("track my order or cancel my order", "1 "), ("when do you open", "9:00")]),
    ("a person among the choices", &[("track my order or cancel my order", "3 A person"), ("3", "Yes.")]),
    ("waiting, a routine question is still answered", &[("human please", "Yes."), ("when do you open", "9:00")]),
    ("waiting, asked again", &[("human please", "Yes."), ("is a human there??", "queue")]),
    ("despair while waiting is raised", &[("human please", "Yes."), ("i cant do this anymore i want to die", "call or text 988")]),
    ("after despair the bot is silent", &[("i want to die", "call or text 988"), ("when do you open", "!9:00")]),
    (
        "after despair somebody who writes on is not left alone",
        &[
            ("i want to die", "call or text 988"),
            ("are you there", "!still here"),
            ("can i please talk to a human", "No person has answered yet"),
        ],
    ),
    ("it gets worse: fire after despair", &[("i want to die", "call or text 988"), ("your heater is on fire", "away from it")]),
    (
        "another request does not swap the order of a change",
        &[("cancel A1041", "4821"), ("where is A1042", "left that & left us & !cancels order A1042"), ("4821", "!cancelled")],
    ),
    (
        "a question in the middle of an address",
        &[
            ("change the delivery address of A1041", "address"),
            ("where is A1042?", "left us & address"),
            ("99 Quarry Road, Leeds LS9 9ZZ", "A1041 & 4821"),
        ],
    ),
    ("a sentence is no address", &[("change the delivery address of A1041", "address"), ("hmm let me ask my wife first", "whole address")]),
    ("order numbers as people write them", &[("wheres my parcel", "Which order"), ("A 1042", "left us")]),
    ("order numbers without the letter", &[("wheres my parcel", "Which order"), ("its 1042", "left us")]),
    ("a return is asked first", &[("i want to return A1044", "4821 & starts a return"), ("4821", "Your return is started")]),
    (
        "a message full of codes is one try",
        &[
            ("cancel A1041", "4821"),
            ("0000 1111 2222 4821", "isn't the code"),
            ("call 1111 2222 4821", "isn't the code"),
            ("3333 4821 is it one of these", "nothing was changed & person"),
        ],
    ),
    ("the digits of the order are no code", &[("cancel A1041", "4821"), ("wait is 1041 right", "!isn't the code & !cancelled")]),
    ("two orders in one message", &[("where are A1042 and A1043", "left us & out for delivery")]),
    ("yes is no code", &[("cancel A1041", "4821"), ("yes please go ahead", "four digits"), ("4821", "cancelled")]),
    (
        "a wrong code counts although one begins again",
        &[
            ("cancel A1041", "4821"),
            ("1111", "isn't the code"),
            ("never mind", "left that"),
            ("cancel A1041", "4821"),
            ("2222", "isn't the code"),
            ("never mind", "left that"),
            ("cancel A1041", "4821"),
            ("3333", "isn't the code"),
            ("never mind", "left that"),
            ("cancel A1041", "can't send more codes"),
        ],
    ),
    (
        "whoever waits is not asked whether they want a person",
        &[("human please", "Yes."), ("its a gift for my mum", "!Shall I get a person")],
    ),
    (
        "whoever asked for a person may take it back",
        &[("human please", "Yes."), ("never mind", "out of the queue"), ("wheres A1042", "left us")],
    ),
    (
        "'forget it' of somebody angry takes nothing back",
        &[("this is the third time, useless", "to a person"), ("forget it", "in the queue")],
    ),
    (
        "'never mind' of somebody in despair takes nothing back",
        &[("i want to die", "call or text 988"), ("never mind", "!out of the queue & !left that")],
    ),
    (
        "a death gets a plain sorry and no emergency number",
        &[("my mum died, please cancel her order A1041", "sorry that they have died & !emergency & !4821")],
    ),
    ("someone else at risk", &[("my brother says he wants to kill himself", "Thank you for telling us")]),
    ("a language with intents is answered", &[("dónde está mi pedido por favor", "Qué pedido")]),
    (
        "another language gets a sentence of its own and a person",
        &[("dove è il mio ordine, per favore", "questo messaggio lo leggerà una persona")],
    ),
];

#[test]
fn dialogues() {
    let mut wrong = Vec::new();
    for (name, turns) in ROWS {
        let mut talk = Talk::new(sms());
        for (written, parts) in *turns {
            let said = talk.write(written);
            for part in parts.split(" & ").filter(|part| !part.is_empty()) {
                let (part, wanted) = part.strip_prefix('!').map_or((part, true), |part| (part, false));
                if said.to_lowercase().contains(&part.to_lowercase()) != wanted {
                    wrong.push(format!("{name}: \"{written}\" → \"{said}\" ({}\"{part}\")", if wanted { "lacks " } else { "has " }));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn nobody_reads_their_own_data() {
    let mut talk = Talk::new(sms());
    for text in ["change the delivery address of A1041", "99 Quarry Road, Leeds LS9 9ZZ", "4821", "i forgot my password", "ana@example.com"]
    {
        let said = talk.write(text);
        for private in ["Quarry Road", "LS9", "ana@example.com", "+1555"] {
            assert!(!said.contains(private), "{said}");
        }
    }
}

#[test]
fn despair_in_two_pieces_is_heard_together() {
    for (first, second) in [("i just want", "to die"), ("i dont want to", "wake up tomorrow")] {
        let mut talk = Talk::new(sms());
        talk.piece(first);
        assert!(talk.state.handoff.is_none(), "{first}: there may be more");
        talk.piece(second);
        assert!(talk.lines.last().is_some_and(|line| line.text.contains("call or text 988")), "{:?}", talk.lines);
    }
}

#[test]
fn an_answer_after_a_first_piece_is_an_answer_and_nothing_stays_held() {
    let mut talk = Talk::new(sms());
    talk.write("my goldfish sings");
    talk.piece("hmm");
    talk.piece("no");
    assert!(talk.lines.last().is_some_and(|line| line.text.contains("All right")), "{:?}", talk.lines);
    assert!(talk.state.held.is_empty());
    assert!(talk.write("when do you open").contains("9:00"));
}

#[test]
fn thanks_after_a_question_for_proof_is_no_second_try() {
    let mut talk = Talk::new(sms());
    talk.state.address.sender = "+15559990000".into();
    assert!(talk.write("where is my order A1042").contains("Which email"));
    let said = talk.write("thanks");
    assert!(said.contains("welcome") && said.contains("Which email") || said.contains("which email"), "{said}");
    assert!(talk.state.handoff.is_none(), "nobody is handed over for being polite");
    assert!(talk.write("ana@example.com").contains("left us"));
}
