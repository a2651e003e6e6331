//! `config.toml`.
//!
//! Owns: every setting, its default and its check.
//! Invariants: every mistake is reported at once with its place; the sample file is the default (a test holds it); a secret in
//! the file is a mistake.
//! Leaves out: the secrets themselves (`secrets`), the parts that the settings make (`cli::parts`).

use super::aftercare;
use super::chatwoot_config::{self, ChatwootConfig};
use super::events::{self, ApiUser};
use super::groups;
use super::ladder::{self, SmtpConfig, WayTo};
use super::teams;
use crate::backend::{HttpCall, read_call};
use crate::conversation::{Aftercare, GROUP, Group, Ladder, Shop, Team};
use crate::desk::{Hours, Way, WayKind};
use crate::engine::{Mode, Thresholds};
use crate::lexis::{Doc, Finding, Severity, Source, Table};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How Telegram's updates arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receive {
    /// Long polling.
    Poll,
    /// Webhook.
    Webhook,
}

/// Every setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// How far the bot goes by itself.
    pub mode: Mode,
    /// Logs as JSON.
    pub log_json: bool,
    /// The shop.
    pub shop: Shop,
    /// Where the server listens.
    pub listen: String,
    /// How the world reaches it; empty for not at all.
    pub public_url: String,
    /// The folder of the store.
    pub data: PathBuf,
    /// The Bot API server.
    pub telegram_api: String,
    /// How updates arrive.
    pub receive: Receive,
    /// Twilio's API.
    pub twilio_api: String,
    /// A number, or a Messaging Service; empty for none.
    pub twilio_from: String,
    /// When somebody is there.
    pub hours: Hours,
    /// The staff's groups; the first is everybody's.
    pub groups: Vec<Group>,
    /// Who reads the staff's group.
    pub group_reaches: Vec<String>,
    /// Who takes what.
    pub teams: Vec<Team>,
    /// Teams with hours of their own.
    pub team_hours: BTreeMap<String, Hours>,
    /// The most conversations that one person is given by `/next`.
    pub most: Option<u32>,
    /// Ways to staff outside the group.
    pub ways: Vec<WayTo>,
    /// Who is told, and when the next.
    pub ladder: Ladder,
    /// The mail server.
    pub smtp: SmtpConfig,
    /// Sentences of the safety set that the cue files need not hear.
    pub care_exceptions: Vec<String>,
    /// One person alone answers.
    pub alone: bool,
    /// Whoever writes within so many days goes back to the person they know.
    pub known_days: u32,
    /// Who is named on the card when a customer says that they are under 18.
    pub safeguarding: String,
    /// Staff's aliases.
    pub aliases: BTreeMap<u64, String>,
    /// Where verdicts turn.
    pub thresholds: Thresholds,
    /// Who may use the API.
    pub api: Vec<ApiUser>,
    /// Declared calls; without any the demo shop answers.
    pub calls: BTreeMap<String, HttpCall>,
    /// What is done after a conversation with a person.
    pub aftercare: Aftercare,
    /// Chatwoot as a desk.
    pub chatwoot: Option<ChatwootConfig>,
}

