//! From configuration to parts.
//!
//! Owns: reading `config.toml` and secrets, opening the store, making channels, desk, alerts and backend.
//! Leaves out: running them.

use super::{Paths, print};
use crate::alert::{Alert, Email, PagerDuty, Person, Slack, TextMessage, Webhook};
use crate::app::{Config, Secrets, WayTo};
use crate::backend::{Backend, Demo, Http};
use crate::channel::chatwoot::ChatwootDesk;
use crate::channel::sms::twilio::TwilioSms;
use crate::channel::telegram::{Decoder, TelegramChat, TelegramDesk};
use crate::desk::WayKind;
use crate::lexis::Source;
use crate::transport::chatwoot::Chatwoot;
use crate::transport::http_client;
use crate::transport::signed::{Signed, signing_key};
use crate::transport::smtp::Smtp;
use crate::transport::telegram::Telegram;
use crate::transport::twilio::Twilio;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The configuration's file as it stands; empty where the default one is missing.
pub(super) fn config_source(paths: &Paths) -> Result<Source, ()> {
    let name = paths.config.display().to_string();
    let text = match std::fs::read_to_string(&paths.config) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && paths.config == Path::new("config.toml") => String::new(),
        Err(error) => {
            print::error(format!("{name} can't be read: {error}"));
            return Err(());
        }
    };
    Ok(Source::new(name, text))
}

/// The configuration, or its mistakes shown.
pub(super) fn config(paths: &Paths) -> Result<Config, ()> {
    let source = config_source(paths)?;
    Config::read(&source).map_err(|findings| print::findings(&findings, std::slice::from_ref(&source)))
}

/// Secrets from the environment.
pub(super) fn secrets() -> Result<Secrets, ()> {
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    Secrets::read(&variables).map_err(print::error)
}

/// The systems behind the bot: declared calls, or the demo shop.
pub(super) fn backend(config: &Config, secrets: &Secrets) -> Result<Arc<dyn Backend>, String> {
    if config.calls.is_empty() {
        return Ok(Arc::new(Demo::default()));
    }
    Ok(Arc::new(Http::new(http_client()?, config.calls.clone(), secrets.calls.clone())))
}

/// Telegram, as far as it is configured.
pub(super) struct TelegramParts {
    pub client: Telegram,
    pub chat: Arc<TelegramChat>,
    pub desk: Option<Arc<TelegramDesk>>,
}

pub(super) fn telegram(config: &Config, secrets: &Secrets) -> Result<Option<TelegramParts>, String> {
    let Some(token) = &secrets.telegram_token else { return Ok(None) };
    let client = Telegram::new(token, &config.telegram_api)?;
    let chats: Vec<i64> = config.groups.iter().map(|group| group.chat).collect();
    let chat = Arc::new(TelegramChat::new(client.clone(), chats.first().copied()));
    let desk = TelegramDesk::new(client.clone(), chats).map(Arc::new);
    Ok(Some(TelegramParts { client, chat, desk }))
}

/// Decodes the updates of a bot.
pub(super) fn decoder(config: &Config, bot: u64) -> Decoder {
    Decoder { bot, desk: config.groups.iter().map(|group| group.chat).collect(), aliases: config.aliases.clone() }
}

