//! The program with Chatwoot, from its configuration to an agent's claim.

use crate::support::fake_chatwoot::{FakeChatwoot, SECRET, TOKEN};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn warmline(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warmline"));
    command.current_dir(folder).args(arguments).env("WARMLINE_LOG", "error").stdin(Stdio::null());
    command
}

/// Ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks until the answer is yes.
async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let asks = async {
        while !done() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asks).await.unwrap_or_else(|_| panic!("waited in vain for: {what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_is_read_in_chatwoot_and_claimed_there() {
    let chatwoot = FakeChatwoot::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let config = format!("[server]\nlisten = \"127.0.0.1:0\"\n[desk.chatwoot]\nurl = \"{}\"\naccount = 1\ninbox = 7\n", chatwoot.url());
    std::fs::write(folder.path().join("config.toml"), config).expect("writes");

    let checked = warmline(folder.path(), &["check", "--notes", "--json"]).output().expect("runs");
    let checked = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.contains("staff work in Chatwoot: account 1, inbox 7") && checked.contains("/desk/chatwoot"), "{checked}");
    for (token, wanted) in [(None, "WARMLINE_CHATWOOT_TOKEN"), (Some(TOKEN), "WARMLINE_CHATWOOT_SECRET")] {
        let mut serve = warmline(folder.path(), &["serve"]);
        serve.envs(token.map(|token| ("WARMLINE_CHATWOOT_TOKEN", token)));
        let refused = serve.output().expect("runs");
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(3) && why.contains(wanted), "without a signature it doesn't start: {why}");
    }

    let mut serve = warmline(folder.path(), &["serve"]);
    serve.env("WARMLINE_CHATWOOT_TOKEN", TOKEN).env("WARMLINE_CHATWOOT_SECRET", SECRET).stdout(Stdio::piped());
    let mut running = Running(serve.spawn().expect("starts"));
    let mut lines = BufReader::new(running.0.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let url = lines.find_map(|line| line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_string)).expect("a URL");
    let banner = lines.find(|line| line.contains("chatwoot")).expect("a line about it");
    assert!(banner.contains("on  chatwoot") && !banner.contains(TOKEN), "{banner}");
    std::thread::spawn(move || lines.for_each(drop));

    assert!(warmline(folder.path(), &["drill"]).output().expect("runs").status.success(), "commands are heard once the banner is shown");
    until("a note", || chatwoot.rooms().first().is_some_and(|room| room.messages.iter().any(|said| said.content.contains("DRILL")))).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
    let webhook = chatwoot.assign(Some((3, "Bob Stone")));
    let client = reqwest::Client::new();
    let answer = chatwoot.post(&client, &format!("{url}/desk/chatwoot"), i64::try_from(now).expect("a time"), &webhook).await;
    assert_eq!(answer, 200);
    let queue = || String::from_utf8_lossy(&warmline(folder.path(), &["queue", "--json"]).output().expect("runs").stdout).into_owned();
    until("a claim", || queue().contains("Bob")).await;
    drop(running);
}