impl Default for Config {
    fn default() -> Self {
        let week = BTreeMap::from([("mon-fri".to_string(), vec!["9:00-17:00".to_string()])]);
        Config {
            mode: Mode::Live,
            log_json: false,
            shop: Shop {
                name: "Fern & Field".into(),
                website: "fernandfield.example".into(),
                opening_hours: "Monday to Friday, 9:00 to 17:00".into(),
                country: String::new(),
            },
            listen: "127.0.0.1:8080".into(),
            public_url: String::new(),
            data: PathBuf::from("./data"),
            telegram_api: "https://api.telegram.org".into(),
            receive: Receive::Poll,
            twilio_api: "https://api.twilio.com".into(),
            twilio_from: String::new(),
            // The table is a constant, and a test reads it.
            hours: Hours::new("UTC", &week).unwrap_or_else(|_| Hours::never()),
            groups: Vec::new(),
            group_reaches: Vec::new(),
            teams: Vec::new(),
            team_hours: BTreeMap::new(),
            most: None,
            ways: Vec::new(),
            ladder: Ladder::default(),
            smtp: SmtpConfig::default(),
            care_exceptions: Vec::new(),
            alone: false,
            known_days: 7,
            safeguarding: String::new(),
            aliases: BTreeMap::new(),
            thresholds: Thresholds::default(),
            api: Vec::new(),
            calls: BTreeMap::new(),
            aftercare: Aftercare::default(),
            chatwoot: None,
        }
    }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn read(source: &Source) -> Result<Self, Vec<Finding>> {
        let doc = Doc::new(source);
        let config = doc.read(|root| {
            let mut config = Config::default();
            config.root(root);
            config
        });
        let findings = doc.into_findings();
        if findings.iter().any(|finding| finding.severity == Severity::Error) { Err(findings) } else { Ok(config) }
    }

    fn root(&mut self, root: &Table<'_>) {
        root.only(&[
            "mode",
            "log",
            "shop",
            "server",
            "store",
            "telegram",
            "sms",
            "desk",
            "care",
            "understanding",
            "backend",
            "alert",
            "ladder",
            "smtp",
            "api",
            "team",
            "oncall",
        ]);
        secrets_stay_out(root);
        if let Some(mode) = root.choice("mode", &[("live", Mode::Live), ("suggest", Mode::Suggest), ("shadow", Mode::Shadow)]) {
            self.mode = mode.value;
        }
        if let Some(json) = root.choice("log", &[("text", false), ("json", true)]) {
            self.log_json = json.value;
        }
        if let Some(table) = root.table("shop") {
            table.only(&["name", "website", "opening_hours", "country"]);
            set(&table, "country", &mut self.shop.country);
            set(&table, "name", &mut self.shop.name);
            set(&table, "website", &mut self.shop.website);
            set(&table, "opening_hours", &mut self.shop.opening_hours);
        }
        if let Some(table) = root.table("server") {
            table.only(&["listen", "public_url", "token", "secret"]);
            set(&table, "listen", &mut self.listen);
            if self.listen.parse::<std::net::SocketAddr>().is_err() {
                let at = table.string("listen").map_or(0..0, |listen| listen.span);
                table.doc.error(at, "`listen` is no address", "write one like 127.0.0.1:8080");
            }
            url(&table, "public_url", &mut self.public_url);
        }
        if let Some(store) = root.table("store") {
            store.only(&["url"]);
            if let Some(url) = store.string("url") {
                match url.value.strip_prefix("sled:") {
                    Some(path) if !path.is_empty() => self.data = PathBuf::from(path),
                    _ => store.doc.error(url.span, "a store is written sled:FOLDER", "url = \"sled:./data\""),
                }
            }
        }
        if let Some(table) = root.table("telegram") {
            table.only(&["api_url", "receive", "token", "secret"]);
            url(&table, "api_url", &mut self.telegram_api);
            if let Some(receive) = table.choice("receive", &[("poll", Receive::Poll), ("webhook", Receive::Webhook)]) {
                self.receive = receive.value;
                if receive.value == Receive::Webhook && self.public_url.is_empty() {
                    table.doc.error(receive.span, "a webhook needs server.public_url", "public_url = \"https://bot.example.com\"");
                }
            }
        }
        if let Some(sms) = root.table("sms") {
            sms.only(&["twilio"]);
            if let Some(table) = sms.table("twilio") {
                self.twilio(&table);
            }
        }
        if let Some(table) = root.table("care") {
            table.only(&["exceptions"]);
            self.care_exceptions = table.strings("exceptions").into_iter().map(|text| text.value).collect();
        }
        if let Some(table) = root.table("desk") {
            self.desk(&table);
        }
        let zone = root.table("desk").and_then(|desk| desk.string("time_zone")).map_or_else(|| "UTC".to_string(), |zone| zone.value);
        teams::read(self, root, &zone);
        groups::read(self, root);
        ladder::read(self, root, &zone);
        events::read(self, root);
        aftercare::read(self, root);
        if let Some(table) = root.table("understanding") {
            table.only(&["threshold", "margin"]);
            for (key, value) in [("threshold", &mut self.thresholds.threshold), ("margin", &mut self.thresholds.margin)] {
                if let Some(number) = table.number(key) {
                    if !(0.0..=1.0).contains(&number.value) {
                        table.doc.error(number.span, format!("`{key}` lies between 0 and 1"), "");
                    }
                    *value = number.value as f32;
                }
            }
        }
        if let Some(table) = root.table("backend") {
            for key in table.keys() {
                if let Some(call) = table.table(&key.value).as_ref().and_then(read_call) {
                    self.calls.insert(key.value, call);
                }
            }
        }
    }