/// The ways to staff outside the group, by name.
pub(super) fn alerts(config: &Config, secrets: &Secrets, telegram: Option<&Telegram>) -> Result<BTreeMap<String, Arc<dyn Alert>>, String> {
    let mut alerts: BTreeMap<String, Arc<dyn Alert>> = BTreeMap::new();
    let client = http_client()?;
    for WayTo { way, to } in &config.ways {
        let name = &way.name;
        let variable = format!("WARMLINE_ALERT_{}", name.to_uppercase());
        let secret = || secrets.alerts.get(&name.to_lowercase()).cloned().ok_or(format!("the way `{name}` needs {variable}"));
        let first = to.first().cloned().unwrap_or_default();
        let alert: Arc<dyn Alert> = match way.kind {
            WayKind::Group | WayKind::OnCall => continue,
            WayKind::Telegram => {
                let telegram = telegram.ok_or(format!("the way `{name}` needs WARMLINE_TELEGRAM_TOKEN"))?;
                Arc::new(Person::new(telegram.clone(), first.parse().map_err(|_| format!("`{name}`: `to` is no chat's id"))?))
            }
            WayKind::Sms => {
                let (Some(sid), Some(token)) = (&secrets.twilio_sid, &secrets.twilio_token) else {
                    return Err(format!("the way `{name}` needs WARMLINE_TWILIO_SID and WARMLINE_TWILIO_TOKEN"));
                };
                let twilio = Twilio::new(client.clone(), &config.twilio_api, sid.clone(), token.clone());
                Arc::new(TextMessage::new(twilio, config.twilio_from.clone(), first))
            }
            WayKind::Email => {
                let smtp = Smtp::new(&config.smtp.url, secrets.smtp_password.as_ref(), &config.smtp.from)?;
                Arc::new(Email::new(smtp, to.clone()))
            }
            WayKind::Slack => Arc::new(Slack::new(client.clone(), secret()?)),
            WayKind::PagerDuty => Arc::new(PagerDuty::new(client.clone(), &first, secret()?)),
            WayKind::Webhook => {
                let key = signing_key(&secret()?).map_err(|why| format!("{variable}: {why}"))?;
                Arc::new(Webhook::new(Signed::new(client.clone(), first, key)))
            }
        };
        alerts.insert(name.clone(), alert);
    }
    Ok(alerts)
}

/// Other systems that are told what happens, by name.
pub(super) fn hooks(config: &Config, secrets: &Secrets) -> Result<BTreeMap<String, Signed>, String> {
    let mut hooks = BTreeMap::new();
    for user in &config.api {
        let Some(url) = &user.webhook else { continue };
        let variable = format!("WARMLINE_WEBHOOK_{}", user.name.to_uppercase());
        let secret =
            secrets.webhooks.get(&user.name.to_lowercase()).ok_or_else(|| format!("the webhook of `{}` needs {variable}", user.name))?;
        let key = signing_key(secret).map_err(|why| format!("{variable}: {why}"))?;
        hooks.insert(user.name.clone(), Signed::new(http_client()?, url.clone(), key));
    }
    Ok(hooks)
}

/// Twilio, where number, account and token are there.
pub(super) fn twilio(config: &Config, secrets: &Secrets) -> Result<Option<Arc<TwilioSms>>, String> {
    let (Some(sid), Some(token), false) = (&secrets.twilio_sid, &secrets.twilio_token, config.twilio_from.is_empty()) else {
        return Ok(None);
    };
    let client = Twilio::new(http_client()?, &config.twilio_api, sid.clone(), token.clone());
    let public_url = Some(config.public_url.as_str()).filter(|url| !url.is_empty());
    Ok(Some(Arc::new(TwilioSms::new(client, config.twilio_from.clone(), public_url))))
}

/// Chatwoot, where it is configured, and what its webhooks are signed with. Without the signature anybody could speak to customers.
pub(super) fn chatwoot(config: &Config, secrets: &Secrets) -> Result<Option<(Arc<ChatwootDesk>, SecretString)>, String> {
    let Some(chatwoot) = &config.chatwoot else { return Ok(None) };
    let needs = |what: &str| format!("[desk.chatwoot] needs {what}");
    let token = secrets.chatwoot_token.clone().ok_or_else(|| needs("WARMLINE_CHATWOOT_TOKEN"))?;
    let secret = secrets.chatwoot_secret.clone().ok_or_else(|| needs("WARMLINE_CHATWOOT_SECRET, which the inbox shows"))?;
    let client = Chatwoot::new(http_client()?, &chatwoot.url, chatwoot.account, chatwoot.inbox, token);
    Ok(Some((Arc::new(ChatwootDesk::new(client)), secret)))
}
