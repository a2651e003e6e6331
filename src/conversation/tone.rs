//! What is not said to people who suffer, are angry or ask for a person.
//!
//! Owns: the lint of care replies: claims to feel, empty courtesy, haste, promises without a clock, selling, closing.
//! Invariants: an error names the words that are wrong and what to write instead; a reply that breaks none of these may still be
//! a bad one.
//! Leaves out: the texts (`words.toml`).

use crate::text::fold;

/// Why a phrase is wrong, and the mend.
struct Fault {
    why: &'static str,
    mend: &'static str,
    /// Folded phrases, by language.
    phrases: &'static [(&'static str, &'static [&'static str])],
}

const FAULTS: [Fault; 6] = [
    Fault {
        why: "a bot doesn't know how they feel",
        mend: "say what happens next instead",
        phrases: &[
            (
                "en",
                &[
                    "i understand how you feel",
                    "i know how you feel",
                    "we understand how you feel",
                    "i feel your pain",
                    "i understand your frustration",
                    "we understand your frustration",
                    "i can imagine how",
                ],
            ),
            (
                "es",
                &[
                    "entiendo como te sientes",
                    "entiendo como se siente",
                    "entendemos como se siente",
                    "se como te sientes",
                    "entiendo tu frustracion",
                    "entendemos su frustracion",
                ],
            ),
            (
                "fr",
                &[
                    "je comprends ce que vous ressentez",
                    "je comprends ce que tu ressens",
                    "nous comprenons ce que vous",
                    "je comprends votre frustration",
                    "nous comprenons votre frustration",
                ],
            ),
            (
                "de",
                &[
                    "ich weiss wie sie sich fuhlen",
                    "ich verstehe wie sie sich fuhlen",
                    "wir verstehen wie sie sich",
                    "ich verstehe ihren arger",
                    "wir verstehen ihren arger",
                    "wir verstehen ihren unmut",
                ],
            ),
            (
                "pt",
                &[
                    "entendo como voce se sente",
                    "entendo como se sente",
                    "sei como se sente",
                    "entendemos a sua frustracao",
                    "entendo a sua frustracao",
                    "entendo sua frustracao",
                ],
            ),
            ("hi-Latn", &["main samajh sakta hu aapko kaisa", "aapki feelings samajh", "hum aapki pareshani samajhte"]),
        ],
    },
    Fault {
        why: "empty courtesy",
        mend: "leave it out; for a death one plain 'sorry' is enough",
        phrases: &[
            (
                "en",
                &[
                    "we value you",
                    "we value your",
                    "valued customer",
                    "any inconvenience",
                    "the inconvenience",
                    "rest assured",
                    "your call is important",
                    "is important to us",
                    "we apologise for",
                    "we apologize for",
                    "please be patient",
                    "thank you for your patience",
                ],
            ),
            (
                "es",
                &[
                    "valoramos",
                    "cliente apreciado",
                    "las molestias",
                    "es importante para nosotros",
                    "quedese tranquil",
                    "agradecemos su paciencia",
                    "gracias por tu paciencia",
                ],
            ),
            (
                "fr",
                &[
                    "votre confiance",
                    "la gene occasionnee",
                    "le desagrement",
                    "les desagrements",
                    "est important pour nous",
                    "merci de votre patience",
                    "soyez assure",
                ],
            ),
            (
                "de",
                &[
                    "wir schatzen sie",
                    "liegt uns am herzen",
                    "unannehmlichkeiten",
                    "ist uns wichtig",
                    "danke fur ihre geduld",
                    "vielen dank fur ihre geduld",
                    "seien sie versichert",
                ],
            ),
            (
                "pt",
                &[
                    "valorizamos",
                    "qualquer inconveniente",
                    "pelo transtorno",
                    "pelos transtornos",
                    "pelo incomodo",
                    "e importante para nos",
                    "agradecemos a sua paciencia",
                    "obrigado pela paciencia",
                    "fique tranquil",
                ],
            ),
            ("hi-Latn", &["asuvidha ke liye", "aapka business", "aap hamare liye important", "dhairya ke liye"]),
        ],
    },
    Fault {
        why: "a promise without a clock",
        mend: "name the time ({{ opens }}, {{ closes }}), or say plainly that none is known",
        phrases: &[
            (
                "en",
                &["shortly", "as soon as possible", "in no time", "right away", "momentarily", "any moment", "very soon", "in a moment"],
            ),
            ("es", &["en breve", "lo antes posible", "enseguida", "cuanto antes", "muy pronto"]),
            ("fr", &["sous peu", "des que possible", "dans les plus brefs", "tres bientot", "incessamment"]),
            ("de", &["in kurze", "so schnell wie moglich", "schnellstmoglich", "umgehend", "sehr bald", "baldmoglichst"]),
            ("pt", &["em breve", "o mais rapido possivel", "o quanto antes", "logo logo", "assim que possivel"]),
            ("hi-Latn", &["jaldi se jaldi", "jald hi", "turant", "thodi der me"]),
        ],
    },
    Fault {
        why: "telling people how to feel",
        mend: "leave it out",
        phrases: &[
            (
                "en",
                &[
                    "calm down",
                    "dont worry",
                    "no worries",
                    "cheer up",
                    "stay positive",
                    "everything will be fine",
                    "it will be ok",
                    "it gets better",
                ],
            ),
            ("es", &["calmate", "calmese", "no te preocupes", "no se preocupe", "todo va a estar bien", "todo saldra bien", "animo"]),
            ("fr", &["calmez vous", "calme toi", "ne vous inquietez pas", "ne tinquiete pas", "tout ira bien"]),
            ("de", &["beruhigen sie sich", "beruhige dich", "keine sorge", "machen sie sich keine sorgen", "alles wird gut", "kopf hoch"]),
            ("pt", &["acalme se", "calma", "nao se preocupe", "vai ficar tudo bem", "tudo vai dar certo"]),
            ("hi-Latn", &["chinta mat", "tension mat", "shant ho", "sab theek ho jayega"]),
        ],
    },
    Fault {
        why: "selling",
        mend: "leave it out",
        phrases: &[
            ("en", &["discount", "voucher", "special offer", "buy now", "check out our", "upgrade"]),
            ("es", &["descuento", "cupon", "oferta especial", "compra ahora"]),
            ("fr", &["remise", "bon dachat", "offre speciale", "achetez"]),
            ("de", &["rabatt", "gutschein", "sonderangebot", "jetzt kaufen"]),
            ("pt", &["desconto", "cupom", "oferta especial", "compre agora"]),
            ("hi-Latn", &["discount", "coupon", "special offer"]),
        ],
    },
    Fault {
        why: "closing the conversation",
        mend: "leave the channel open: 'whatever you write here stays'",
        phrases: &[
            (
                "en",
                &[
                    "have a nice day",
                    "have a great day",
                    "goodbye",
                    "anything else i can",
                    "is there anything else",
                    "this chat will",
                    "conversation is closed",
                    "rate this",
                    "how did we do",
                ],
            ),
            ("es", &["que tenga un buen dia", "que tengas un buen dia", "adios", "algo mas en que", "califique"]),
            ("fr", &["bonne journee", "au revoir", "autre chose pour vous", "notez cette"]),
            ("de", &["schonen tag", "auf wiedersehen", "noch etwas fur sie", "bewerten sie"]),
            ("pt", &["tenha um bom dia", "tenha um otimo dia", "adeus", "mais alguma coisa", "avalie"]),
            ("hi-Latn", &["aapka din shubh", "alvida", "aur kuch madad", "rate karein"]),
        ],
    },
];

