//! Who is alerted, as `config.toml` says it.
//!
//! Owns: `[[alert]]`, `[ladder]` and `[smtp]`: reading and checking them.
//! Invariants: a ladder names only ways that there are; what is secret about a way (a key, Slack's URL) stands in the
//! environment as `WARMLINE_ALERT_NAME`.
//! Leaves out: making the ways (`cli::parts`).

use super::config::Config;
use super::teams;
use crate::conversation::{GROUP, Ladder, Rung, SHORTEST, Urgency};
use crate::desk::{Hours, Way, WayKind};
use crate::lexis::{Located, Table, nearest};
use crate::transport::smtp;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// A way as it is configured.
#[derive(Clone, Debug, PartialEq)]
pub struct WayTo {
    /// What `desk` knows of it.
    pub way: Way,
    /// Where it leads: numbers, addresses, chats, a URL; empty where the secret says it.
    pub to: Vec<String>,
}

/// The mail server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SmtpConfig {
    /// `smtps://user@host`; empty for none.
    pub url: String,
    /// Who writes.
    pub from: String,
}

const KINDS: [(&str, WayKind); 6] = [
    ("telegram", WayKind::Telegram),
    ("email", WayKind::Email),
    ("slack", WayKind::Slack),
    ("sms", WayKind::Sms),
    ("pagerduty", WayKind::PagerDuty),
    ("webhook", WayKind::Webhook),
];

/// Where PagerDuty takes events.
const PAGER_DUTY: &str = "https://events.pagerduty.com";

/// Reads the ways, then the ladder that names them.
pub(super) fn read(config: &mut Config, root: &Table<'_>, zone: &str) {
    if let Some(table) = root.table("smtp") {
        table.only(&["url", "from"]);
        if let Some(url) = table.string("url").filter(|url| !url.value.is_empty()) {
            if let Some(mistake) = smtp::mistake(&url.value) {
                table.doc.error(url.span, format!("`url`: {mistake}"), "smtps://desk@mail.example.com");
            }
            config.smtp.url = url.value;
        }
        if let Some(from) = table.string("from") {
            config.smtp.from = from.value;
        }
    }
    let mut ways = Vec::new();
    for table in root.tables("alert") {
        if let Some(way) = way(&table, zone, &ways, config) {
            ways.push(way);
        }
    }
    if let (Some(way), None, None) = (ways.first(), config.groups.first(), &config.chatwoot) {
        let message = format!("`{}` calls people to a group, and there is none", way.way.name);
        let at = root.tables("alert").first().map_or(0..0, |table| table.span.clone());
        root.doc.error(at, message, "claims and answers are written in the group: set [desk.telegram] chat_id, or [desk.chatwoot]");
    }
    for table in root.tables("oncall") {
        let oncall = teams::oncall(&table, zone, &ways);
        ways.extend(oncall.map(|way| WayTo { way, to: Vec::new() }));
    }
    config.ways = ways;
    let Some(table) = root.table("ladder") else { return };
    let names: Vec<&str> = Urgency::ALL.iter().map(|urgency| urgency.name()).collect();
    table.only(&names);
    let mut rungs = BTreeMap::new();
    for urgency in Urgency::ALL {
        let own: Vec<Rung> = table.tables(urgency.name()).iter().enumerate().map(|(step, table)| rung(table, step == 0, config)).collect();
        if !own.is_empty() {
            rungs.insert(urgency, own);
        }
    }
    config.ladder = Ladder::new(rungs);
}

