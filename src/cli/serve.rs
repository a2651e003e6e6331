//! `warmline serve`.

use super::{Paths, control, parts, print, status};
use crate::app::clock::patience;
use crate::app::config::Receive;
use crate::app::poll::Poller;
use crate::app::reload::{self, Start};
use crate::app::{App, Clock, Config, Parts, Spawn, SystemClock, TokioSpawn};
use crate::channel::Channel;
use crate::channel::sms::twilio::TwilioSms;
use crate::desk::WayKind;
use crate::server::api::Access;
use crate::server::{ChatwootHook, Server, TelegramHook, TwilioHook, router};
use crate::store::{KvStore, SledKv, Store, StoreError};
use crate::transport::telegram::Keeps;
use futures::FutureExt;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long the workers may take to finish what they began.
const DRAIN: Duration = Duration::from_secs(10);
/// How long an unanswered message is counted after it was last asked, and a row of the review list is kept.
const MISSED_KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 90);
/// How long weekly figures are kept.
const FIGURES_KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 366);

pub(super) fn serve(paths: &Paths, strict: bool) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    log(&config);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::error(format!("the runtime can't be started: {error}"));
            return ExitCode::from(status::CANT_START);
        }
    };
    match runtime.block_on(run(paths, config, strict)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            print::error(format!("can't start: {why}"));
            ExitCode::from(status::CANT_START)
        }
    }
}

