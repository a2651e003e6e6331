//! Kill -9, for real: the program under load, killed and started again, loses no acknowledged message.

use crate::support::fake_twilio::FakeTwilio;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const SID: &str = "AC00000000000000000000000000000001";
const TOKEN: &str = "twilio-token";
const PUBLIC: &str = "https://bot.example.com";
/// Messages that are acknowledged between two kills.
const BETWEEN: usize = 25;

/// Starts the program and waits for the line in which it says where it listens.
fn start(folder: &std::path::Path) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_warmline"))
        .current_dir(folder)
        .env("WARMLINE_TWILIO_SID", SID)
        .env("WARMLINE_TWILIO_TOKEN", TOKEN)
        .env("WARMLINE_LOG", "error")
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let url = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.split_whitespace().find(|word| word.starts_with("http://127")).map(str::to_string))
        .expect("it says where it listens");
    // The rest is read, so that the pipe never fills.
    std::thread::spawn(move || lines.for_each(drop));
    (child, url)
}

#[expect(clippy::print_stdout, reason = "the figures are for people")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_at_any_moment_loses_no_acknowledged_message() {
    let kills: usize = std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(8);
    let twilio = FakeTwilio::start(SID, TOKEN).await;
    let folder = tempfile::tempdir().expect("a folder");
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"{PUBLIC}\"\n[sms.twilio]\napi_url = \"{}\"\nfrom = \"{}\"\n",
        twilio.base_url(),
        crate::support::fake_twilio::NUMBER
    );
    std::fs::write(folder.path().join("config.toml"), config).expect("writes");
    let acknowledged: Arc<Mutex<Vec<String>>> = Arc::default();
    let next = Arc::new(AtomicUsize::new(0));
    for _ in 0..kills {
        let (mut child, url) = start(folder.path());
        let hook = format!("{url}/sms/twilio");
        let target = acknowledged.lock().expect("a lock").len() + BETWEEN;
        let senders = (0..8).map(|_| {
            let (twilio, hook, acknowledged, next) = (twilio.clone(), hook.clone(), acknowledged.clone(), next.clone());
            tokio::spawn(async move {
                let client = reqwest::Client::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let from = format!("+1556{number:07}");
                    let fields = twilio.inbound_fields(&from, "when do you open", &format!("SM{number:032}"));
                    let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                    let signature = twilio.sign(&format!("{PUBLIC}/sms/twilio"), &pairs);
                    let request = client.post(&hook).header("x-twilio-signature", signature).form(&pairs);
                    match request.send().await {
                        Ok(answer) if answer.status().is_success() => acknowledged.lock().expect("a lock").push(from),
                        // The process is gone.
                        _ => return,
                    }
                }
            })
        });
        let senders: Vec<_> = senders.collect();
        while acknowledged.lock().expect("a lock").len() < target {
            tokio::task::yield_now().await;
        }
        child.kill().expect("SIGKILL");
        child.wait().expect("it is gone");
        futures::future::join_all(senders).await;
    }
    let (mut child, _) = start(folder.path());
    let all = acknowledged.lock().expect("a lock").clone();
    println!("kills={kills} acknowledged={} sent={}", all.len(), next.load(Ordering::Relaxed));
    for from in &all {
        twilio.wait_for(&format!("an answer to {from}"), |view| !view.texts_to(from).is_empty()).await;
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("it is gone");
}