fn way(table: &Table<'_>, zone: &str, others: &[WayTo], config: &Config) -> Option<WayTo> {
    table.only(&["name", "way", "to", "reaches", "hours", "content", "teams"]);
    let plain = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let Some(name) = table.string("name").filter(|name| plain(&name.value)) else {
        table.doc.error(table.span.clone(), "an alert needs a `name` of letters, digits and _", "name = \"oncall\"");
        return None;
    };
    if name.value == GROUP || others.iter().any(|other| other.way.name == name.value) {
        table.doc.error(name.span.clone(), format!("there is a way called `{}` already", name.value), "");
    }
    let Some(kind) = table.choice("way", &KINDS) else {
        if !table.has("way") {
            table.doc.error(name.span, "an alert needs a `way`", "telegram, email, slack, sms, pagerduty, webhook");
        }
        return None;
    };
    let mut to = if table.has("to") { table.strings("to") } else { Vec::new() };
    check_to(table, kind.value, &to, config);
    if kind.value == WayKind::PagerDuty && to.is_empty() {
        to.push(Located { value: PAGER_DUTY.into(), span: table.span.clone() });
    }
    let hours = table.table("hours").and_then(|hours| {
        let week =
            hours.keys().into_iter().map(|key| (key.value.clone(), hours.strings(&key.value).into_iter().map(|span| span.value).collect()));
        match Hours::new(zone, &week.collect()) {
            Ok(hours) => Some(hours),
            Err(errors) => {
                errors.into_iter().for_each(|error| table.doc.error(hours.span.clone(), error.to_string(), ""));
                None
            }
        }
    });
    let reaches: Vec<String> = table.strings("reaches").into_iter().map(|name| name.value).collect();
    if reaches.is_empty() {
        let help = "reaches = [\"Priya\"]: a crisis must reach two people, so it must be known whom a way reaches";
        table.doc.error(name.span.clone(), format!("`{}` reaches nobody", name.value), help);
    }
    let full = table.choice("content", &[("brief", false), ("full", true)]).is_some_and(|full| full.value);
    let to = to.into_iter().map(|to| to.value).collect();
    let teams = teams::named(table, "teams", &config.teams);
    Some(WayTo { way: Way { hours, full, teams, ..Way::new(&name.value, kind.value, reaches) }, to })
}