fn log(config: &Config) {
    // Only our own level can be set: libraries below log contents (teloxide) and URLs with tokens at theirs.
    let level = std::env::var("WARMLINE_LOG").ok().filter(|level| ["error", "warn", "info", "debug", "trace"].contains(&level.as_str()));
    let level = level.as_deref().unwrap_or("info");
    let filter = tracing_subscriber::EnvFilter::new(format!("warn,teloxide=off,teloxide_core=off,warmline={level}"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    // A second subscriber in one process can only be a test's; the first one stays.
    let _ = if config.log_json { builder.json().try_init() } else { builder.try_init() };
}

/// Opens the store, and waits a moment for a process that is just ending.
pub(super) fn open(config: &Config) -> Result<KvStore<SledKv>, StoreError> {
    KvStore::open(SledKv::open(&config.data, patience(Duration::from_secs(2)))?)
}

async fn run(paths: &Paths, mut config: Config, strict: bool) -> Result<(), String> {
    let secrets = parts::secrets().map_err(|()| "a secret can't be read".to_string())?;
    if secrets.telegram_token.is_none() {
        // Nothing stands in groups that nobody writes into.
        config.groups.clear();
    }
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().ok();
    let store: Arc<dyn Store> = Arc::new(open(&config).map_err(|error| error.to_string())?);
    let backend = parts::backend(&config, &secrets)?;
    let shapes = backend.shapes();
    let (start, findings) = reload::start(store.as_ref(), &paths.intents, &shapes, &config).await.map_err(|error| error.to_string())?;
    let sources = crate::app::rules::sources(&paths.intents).unwrap_or_default();
    print::findings(&findings, &sources);
    let (rules, files) = match start {
        Start::Files(rules) => (rules, "in use"),
        _ if strict => return Err("the intent files have mistakes (--strict)".into()),
        Start::LastGood(rules) => (rules, "BROKEN; the last good set is in use. `warmline check` shows the mistakes"),
        Start::Safe(rules) => {
            (rules, "BROKEN, and no good set is left: SAFE MODE, every message goes to a person. `warmline check` shows the mistakes")
        }
    };
    let stale = files != "in use";

    let telegram = parts::telegram(&config, &secrets)?;
    let twilio = parts::twilio(&config, &secrets)?;
    let chatwoot = parts::chatwoot(&config, &secrets)?;
    if !config.ways.is_empty() && chatwoot.is_none() && telegram.as_ref().is_none_or(|telegram| telegram.desk.is_none()) {
        return Err("alerts call people to the staff's group, which needs WARMLINE_TELEGRAM_TOKEN and [desk.telegram] chat_id".into());
    }
    let mut channels: Vec<Arc<dyn Channel>> = Vec::new();
    channels.extend(telegram.iter().map(|telegram| telegram.chat.clone() as Arc<dyn Channel>));
    channels.extend(twilio.iter().map(|twilio| twilio.clone() as Arc<dyn Channel>));
    let app = App::new(Parts {
        store,
        rules: Arc::new(rules),
        clock: Arc::new(SystemClock),
        channels,
        desk: telegram.as_ref().and_then(|telegram| telegram.desk.clone()).map(|desk| desk as Arc<dyn crate::channel::Desk>),
        alerts: parts::alerts(&config, &secrets, telegram.as_ref().map(|telegram| &telegram.client))?,
        hooks: parts::hooks(&config, &secrets)?,
        ways: config.all_ways().into_iter().filter(|way| telegram.is_some() || way.kind != WayKind::Group).collect(),
        backend,
        hours: config.hours.clone(),
        team_hours: config.team_hours.clone(),
        most: config.most,
        chatwoot: chatwoot.as_ref().map(|(desk, _)| desk.clone()),
    })
    .await
    .map_err(|error| error.to_string())?;
    app.stale.store(stale, Ordering::Relaxed);
    app.drop_orphans().await;

    let tasks = Arc::new(TokioSpawn::default());
    let spawn: Arc<dyn Spawn> = tasks.clone();
    let mut poller = None;
    let mut hook = None;
    if let Some(telegram) = &telegram {
        let bot = identity(&telegram.client).await?;
        for group in &config.groups {
            let keeps = telegram.client.keeps(group.chat).await.unwrap_or(Keeps { visible_history: false, protected: true });
            super::group::mistakes(keeps).for_each(|(mistake, mend)| tracing::warn!(group = group.chat, "{mistake}; {mend}."));
        }
        let decoder = parts::decoder(&config, bot);
        match config.receive {
            Receive::Poll => {
                // A webhook that was set before would swallow the updates.
                if let Err(error) = telegram.client.delete_webhook().await {
                    tracing::warn!(%error, "An earlier webhook could not be removed.");
                }
                poller = Some(Poller::new(telegram.client.clone(), decoder));
            }
            Receive::Webhook => {
                let secret = secrets.telegram_secret.clone().ok_or("telegram.receive = \"webhook\" needs WARMLINE_TELEGRAM_SECRET")?;
                let url = format!("{}/telegram/webhook", config.public_url);
                telegram.client.set_webhook(&url, &secret).await.map_err(|error| format!("Telegram refuses the webhook: {error}"))?;
                hook = Some(Arc::new(TelegramHook { decoder, secret }));
            }
        }
    }
    if let Some((desk, _)) = chatwoot.clone() {
        // A token that is wrong is known now, not at the first handoff; what waits for Chatwoot doesn't hold up the start.
        let asked = async move {
            if let Err(error) = desk.learn().await {
                tracing::warn!(%error, "Chatwoot does not answer yet; what is for it waits.");
            }
        };
        spawn.spawn("chatwoot", asked.boxed());
    }
    if let Some(twilio) = &twilio {
        watch_missed(&app, spawn.as_ref(), twilio.clone()).await?;
    }
    let stopping = Arc::new(AtomicBool::new(false));
    let server = Server {
        app: app.clone(),
        telegram: hook,
        twilio: twilio.clone().map(|channel| Arc::new(TwilioHook { channel, public_url: config.public_url.clone() })),
        api: Arc::new(api(&config, &secrets)),
        metrics,
        stopping: stopping.clone(),
        chatwoot: chatwoot.map(|(_, secret)| Arc::new(ChatwootHook { secret })),
    };
    let listener =
        tokio::net::TcpListener::bind(&config.listen).await.map_err(|error| format!("{} can't be listened on: {error}", config.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    // What nobody has asked or read again for a quarter of a year is no news any more.
    if let Ok(before) = SystemClock.now().checked_sub(MISSED_KEPT) {
        let _ = app.store.forget_missed(before).await;
        let _ = app.store.forget_reviews(before).await;
    }
    if let Ok(before) = SystemClock.now().checked_sub(FIGURES_KEPT) {
        let _ = app.store.forget_finished(before).await;
        let _ = app.store.forget_figures(before.to_zoned(jiff::tz::TimeZone::UTC).date()).await;
    }
    let control = control::listen(&app, spawn.as_ref(), &config.data);
    // Only now: whoever reads it may ask at once.
    banner(&config, &secrets, address, files, telegram.is_some(), twilio.is_some());
    crate::app::run(&app, &spawn, poller, Some((paths.intents.clone(), config.clone())));
    let end = spawn.stopping();
    let served = axum::serve(listener, router(server)).with_graceful_shutdown(async move { end.cancelled().await });
    let served = tokio::spawn(async move { served.await });
    asked_to_stop().await;
    tracing::info!("Stopping: finishing what was begun.");
    stopping.store(true, Ordering::Relaxed);
    app.end_events();
    tasks.stop();
    if !tasks.drain(DRAIN).await {
        tracing::warn!("Something did not finish in time; it goes on at the next start.");
    }
    let _ = tokio::time::timeout(DRAIN, served).await;
    drop(control);
    Ok(())
}

/// Who may use the API: whoever has a token.
fn api(config: &Config, secrets: &crate::app::Secrets) -> Vec<Access> {
    let user = |user: &crate::app::ApiUser| {
        let token = secrets.api.get(&user.name.to_lowercase())?.clone();
        Some(Access { name: user.name.clone(), scopes: user.scopes.clone(), token })
    };
    config.api.iter().filter_map(user).collect()
}

/// Who the bot is. At start Telegram may not answer for a while; without its id no address can be made, so this waits.
async fn identity(client: &crate::transport::telegram::Telegram) -> Result<u64, String> {
    let mut tries = 0;
    loop {
        match client.me().await {
            Ok((id, _)) => return Ok(id),
            Err(crate::transport::SendError::Refused(why)) => return Err(format!("Telegram refuses the token: {why}")),
            Err(error) if tries >= 5 => return Err(format!("Telegram does not answer: {error}")),
            Err(error) => {
                tries += 1;
                tracing::warn!(%error, attempt = tries, "Telegram does not answer; will ask again.");
                SystemClock.sleep(Duration::from_secs(2 * tries)).await;
            }
        }
    }
}

/// How often missed messages are listed.
const LIST_MISSED: Duration = Duration::from_secs(15 * 60);
/// How far back the list goes.
const LOOK_BACK: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 3);
/// When this bot began to answer this number: what came before is not ours to answer.
const SINCE: &str = "twilio-since";

/// Lists what Twilio could not deliver, now and again, and takes it in. What came in before is known by its id.
async fn watch_missed(app: &Arc<App>, spawn: &dyn Spawn, twilio: Arc<TwilioSms>) -> Result<(), String> {
    let since = match app
        .store
        .get(SINCE)
        .await
        .map_err(|error| error.to_string())?
        .and_then(|since| String::from_utf8(since).ok()?.parse().ok())
    {
        Some(since) => since,
        None => {
            let now: jiff::Timestamp = app.clock.now();
            app.store.put(SINCE, now.to_string().into_bytes()).await.map_err(|error| error.to_string())?;
            now
        }
    };
    if twilio.number().is_none() {
        return Ok(());
    }
    let (app, stopping) = (app.clone(), spawn.stopping());
    let task = async move {
        loop {
            take_in_missed(&app, &twilio, since).await;
            tokio::select! {
                () = app.clock.sleep(LIST_MISSED) => {}
                () = stopping.cancelled() => return,
            }
        }
    };
    spawn.spawn("missed", task.boxed());
    Ok(())
}

async fn take_in_missed(app: &App, twilio: &TwilioSms, since: jiff::Timestamp) {
    let (Some(number), Ok(from)) = (twilio.number(), app.clock.now().checked_sub(LOOK_BACK)) else { return };
    match twilio.client().inbound(number, from.max(since)).await {
        Ok(listed) => {
            let ours = listed.iter().rev().filter(|listed| listed.at().is_some_and(|at| at >= since));
            let incoming = ours.filter_map(|listed| TwilioSms::missed(listed, app.clock.entropy())).collect();
            match app.receive(incoming).await {
                Ok(received) if received.fresh > 0 => tracing::info!(count = received.fresh, "Took in messages that had not arrived."),
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "Missed messages could not be stored."),
            }
        }
        Err(error) => tracing::warn!(%error, "Missed messages can't be listed."),
    }
}

async fn asked_to_stop() {
    #[cfg(unix)]
    {
        let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(terminate) => terminate,
            Err(_) => return drop(tokio::signal::ctrl_c().await),
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(tokio::signal::ctrl_c().await);
}

/// What is on, what is off, and the one setting that would turn it on.
fn banner(config: &Config, secrets: &crate::app::Secrets, address: std::net::SocketAddr, files: &str, telegram: bool, twilio: bool) {
    let mut lines = vec![format!("{} for {}", concat!("warmline ", env!("CARGO_PKG_VERSION")), config.shop.name)];
    let mut row = |name: &str, on: bool, what: &str| lines.push(format!("  {} {name:<10} {what}", if on { "on " } else { "off" }));
    row("server", true, &format!("http://{address} (/healthz /readyz /metrics)"));
    row("store", true, &config.data.display().to_string());
    row("intents", true, files);
    let mode = format!("{:?}", config.mode).to_lowercase();
    row("mode", true, &mode);
    if config.calls.is_empty() {
        row("backend", true, "the demo shop; add [backend.order_status] to config.toml to use your own");
    } else {
        row("backend", true, &format!("{} calls", config.calls.len()));
    }
    row("telegram", telegram, if telegram { "customers can write" } else { "set WARMLINE_TELEGRAM_TOKEN" });
    let desk = !config.groups.is_empty() && telegram;
    let told = match config.groups.len() {
        0 | 1 => "staff are told in the group".to_string(),
        several => format!("staff are told in {several} groups"),
    };
    row("desk", desk, if desk { &told } else { "set [desk.telegram] chat_id to your staff's group" });
    if let Some(chatwoot) = &config.chatwoot {
        row("chatwoot", true, &format!("staff work in inbox {} of {}; its webhook leads to /desk/chatwoot", chatwoot.inbox, chatwoot.url));
    }
    let missing = match (&secrets.twilio_sid, &secrets.twilio_token) {
        _ if config.twilio_from.is_empty() => "set [sms.twilio] from to your number",
        (None, _) => "set WARMLINE_TWILIO_SID",
        _ => "set WARMLINE_TWILIO_TOKEN",
    };
    row("sms", twilio, if twilio { "customers can text" } else { missing });
    for user in &config.api {
        let token = format!("WARMLINE_API_{}", user.name.to_uppercase());
        let on = secrets.api.contains_key(&user.name.to_lowercase());
        let told = if user.webhook.is_some() { ", told what happens" } else { "" };
        lines.push(if on {
            format!("  on  api        {}{told}", user.name)
        } else {
            format!("  off api        {}: set {token}", user.name)
        });
    }
    let named: Vec<&str> = config.ways.iter().map(|way| way.way.name.as_str()).collect();
    if !named.is_empty() {
        lines.push(format!("  on  alerts     {}", named.join(", ")));
    }
    let ways: Vec<_> = config.all_ways().into_iter().filter(|way| telegram || way.kind != WayKind::Group).collect();
    let thin = crate::desk::thin(&config.ladder, &ways).filter(|_| telegram || twilio);
    lines.extend(thin.map(|thin| format!("  WARNING: {thin}.")));
    if !desk && config.chatwoot.is_none() && named.is_empty() {
        lines.push("  Nobody is told about handoffs yet; `warmline queue` shows them.".into());
    }
    print::line(lines.join("\n"));
}