    /// Every way to staff, the group too. The group is read in the desk's hours.
    pub fn all_ways(&self) -> Vec<Way> {
        let hours = Some(self.hours.clone());
        let group = Way { hours, full: true, ..Way::new(GROUP, WayKind::Group, self.group_reaches.clone()) };
        let group = self.groups.first().map(|_| group);
        group.into_iter().chain(self.ways.iter().map(|way| way.way.clone())).collect()
    }

    fn twilio(&mut self, table: &Table<'_>) {
        table.only(&["api_url", "from", "messaging_service"]);
        url(table, "api_url", &mut self.twilio_api);
        set(table, "from", &mut self.twilio_from);
        if let Some(service) = table.string("messaging_service").filter(|service| !service.value.is_empty()) {
            if !self.twilio_from.is_empty() {
                table.doc.error(service.span.clone(), "either `from` or `messaging_service`, not both", "");
            }
            if !service.value.starts_with("MG") {
                table.doc.error(service.span, "a Messaging Service begins with MG", "");
            }
            self.twilio_from = service.value;
        } else if !self.twilio_from.is_empty() && !self.twilio_from.starts_with('+') {
            let at = table.string("from").map_or(0..0, |from| from.span);
            table.doc.error(at, "a number is written with its country", "from = \"+15550109999\"");
        }
        if !self.twilio_from.is_empty() && self.public_url.is_empty() {
            let help = "signatures are checked against it: public_url = \"https://bot.example.com\"";
            table.doc.error(table.span.clone(), "SMS needs server.public_url", help);
        }
    }

