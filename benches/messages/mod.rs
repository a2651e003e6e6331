//! What the benches decide on.

/// Messages as customers write them: openings, requests and endings combined, cut or filled to about 60 characters.
pub fn messages() -> Vec<String> {
    let openings = ["hi", "hello there", "good morning", "sorry to bother you", "ok so", "hey", "please help", "um", "", "right"];
    let requests = [
        "where is my parcel A1042",
        "i want to cancel my order",
        "can i change the delivery address",
        "my refund hasnt come yet",
        "how do i send this jumper back",
        "i forgot my password again",
        "my account is locked",
        "i need a copy of the invoice",
        "you charged my card twice",
        "how much is delivery to Leeds",
    ];
    let endings = [
        "thanks",
        "its been a week",
        "i ordered it for my mum",
        "please be quick",
        "no rush",
        "the app says error",
        "its for saturday",
        "i already asked",
        "cheers",
        "let me know",
    ];
    let mut all = Vec::new();
    for opening in openings {
        for request in requests {
            for ending in endings {
                let mut text = format!("{opening} {request} {ending}");
                while text.len() < 52 {
                    text.push_str(" ok");
                }
                all.push(text.chars().take(66).collect());
            }
        }
    }
    all
}
