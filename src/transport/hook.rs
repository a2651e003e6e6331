//! Webhooks that we call.
//!
//! Owns: one POST with a JSON body, and what its answer means.
//! Invariants: errors carry a status and never a URL, which may itself be a secret.
//! Leaves out: bodies and signatures (`alert`).

use super::SendError;
use std::time::Duration;

/// Posts a body that is JSON already, with more headers.
///
/// # Errors
/// Everything but a 2xx answer; what may pass (429, 5xx, no answer) as [`SendError::Later`].
pub async fn post(client: &reqwest::Client, url: &str, headers: &[(&str, String)], body: String) -> Result<(), SendError> {
    let mut request = client.post(url).header("content-type", "application/json").body(body);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = request.send().await.map_err(|_| SendError::Later(None))?;
    let after = response.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    match response.status().as_u16() {
        200..=299 => Ok(()),
        // A redirect is not followed: a signature is made for one receiver.
        408 | 425 | 429 | 500..=599 => Err(SendError::Later(after)),
        404 | 410 => Err(SendError::Unknown),
        status => Err(SendError::Refused(format!("HTTP {status}"))),
    }
}
