//! Somebody who takes webhooks: keeps what came, answers what it is told to.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use std::sync::{Arc, Mutex, PoisonError};

/// One request.
#[derive(Clone, Debug)]
pub struct Got {
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Got {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_string()
    }
}

#[derive(Clone, Default)]
struct Inner {
    got: Arc<Mutex<Vec<Got>>>,
    status: Arc<Mutex<u16>>,
}

/// A running receiver.
pub struct Receiver {
    pub url: String,
    inner: Inner,
}

impl Receiver {
    pub async fn start() -> Self {
        let inner = Inner::default();
        inner.answer(200);
        let router = Router::new().fallback(take).with_state(inner.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Receiver { url, inner }
    }

    /// What it answers from now on.
    pub fn answer(&self, status: u16) {
        self.inner.answer(status);
    }

    /// What came on a path, in order.
    pub fn on(&self, path: &str) -> Vec<Got> {
        self.inner.got.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|got| got.path == path).cloned().collect()
    }
}

impl Inner {
    fn answer(&self, status: u16) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }
}

async fn take(State(inner): State<Inner>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let body = String::from_utf8_lossy(&body).into_owned();
    inner.got.lock().unwrap_or_else(PoisonError::into_inner).push(Got { path: uri.path().to_string(), headers, body });
    let status = *inner.status.lock().unwrap_or_else(PoisonError::into_inner);
    StatusCode::from_u16(status).expect("a status")
}