    fn desk(&mut self, desk: &Table<'_>) {
        let mut known = vec!["time_zone", "hours", "holidays", "alone", "known_days", "most", "safeguarding", "telegram", "chatwoot"];
        known.extend(aftercare::KEYS);
        desk.only(&known);
        self.chatwoot = desk.table("chatwoot").as_ref().and_then(chatwoot_config::read);
        if let Some(most) = desk.number("most") {
            if most.value < 1.0 {
                desk.doc.error(most.span, "`most` is a number from 1", "most = 5");
            }
            self.most = Some(most.value.clamp(1.0, 1000.0) as u32);
        }
        if let Some(days) = desk.number("known_days") {
            if !(0.0..=366.0).contains(&days.value) {
                desk.doc.error(days.span, "`known_days` lies between 0 and 366", "known_days = 7");
            }
            self.known_days = days.value.clamp(0.0, 366.0) as u32;
        }
        if let Some(alone) = desk.boolean("alone") {
            self.alone = alone.value;
        }
        set(desk, "safeguarding", &mut self.safeguarding);
        let zone = desk.string("time_zone").map_or_else(|| "UTC".to_string(), |zone| zone.value);
        let spans = |table: &Table<'_>| -> BTreeMap<String, Vec<String>> {
            let keys = table.keys().into_iter();
            keys.map(|key| (key.value.clone(), table.strings(&key.value).into_iter().map(|span| span.value).collect())).collect()
        };
        let usual = || BTreeMap::from([("mon-fri".to_string(), vec!["9:00-17:00".to_string()])]);
        let week = desk.table("hours").map_or_else(usual, |table| spans(&table));
        let holidays = desk.table("holidays").map(|table| spans(&table)).unwrap_or_default();
        match Hours::new(&zone, &week).and_then(|hours| hours.with_holidays(&holidays)) {
            Ok(hours) => self.hours = hours,
            Err(errors) => {
                for error in errors {
                    let at = match error {
                        crate::desk::HoursError::Zone(_) => desk.string("time_zone").map(|zone| zone.span),
                        crate::desk::HoursError::Date(_) => desk.table("holidays").map(|holidays| holidays.span),
                        _ => desk.table("hours").map(|hours| hours.span),
                    };
                    desk.doc.error(at.unwrap_or(0..0), error.to_string(), "");
                }
            }
        }
        let Some(telegram) = desk.table("telegram") else { return };
        telegram.only(&["chat_id", "reaches", "aliases", "group"]);
        self.group_reaches = telegram.strings("reaches").into_iter().map(|name| name.value).collect();
        if let Some(aliases) = telegram.table("aliases") {
            for key in aliases.keys() {
                match (key.value.parse(), aliases.string(&key.value)) {
                    (Ok(id), Some(name)) => drop(self.aliases.insert(id, name.value)),
                    (Err(_), _) => aliases.doc.error(key.span, "an alias belongs to a user id", "123456789 = \"Robin\""),
                    _ => {}
                }
            }
        }
    }
}

fn set(table: &Table<'_>, key: &str, value: &mut String) {
    if let Some(text) = table.string(key) {
        *value = text.value;
    }
}

fn url(table: &Table<'_>, key: &str, value: &mut String) {
    let Some(text) = table.string(key) else { return };
    let fine = text.value.is_empty() || url::Url::parse(&text.value).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
    if !fine {
        table.doc.error(text.span, format!("`{key}` is no URL"), "https://bot.example.com");
    }
    *value = text.value.trim_end_matches('/').to_string();
}

/// A token in the file would be in every backup and commit of it.
fn secrets_stay_out(root: &Table<'_>) {
    for (table, keys) in [("telegram", ["token", "secret"]), ("server", ["token", "secret"])] {
        let Some(table) = root.table(table) else { continue };
        for key in table.keys().into_iter().filter(|key| keys.contains(&key.value.as_str())) {
            table.doc.error(
                key.span,
                "secrets don't belong into this file",
                "set WARMLINE_TELEGRAM_TOKEN in the environment, or WARMLINE_TELEGRAM_TOKEN_FILE",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_the_default() {
        let sample = Config::read(&Source::new("config.toml", crate::app::defaults::CONFIG)).expect("reads");
        assert_eq!(sample, Config::default());
        assert_eq!(Config::read(&Source::new("config.toml", "")).expect("reads"), Config::default());
    }

    #[test]
    fn every_mistake_is_shown() {
        let text = "mod = \"live\"\n[server]\nlisten = \"8080\"\n[telegram]\ntoken = \"1:a\"\nreceive = \"webhook\"\n[desk]\ntime_zone = \"Mars\"\n\
                    [desk.telegram]\nchat_id = 5\n[backend.x]\nmethod = \"FETCH\"\n";
        let findings = Config::read(&Source::new("config.toml", text)).expect_err("wrong");
        let shown: Vec<String> =
            findings.iter().map(|finding| format!("{}:{} {}", finding.line, finding.column, finding.message)).collect();
        assert_eq!(
            shown,
            [
                "1:1 unknown key `mod`",
                "3:10 `listen` is no address",
                "5:1 secrets don't belong into this file",
                "6:11 a webhook needs server.public_url",
                "8:13 `Mars` is no time zone; write one like Europe/Berlin",
                "10:11 this is no group's id",
                "11:1 a call needs a `url`",
                "12:10 `backend.x.method` can't be \"FETCH\"",
            ]
        );
    }
}
