//! Chatwoot, as `config.toml` names it.
//!
//! Owns: `[desk.chatwoot]`: reading and checking it.
//! Invariants: what is sent there is never sent in the clear, but to this machine itself; the token and the webhook's secret
//! stand in the environment.
//! Leaves out: the secrets (`secrets`), making the desk (`cli::parts`).

use crate::lexis::Table;

/// An API inbox in Chatwoot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatwootConfig {
    /// Where it is.
    pub url: String,
    /// The account.
    pub account: u64,
    /// The inbox.
    pub inbox: u64,
}

/// Reads it.
pub(super) fn read(table: &Table<'_>) -> Option<ChatwootConfig> {
    table.only(&["url", "account", "inbox", "token", "secret"]);
    for key in table.keys().into_iter().filter(|key| ["token", "secret"].contains(&key.value.as_str())) {
        let help = format!("set WARMLINE_CHATWOOT_{} in the environment", key.value.to_uppercase());
        table.doc.error(key.span, "secrets don't belong into this file", help);
    }
    let Some(url) = table.string("url") else {
        if !table.has("url") {
            table.doc.error(table.span.clone(), "Chatwoot needs a `url`", "url = \"https://desk.example.com\"");
        }
        return None;
    };
    let local = |url: &url::Url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if !url::Url::parse(&url.value).is_ok_and(|at| at.scheme() == "https" || (at.scheme() == "http" && local(&at))) {
        table.doc.error(url.span.clone(), "`url` is no https URL", "url = \"https://desk.example.com\"; http only for this machine itself");
    }
    Some(ChatwootConfig {
        url: url.value.trim_end_matches('/').to_string(),
        account: number(table, "account", "the number in /app/accounts/1/dashboard")?,
        inbox: number(table, "inbox", "the number in /settings/inboxes/7")?,
    })
}

/// A number that Chatwoot's pages show.
fn number(table: &Table<'_>, key: &str, help: &str) -> Option<u64> {
    let Some(number) = table.number(key) else {
        if !table.has(key) {
            table.doc.error(table.span.clone(), format!("Chatwoot needs the `{key}`"), help);
        }
        return None;
    };
    if number.value < 1.0 || number.value.fract() != 0.0 || number.value > 2_147_483_647.0 {
        table.doc.error(number.span, format!("`{key}` is no number of Chatwoot's"), help);
        return None;
    }
    Some(number.value as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Config;
    use crate::lexis::Source;

    #[test]
    fn an_inbox_is_read_and_is_a_place_to_work() {
        let text = "[desk.chatwoot]\nurl = \"https://desk.example.com/\"\naccount = 1\ninbox = 7\n\
                    [[alert]]\nname = \"hook\"\nway = \"webhook\"\nto = \"https://example.com/hook\"\nreaches = \"Sam\"\n";
        let config = Config::read(&Source::new("config.toml", text)).expect("reads");
        assert_eq!(config.chatwoot, Some(ChatwootConfig { url: "https://desk.example.com".into(), account: 1, inbox: 7 }));
        for url in ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:3000"] {
            let text = format!("[desk.chatwoot]\nurl = \"{url}\"\naccount = 1\ninbox = 7\n");
            assert!(Config::read(&Source::new("config.toml", text)).is_ok(), "{url}");
        }
    }

    #[test]
    fn every_mistake_is_shown_with_its_place() {
        for (name, text, wanted) in [
            ("nothing", "", vec!["1 Chatwoot needs a `url`"]),
            ("in the clear", "url = \"http://desk.example.com\"\naccount = 1\ninbox = 7", vec!["2 `url` is no https URL"]),
            ("no URL", "url = \"desk\"\naccount = 1\ninbox = 7", vec!["2 `url` is no https URL"]),
            ("no inbox", "url = \"https://d.example\"\naccount = 1", vec!["1 Chatwoot needs the `inbox`"]),
            ("half an account", "url = \"https://d.example\"\naccount = 0.5", vec!["3 `account` is no number of Chatwoot's"]),
            (
                "a secret",
                "url = \"https://d.example\"\naccount = 1\ninbox = 7\ntoken = \"x\"\nsecret = \"y\"",
                vec!["5 secrets don't belong into this file", "6 secrets don't belong into this file"],
            ),
            ("a slip", "url = \"https://d.example\"\naccount = 1\ninbox = 7\nacount = 1", vec!["5 unknown key `desk.chatwoot.acount`"]),
        ] {
            let text = format!("[desk.chatwoot]\n{text}\n");
            let findings = Config::read(&Source::new("config.toml", text)).expect_err(name);
            let shown: Vec<String> = findings.iter().map(|finding| format!("{} {}", finding.line, finding.message)).collect();
            assert_eq!(shown, wanted, "{name}");
        }
    }
}