/// What is wrong with a care reply, and the mend; templates' fields are no words.
pub(super) fn fault(language: &str, text: &str) -> Option<(String, &'static str)> {
    let said = without_fields(text);
    if said.contains(['!', '¡', '！']) {
        return Some(("an exclamation mark in a bad moment".into(), "end the sentence with a full stop"));
    }
    let plain = fold(&said).replace(['\'', '’'], "");
    FAULTS.iter().find_map(|fault| {
        let lists = fault.phrases.iter().filter(|(code, _)| *code == language);
        let phrase = lists.flat_map(|(_, phrases)| *phrases).find(|phrase| contains_words(&plain, phrase))?;
        Some((format!("\"{phrase}\": {}", fault.why), fault.mend))
    })
}

/// The phrase as whole words; apostrophes are no edges.
fn contains_words(text: &str, phrase: &str) -> bool {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let wanted: Vec<&str> = phrase.split(' ').collect();
    words.windows(wanted.len()).any(|window| window == wanted)
}

/// The text without `{{ … }}` and `{% … %}`.
fn without_fields(text: &str) -> String {
    let mut said = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        said.push(' ');
        rest = after.split_once('}').map_or("", |(_, after)| after.trim_start_matches('}'));
    }
    said.push_str(rest);
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tone_rows() {
        for (language, text, wanted) in [
            ("en", "Please call {{ emergency }} now. I'm a bot.", None),
            ("en", "We're here for you!", Some("an exclamation mark in a bad moment")),
            ("en", "Don't worry, a person reads this.", Some("\"dont worry\": telling people how to feel")),
            ("en", "We are sorry for any inconvenience.", Some("\"any inconvenience\": empty courtesy")),
            ("en", "Somebody will answer shortly.", Some("\"shortly\": a promise without a clock")),
            ("de", "Wir melden uns in Kürze.", Some("\"in kurze\": a promise without a clock")),
            ("fr", "Merci de votre patience.", Some("\"merci de votre patience\": empty courtesy")),
            ("es", "Todo va a estar bien", Some("\"todo va a estar bien\": telling people how to feel")),
            ("pt", "Tenha um ótimo dia", Some("\"tenha um otimo dia\": closing the conversation")),
            ("hi-Latn", "Hum jald hi jawab denge", Some("\"jald hi\": a promise without a clock")),
        ] {
            assert_eq!(fault(language, text).map(|(why, _)| why).as_deref(), wanted, "{text}");
        }
    }
}
