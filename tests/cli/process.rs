//! The program as a process: contracts, folders, second starts.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use warmline::app::{Clock, SystemClock};
use warmline::conversation::{Address, ConversationId, State, Why};
use warmline::desk::ReviewRow;
use warmline::store::{Change, KvStore, SledKv, Store};

fn warmline(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warmline"));
    command.current_dir(folder).args(arguments).env("WARMLINE_LOG", "error").stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    warmline(folder, arguments).output().expect("runs")
}

/// Runs `understand` over lines; the answers and whether it ended well.
fn understand(lines: &[String]) -> (Vec<Value>, bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = warmline(folder.path(), &["understand"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
    let mut input = child.stdin.take().expect("a pipe");
    let text = lines.join("\n");
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).expect("writes"));
    let output = child.wait_with_output().expect("ends");
    writer.join().expect("writes");
    let answers = String::from_utf8(output.stdout).expect("UTF-8").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    (answers, output.status.success())
}

#[test]
fn understand_answers_in_the_contracts_shape() {
    let (answers, fine) = understand(&[
        json!({"id": "a", "text": "where is my order A1042", "unknown": 1}).to_string(),
        json!({"id": 2, "text": "é, i want to kill myself", "context": ["hello"]}).to_string(),
        json!({"id": 3, "text": "thanks", "context": ["i want to die"]}).to_string(),
        json!({"id": 4, "text": "A1042", "context": ["wheres my parcel"]}).to_string(),
        json!({"id": 5, "text": "asdf qwer"}).to_string(),
    ]);
    assert!(fine);
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        keys(&answers[0]),
        ["id", "verdict", "intent", "intents", "candidates", "slots", "care", "handoff", "handoff_reason", "offer", "language"]
    );
    assert_eq!(keys(&answers[0]["care"]), ["level", "kind", "subject", "minor", "score", "evidence"]);
    let at = |answer: usize, pointer: &str| answers[answer].pointer(pointer).cloned().unwrap_or(Value::Null);
    assert_eq!((at(0, "/verdict"), at(0, "/intent"), at(0, "/slots/order")), (json!("matched"), json!("order_status"), json!("A1042")));
    assert_eq!((at(0, "/handoff"), at(0, "/care/level")), (json!(false), json!("none")));
    assert_eq!(
        (at(1, "/care/level"), at(1, "/care/kind"), at(1, "/care/subject")),
        (json!("crisis"), json!("suicide_self_harm"), json!("self"))
    );
    assert_eq!((at(1, "/handoff"), at(1, "/handoff_reason")), (json!(true), json!("crisis")));
    let (start, end) =
        (at(1, "/care/evidence/0/start").as_u64().expect("a number"), at(1, "/care/evidence/0/end").as_u64().expect("a number"));
    let evidence = "é, i want to kill myself".get(start as usize..end as usize);
    assert_eq!(evidence.map(Value::from), Some(at(1, "/care/evidence/0/text")), "offsets are bytes");
    assert_eq!((at(2, "/handoff"), at(2, "/care/level")), (json!(true), json!("none")), "the context handed over");
    assert_eq!((at(3, "/intent"), at(3, "/slots/order")), (json!("order_status"), json!("A1042")));
    assert_eq!((at(4, "/verdict"), at(4, "/intent"), at(4, "/intents")), (json!("unmatched"), Value::Null, json!([])));
}

#[test]
fn a_thousand_lines_in_a_thousand_lines_out_in_order() {
    let lines: Vec<String> = (0..1_000)
        .map(|number| match number {
            500 => "{not json".to_string(),
            _ => json!({"id": number, "text": format!("where is order A{number:04}")}).to_string(),
        })
        .collect();
    let (answers, fine) = understand(&lines);
    assert_eq!(answers.len(), 1_000);
    assert!(!fine, "a bad line shows in the exit status");
    for (number, answer) in answers.iter().enumerate() {
        if number == 500 {
            assert!(answer["id"].is_null() && answer["error"].is_string(), "{answer}");
        } else {
            assert_eq!(answer["id"], json!(number));
        }
    }
}

#[test]
fn init_writes_what_check_and_test_accept_and_keeps_what_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(run(folder.path(), &["init", "shop"]).status.success());
    let shop = folder.path().join("shop");
    std::fs::write(shop.join("config.toml"), "[shop]\nname = \"Mine\"\n").expect("writes");
    let again = String::from_utf8_lossy(&run(folder.path(), &["init", "shop"]).stdout).into_owned();
    assert!(again.contains("kept    config.toml"), "{again}");
    assert!(std::fs::read_to_string(shop.join("config.toml")).expect("reads").contains("Mine"));
    assert!(run(&shop, &["check", "--deny-warnings"]).status.success());
    let tested = run(&shop, &["test"]);
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stdout));
}

