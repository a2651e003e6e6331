//! Declared calls over a real socket: escaping, ownership, outcomes, trouble, restarts.

use crate::house::{House, NUMBER, Plan};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use warmline::app::Config;
use warmline::backend::{Backend, Http};
use warmline::conversation::{CallRequest, Proof};
use warmline::lexis::Source;
use warmline::store::{CallRow, Change, KvStore, MemoryKv, Store};
use warmline::transport::http_client;

#[derive(Clone, Default)]
struct Shop {
    asked: Arc<Mutex<Vec<(String, String, Value)>>>,
}

impl Shop {
    fn note(&self, what: &str, headers: &HeaderMap, body: Value) {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("-").to_string();
        self.asked.lock().expect("a lock").push((
            what.to_string(),
            format!("{} {}", header("authorization"), header("idempotency-key")),
            body,
        ));
    }
}

async fn shop() -> (Shop, String) {
    let shop = Shop::default();
    let router = Router::new()
        .route(
            "/orders/{order}",
            get(|State(shop): State<Shop>, Path(order): Path<String>, headers: HeaderMap| async move {
                shop.note(&order, &headers, Value::Null);
                match order.as_str() {
                    "A1042" => (
                        StatusCode::OK,
                        json!({"state": "shipped", "eta": "2026-11-24", "sent": "2026-11-19", "who": {"phone": "+15550100001"}})
                            .to_string(),
                    ),
                    "A1043" => (StatusCode::OK, json!({"state": "weird"}).to_string()),
                    "A1044" => (StatusCode::OK, format!("\"{}\"", "x".repeat(100_000))),
                    "A1045" => (StatusCode::INTERNAL_SERVER_ERROR, "oops".into()),
                    _ => (StatusCode::NOT_FOUND, "{}".into()),
                }
            }),
        )
        .route(
            "/cancel",
            post(|State(shop): State<Shop>, headers: HeaderMap, body: String| async move {
                shop.note("cancel", &headers, serde_json::from_str(&body).unwrap_or(Value::Null));
                json!({"done": true}).to_string()
            }),
        )
        .with_state(shop.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (shop, url)
}

fn backend(url: &str) -> Http {
    let text = format!(
        r#"
[backend.order_status]
url     = "{url}/orders/{{{{ order }}}}"
headers = {{ Authorization = "Bearer {{{{ secret.SHOP }}}}" }}
owner   = {{ phone = "/who/phone" }}
[[backend.order_status.outcome]]
status = 404
is     = "not_found"
[[backend.order_status.outcome]]
status = 200
field  = "/state"
equals = "shipped"
is     = "shipped"
fields = {{ shipped_on = "/sent", eta = "/eta" }}

[backend.cancel_order]
method  = "POST"
url     = "{url}/cancel"
check   = "order_status"
body    = {{ order = "{{{{ order }}}}", phone = "{{{{ proof.phone }}}}" }}
[[backend.cancel_order.outcome]]
status = 200
is     = "cancelled"
"#
    );
    let config = Config::read(&Source::new("config.toml", text)).expect("reads");
    let secrets = BTreeMap::from([("SHOP".to_string(), SecretString::from("s3cret"))]);
    Http::new(http_client().expect("a client"), config.calls, secrets)
}

fn request(name: &str, order: &str, proof: Option<Proof>) -> CallRequest {
    CallRequest { number: 5, name: name.into(), params: BTreeMap::from([("order".to_string(), order.to_string())]), proof, staff: None }
}

#[tokio::test]
async fn outcomes_fields_ownership_and_trouble() {
    let (shop, url) = shop().await;
    let backend = backend(&url);
    let ana = || Some(Proof::Phone("+15550100001".into()));
    let now = "2026-11-20T12:00:00Z".parse().expect("a time");
    for (name, order, proof, wanted) in [
        ("shipped", "A1042", ana(), "shipped"),
        ("somebody else's", "A1042", Some(Proof::Phone("+15550100002".into())), "unproven"),
        ("without proof", "A1042", None, "unproven"),
        ("an outcome that nobody declared", "A1043", ana(), "error"),
        ("an answer that is too long", "A1044", ana(), "error"),
        ("a failing system", "A1045", ana(), "error"),
        ("not there", "A1", ana(), "not_found"),
        ("a value that would leave its place", "../cancel?x=1#", ana(), "not_found"),
    ] {
        assert_eq!(backend.call(&request("order_status", order, proof), "key-5", now).await.outcome, wanted, "{name}");
    }
    let returned = backend.call(&request("order_status", "A1042", ana()), "key-5", now).await;
    assert_eq!(returned.fields.keys().map(String::as_str).collect::<Vec<_>>(), ["eta", "shipped_on"], "personal data stays behind");
    assert_eq!(backend.call(&request("cancel_order", "A1042", ana()), "key-5", now).await.outcome, "cancelled");
    let ben = Some(Proof::Phone("+15550100002".into()));
    let before = shop.asked.lock().expect("a lock").len();
    assert_eq!(backend.call(&request("cancel_order", "A1042", ben), "key-6", now).await.outcome, "unproven");
    assert_eq!(shop.asked.lock().expect("a lock").len(), before + 1, "looked up, and not cancelled");
    let asked = shop.asked.lock().expect("a lock").clone();
    assert_eq!(asked[0].1, "Bearer s3cret -");
    assert_eq!(asked.iter().find(|(what, _, _)| what.contains("cancel?")).map(|(what, _, _)| what.as_str()), Some("../cancel?x=1#"));
    let (_, headers, body) = asked.iter().find(|(what, _, _)| what == "cancel").expect("a call");
    assert!(headers.ends_with("key-5"), "{headers}");
    assert_eq!(*body, json!({"order": "A1042", "phone": "+15550100001"}));
    assert_eq!(backend.call(&request("nothing", "A1042", ana()), "key-5", now).await.outcome, "error");
}

#[tokio::test]
async fn a_backend_that_does_not_answer_gets_an_honest_sentence() {
    let config = Config::read(&Source::new(
        "config.toml",
        "[backend.order_status]\nurl = \"http://127.0.0.1:1/{{ order }}\"\nowner = { phone = \"/phone\" }\n[[backend.order_status.outcome]]\nstatus = 404\nis = \"not_found\"\n",
    ))
    .expect("reads");
    let http: Arc<dyn Backend> = Arc::new(Http::new(http_client().expect("a client"), config.calls, BTreeMap::new()));
    let house = House::built(Plan { backend: Arc::new(Dead(http)), ..Plan::default() }).await;
    let said = house.text("+15550100001", "where is A1042").await;
    assert!(said[0].contains("I won't guess"), "{said:?}");
    assert!(house.text("+15550100001", "yes please").await[0].starts_with("Yes."));
}

/// The demo's calls, made to a system that is down.
struct Dead(Arc<dyn Backend>);

#[async_trait::async_trait]
impl Backend for Dead {
    fn shapes(&self) -> warmline::engine::CallShapes {
        warmline::backend::Demo::default().shapes()
    }

    fn repeatable(&self, _call: &str) -> bool {
        false
    }

    async fn call(&self, request: &CallRequest, key: &str, now: jiff::Timestamp) -> warmline::conversation::CallReturned {
        self.0.call(request, key, now).await
    }
}

#[tokio::test]
async fn a_call_that_was_cut_off_is_repeated_only_when_that_is_safe() {
    let store: Arc<dyn Store> = Arc::new(KvStore::open(MemoryKv::default()).expect("a store"));
    let (_, url) = shop().await;
    let house = House::built(Plan { backend: Arc::new(Cut(backend(&url))), store: store.clone(), ..Plan::default() }).await;
    // A change was confirmed, the call began, and the process died: the row says `started`.
    house.text("+15550100001", "cancel order A1042").await;
    let id = house.app.conversation(&warmline::conversation::Address {
        channel: "sms".into(),
        account: NUMBER.into(),
        sender: "+15550100001".into(),
    });
    let stored = store.load(id).await.expect("a store").expect("a state");
    let mut state = stored.state;
    let form = state.form.take().expect("a form");
    let number = state.next;
    state.next += 1;
    state.calls.insert(number, warmline::conversation::Pending { name: "cancel_order".into(), form });
    let mut change = Change::new(id, stored.version, state);
    let request = CallRequest { number, name: "cancel_order".into(), params: BTreeMap::new(), proof: None, staff: None };
    change.calls.push(CallRow { id, request, created: "2026-11-20T12:00:00Z".parse().expect("a time"), started: true });
    store.commit(change).await.expect("commits");
    house.app.settle().await;
    let said = house.twilio.texts_to("+15550100001");
    assert!(said.last().is_some_and(|text| text.contains("can't be sure that this went through")), "{said:?}");
    assert_eq!(store.queue().await.expect("a store").len(), 1, "a person checks");
}

/// Declared calls with the demo's shapes.
struct Cut(Http);

#[async_trait::async_trait]
impl Backend for Cut {
    fn shapes(&self) -> warmline::engine::CallShapes {
        warmline::backend::Demo::default().shapes()
    }

    fn repeatable(&self, call: &str) -> bool {
        self.0.repeatable(call)
    }

    async fn call(&self, request: &CallRequest, key: &str, now: jiff::Timestamp) -> warmline::conversation::CallReturned {
        self.0.call(request, key, now).await
    }
}
