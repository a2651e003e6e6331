//! Secrets.
//!
//! Owns: reading them from the environment, or from the files that it names.
//! Invariants: `Debug` shows none.
//! Leaves out: what they open.

use secrecy::SecretString;
use std::collections::BTreeMap;

/// Secrets, from the environment or from files.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// The bot's token.
    pub telegram_token: Option<SecretString>,
    /// The webhook's secret.
    pub telegram_secret: Option<SecretString>,
    /// Twilio's account.
    pub twilio_sid: Option<String>,
    /// Twilio's token.
    pub twilio_token: Option<SecretString>,
    /// The mail server's password.
    pub smtp_password: Option<SecretString>,
    /// Chatwoot's token.
    pub chatwoot_token: Option<SecretString>,
    /// What Chatwoot signs its webhooks with.
    pub chatwoot_secret: Option<SecretString>,
    /// For ways to staff: `WARMLINE_ALERT_ONCALL` belongs to `oncall`; names in lower case.
    pub alerts: BTreeMap<String, SecretString>,
    /// For the API: `WARMLINE_API_CRM` belongs to `crm`; names in lower case.
    pub api: BTreeMap<String, SecretString>,
    /// What events to other systems are signed with: `WARMLINE_WEBHOOK_CRM` belongs to `crm`; names in lower case.
    pub webhooks: BTreeMap<String, SecretString>,
    /// For declared calls: `WARMLINE_SECRET_SHOP` is `secret.SHOP`.
    pub calls: BTreeMap<String, SecretString>,
}

impl Secrets {
    /// Reads them with `variable`; `NAME_FILE` names a file that holds `NAME`.
    ///
    /// # Errors
    /// A file that is named can't be read.
    pub fn read(variables: &BTreeMap<String, String>) -> Result<Self, String> {
        let get = |name: &str| -> Result<Option<String>, String> {
            if let Some(value) = variables.get(name).filter(|value| !value.trim().is_empty()) {
                return Ok(Some(value.trim().to_string()));
            }
            let Some(path) = variables.get(&format!("{name}_FILE")) else { return Ok(None) };
            let value = std::fs::read_to_string(path).map_err(|error| format!("{name}_FILE can't be read: {error}"))?;
            Ok(Some(value.trim().to_string()).filter(|value| !value.is_empty()))
        };
        let secret = |name: &str| get(name).map(|value| value.map(SecretString::from));
        let mut calls = BTreeMap::new();
        for name in variables.keys().filter_map(|name| name.strip_prefix("WARMLINE_SECRET_")) {
            let name = name.strip_suffix("_FILE").unwrap_or(name);
            if let Some(value) = secret(&format!("WARMLINE_SECRET_{name}"))? {
                calls.insert(name.to_string(), value);
            }
        }
        let named = |prefix: &str| -> Result<BTreeMap<String, SecretString>, String> {
            let mut named = BTreeMap::new();
            for name in variables.keys().filter_map(|name| name.strip_prefix(prefix)) {
                let name = name.strip_suffix("_FILE").unwrap_or(name);
                if let Some(value) = secret(&format!("{prefix}{name}"))? {
                    named.insert(name.to_lowercase(), value);
                }
            }
            Ok(named)
        };
        Ok(Secrets {
            smtp_password: secret("WARMLINE_SMTP_PASSWORD")?,
            alerts: named("WARMLINE_ALERT_")?,
            api: named("WARMLINE_API_")?,
            webhooks: named("WARMLINE_WEBHOOK_")?,
            telegram_token: secret("WARMLINE_TELEGRAM_TOKEN")?,
            telegram_secret: secret("WARMLINE_TELEGRAM_SECRET")?,
            twilio_sid: get("WARMLINE_TWILIO_SID")?,
            twilio_token: secret("WARMLINE_TWILIO_TOKEN")?,
            calls,
            chatwoot_token: secret("WARMLINE_CHATWOOT_TOKEN")?,
            chatwoot_secret: secret("WARMLINE_CHATWOOT_SECRET")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_from_variables_and_files_and_never_show() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "hunter2\n").expect("writes");
        let variables = BTreeMap::from([
            ("WARMLINE_TELEGRAM_TOKEN".to_string(), "7:abc".to_string()),
            ("WARMLINE_TWILIO_TOKEN_FILE".to_string(), file.path().display().to_string()),
            ("WARMLINE_SECRET_SHOP".to_string(), "s3cret".to_string()),
        ]);
        let secrets = Secrets::read(&variables).expect("reads");
        assert!(secrets.twilio_token.is_some() && secrets.calls.contains_key("SHOP"));
        let shown = format!("{secrets:?}");
        assert!(!shown.contains("abc") && !shown.contains("hunter2") && !shown.contains("s3cret"), "{shown}");
    }
}