/// Starts the server on a free port and waits until it says that it runs.
fn serve(folder: &Path) -> (Child, String) {
    std::fs::write(folder.join("config.toml"), "[server]\nlisten = \"127.0.0.1:0\"\n").expect("writes");
    let mut child = warmline(folder, &["serve"]).stdout(Stdio::piped()).spawn().expect("starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let url = lines.find_map(|line| line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_string)).expect("a URL");
    std::thread::spawn(move || lines.for_each(drop));
    (child, url)
}

#[tokio::test]
async fn a_running_bot_answers_its_endpoints_and_the_queue_and_has_its_folder_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, url) = serve(folder.path());
    for (path, wanted) in [("healthz", "ok"), ("readyz", "\"ready\":true"), ("metrics", "warmline")] {
        let answer = reqwest::get(format!("{url}/{path}")).await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.text().await.expect("a text").contains(wanted), "{path}");
    }
    for path in ["telegram/webhook", "sms/twilio"] {
        let answer = reqwest::Client::new().post(format!("{url}/{path}")).body("x").send().await.expect("an answer");
        assert_eq!(answer.status(), 404, "{path} is off");
    }
    let asked = run(folder.path(), &["queue", "--json"]);
    assert!(asked.status.success() && asked.stdout.is_empty(), "{}", String::from_utf8_lossy(&asked.stderr));
    // A drill's conversation can be exported, with what care heard in it.
    let drill = run(folder.path(), &["drill"]);
    let shown = String::from_utf8_lossy(&drill.stdout).into_owned();
    let id = shown.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 8).expect("an id").to_string();
    let mut exported = run(folder.path(), &["export", &id]);
    for _ in 0..200 {
        if String::from_utf8_lossy(&exported.stdout).contains("suicide_wish") {
            break;
        }
        exported = run(folder.path(), &["export", &id]);
    }
    let export: serde_json::Value = serde_json::from_slice(&exported.stdout).expect("JSON");
    assert_eq!((&export["channel"], &export["handoff"]["urgency"]), (&"drill".into(), &"crisis".into()));
    assert!(export["transcript"].to_string().contains("evidence"), "{export}");
    assert_eq!(run(folder.path(), &["export", "00000000"]).status.code(), Some(1));
    assert_eq!(run(folder.path(), &["export", "ana"]).status.code(), Some(2));
    // The review list is asked of the running bot; a drill is none of it.
    let review = run(folder.path(), &["review", "--json"]);
    let review: Value = serde_json::from_slice(&review.stdout).expect("JSON");
    assert_eq!((&review["crises"], &review["rows"]), (&json!(0), &json!([])), "{review}");
    assert_eq!(run(folder.path(), &["review", "--done", &id]).status.code(), Some(1));
    let second = run(folder.path(), &["serve"]);
    assert_eq!(second.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use by another process"), "{}", String::from_utf8_lossy(&second.stderr));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join("data/control.sock")).expect("a socket").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let asked = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().expect("asks");
    assert!(asked.success());
    assert!(child.wait().expect("ends").success(), "it ends well when it is asked to");
}

#[test]
fn broken_files_at_the_first_start_mean_safe_mode_or_strict_refusal() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("intents")).expect("a folder");
    std::fs::write(folder.path().join("intents/x.toml"), "nonsense = [").expect("writes");
    let strict = run(folder.path(), &["serve", "--strict"]);
    assert_eq!(strict.status.code(), Some(3));
    std::fs::write(folder.path().join("config.toml"), "[server]\nlisten = \"x\"\n").expect("writes");
    let config = run(folder.path(), &["serve"]);
    assert_eq!(config.status.code(), Some(3));
    let shown = String::from_utf8_lossy(&config.stderr).into_owned();
    assert!(shown.contains("config.toml:2:10"), "{shown}");
}

#[test]
fn explain_shows_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let shown = String::from_utf8_lossy(&run(folder.path(), &["explain", "wheres my parcel A1042"]).stdout).into_owned();
    for wanted in ["order_number = A1042", "Care      none", "Verdict   order_status", "The customer would read"] {
        assert!(shown.contains(wanted), "{wanted} in {shown}");
    }
    let json = run(folder.path(), &["explain", "--json", "wheres my parcel"]);
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["verdict"], json!("order_status"));
}

#[test]
fn what_was_read_again_is_marked_in_a_stopped_store_and_in_a_running_bot() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = SystemClock.now();
    let id = |number: u8| ConversationId::from_bytes([number; 16]);
    {
        let store = KvStore::open(SledKv::open(&folder.path().join("data"), || false).expect("opens")).expect("opens");
        for number in [1, 2] {
            let address = Address { channel: "sms".into(), account: "+1".into(), sender: number.to_string() };
            let row = ReviewRow { id: id(number), why: Why::Crisis, at: now, channel: "sms".into(), about: 3, done: None };
            let change = Change { reviews: vec![row], ..Change::new(id(number), 0, State::new(address)) };
            futures::executor::block_on(store.commit(change)).expect("commits");
        }
    }
    let shown = |output: Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let list = shown(run(folder.path(), &["review"]));
    assert!(list.contains("2 crises") && list.contains("2 not looked at") && list.contains("sms, 01010101 #3"), "{list}");
    assert!(shown(run(folder.path(), &["weekly"])).contains("To be read again: 2 of 2 not looked at"));
    assert_eq!(shown(run(folder.path(), &["review", "--done", "01010101", "--note", "all\nwell"])), "Looked at: 01010101.\n");
    let (mut child, _) = serve(folder.path());
    assert_eq!(shown(run(folder.path(), &["review", "--done", "02020202"])), "Looked at: 02020202.\n");
    assert_eq!(shown(run(folder.path(), &["review", "--done", "02020202"])), "That was looked at before.\n");
    let list: Value = serde_json::from_slice(&run(folder.path(), &["review", "--json"]).stdout).expect("JSON");
    assert_eq!((&list["open"], &list["rows"][0]["done"]["note"]), (&json!(0), &json!("all well")), "{list}");
    assert!(shown(run(folder.path(), &["export", "01010101"])).contains("all well"), "it is kept of them");
    child.kill().expect("ends");
    child.wait().expect("ends");
}