fn check_to(table: &Table<'_>, kind: WayKind, to: &[Located<String>], config: &Config) {
    let one = |help: &str| {
        if to.len() != 1 {
            table.doc.error(table.span.clone(), "this way needs one `to`", help);
        }
    };
    let each = |fine: &dyn Fn(&str) -> bool, what: &str, help: &str| {
        for to in to.iter().filter(|to| !fine(&to.value)) {
            table.doc.error(to.span.clone(), format!("`to` is no {what}"), help);
        }
    };
    let url = |text: &str| {
        url::Url::parse(text).is_ok_and(|url| {
            url.scheme() == "https" || (url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")))
        })
    };
    match kind {
        WayKind::Group | WayKind::OnCall => {}
        WayKind::Telegram => {
            one("the id of a person or a group: to = [\"123456789\"]");
            each(&|to| to.parse::<i64>().is_ok_and(|id| id != 0), "chat's id", "to = [\"123456789\"]");
        }
        WayKind::Sms => {
            one("to = [\"+15550101\"]");
            each(
                &|to| to.len() > 6 && to.starts_with('+') && to[1..].bytes().all(|byte| byte.is_ascii_digit()),
                "number",
                "to = [\"+15550101\"]",
            );
            if config.twilio_from.is_empty() {
                table.doc.error(table.span.clone(), "texts need [sms.twilio]", "from = \"+15550109999\"");
            }
        }
        WayKind::Email => {
            if to.is_empty() {
                table.doc.error(table.span.clone(), "this way needs a `to`", "to = [\"priya@example.com\"]");
            }
            each(&|to| to.contains('@'), "address", "to = [\"priya@example.com\"]");
            if config.smtp.url.is_empty() || config.smtp.from.is_empty() {
                table.doc.error(table.span.clone(), "e-mail needs [smtp] url and from", "url = \"smtps://desk@mail.example.com\"");
            }
        }
        WayKind::Webhook => {
            one("to = [\"https://example.com/hook\"]");
            each(&url, "https URL", "to = [\"https://example.com/hook\"]");
        }
        WayKind::PagerDuty => each(&url, "https URL", "leave `to` out for PagerDuty itself"),
        WayKind::Slack => {
            for to in to {
                table.doc.error(
                    to.span.clone(),
                    "the URL of an incoming webhook is a secret",
                    "set WARMLINE_ALERT_NAME in the environment",
                );
            }
        }
    }
}

fn rung(table: &Table<'_>, first: bool, config: &Config) -> Rung {
    table.only(&["after", "ways"]);
    let after = table.string("after").map_or(SignedDuration::ZERO, |after| {
        after.value.parse().ok().filter(|after: &SignedDuration| !after.is_negative()).unwrap_or_else(|| {
            table.doc.error(after.span, format!("`{}` is no time", after.value), "after = \"2m\"");
            SignedDuration::ZERO
        })
    });
    if !first && after < SHORTEST {
        table.doc.error(table.span.clone(), "a later step needs `after`, half a minute at least", "after = \"2m\"");
    }
    let known: Vec<&str> = config.ways.iter().map(|way| way.way.name.as_str()).chain([GROUP]).collect();
    let ways = table.strings("ways");
    if ways.is_empty() {
        table.doc.error(table.span.clone(), "a step of the ladder needs `ways`", "ways = [\"group\"]");
    }
    for way in ways.iter().filter(|way| !known.contains(&way.value.as_str())) {
        let help = nearest(&way.value, known.iter().copied()).map_or_else(|| known.join(", "), |near| format!("did you mean `{near}`?"));
        table.doc.error(way.span.clone(), format!("there is no way `{}`", way.value), help);
    }
    Rung { after, ways: ways.into_iter().map(|way| way.value).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexis::Source;

    const FINE: &str = r#"
        [desk.telegram]
        chat_id = -1001
        reaches = ["Priya", "Sam"]
        [smtp]
        url  = "smtps://desk@mail.example"
        from = "desk@shop.example"
        [[alert]]
        name    = "mail"
        way     = "email"
        to      = ["priya@shop.example"]
        reaches = "Priya"
        hours   = { mon-sun = ["0:00-24:00"] }
        [[alert]]
        name    = "pager"
        way     = "pagerduty"
        reaches = ["Sam"]
        content = "full"
        [[ladder.crisis]]
        ways = ["group", "mail"]
        [[ladder.crisis]]
        after = "90s"
        ways  = ["pager"]
    "#;

    #[test]
    fn ways_and_ladder_are_read() {
        let config = Config::read(&Source::new("config.toml", FINE)).expect("reads");
        let ways: Vec<(String, bool, bool)> = config.all_ways().into_iter().map(|way| (way.name, way.full, way.hours.is_some())).collect();
        assert_eq!(ways, [("group".into(), true, true), ("mail".into(), false, true), ("pager".into(), true, false)]);
        assert_eq!(config.ladder.wait(Urgency::Crisis, 0), SignedDuration::from_secs(90));
        assert_eq!(config.ways[1].to, [PAGER_DUTY]);
        assert_eq!(crate::desk::thin(&config.ladder, &config.all_ways()), None);
    }

    #[test]
    fn every_mistake_is_shown_with_its_place() {
        let text = r#"
[smtp]
url = "smtp://mail.example:25"
[[alert]]
way = "sms"
[[alert]]
name = "group"
way = "slack"
to = "https://hooks.example/secret"
[[alert]]
name = "hook"
way = "webhook"
to = "http://example.com/hook"
reaches = "Sam"
[[alert]]
name = "phone"
way = "sms"
to = "0155"
reaches = "Sam"
[[ladder.crisis]]
after = "soon"
ways = ["hock", "group"]
[[ladder.crysis]]
ways = ["group"]
[[ladder.distress]]
ways = ["group"]
[[ladder.distress]]
ways = ["group"]
"#;
        let findings = Config::read(&Source::new("config.toml", text)).expect_err("wrong");
        let shown: Vec<String> = findings.iter().map(|finding| format!("{} {}", finding.line, finding.message)).collect();
        assert_eq!(
            shown,
            [
                "3 `url`: without TLS; write smtps://, or smtp://…?tls=required for STARTTLS",
                "4 an alert needs a `name` of letters, digits and _",
                "4 `group` calls people to a group, and there is none",
                "7 there is a way called `group` already",
                "7 `group` reaches nobody",
                "9 the URL of an incoming webhook is a secret",
                "13 `to` is no https URL",
                "15 texts need [sms.twilio]",
                "18 `to` is no number",
                "21 `soon` is no time",
                "22 there is no way `hock`",
                "23 unknown key `ladder.crysis`",
                "27 a later step needs `after`, half a minute at least",
            ]
        );
    }
}
