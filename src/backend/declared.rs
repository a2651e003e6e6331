//! Calls as `config.toml` declares them.
//!
//! Owns: `[backend.NAME]`, read with every mistake placed.
//! Leaves out: making the call (`http`).

use crate::engine::{CallShape, StaffCall, amount};
use crate::lexis::{Table, Templates};
use std::collections::BTreeMap;
use std::time::Duration;

/// What counts as which outcome; the first rule that fits decides.
#[derive(Clone, Debug, PartialEq)]
pub struct OutcomeRule {
    /// The HTTP status, where it matters.
    pub status: Option<u16>,
    /// A JSON pointer into the answer.
    pub field: Option<String>,
    /// What stands there.
    pub equals: Option<String>,
    /// The outcome.
    pub is: String,
    /// Fields that the reply may use: name → JSON pointer.
    pub fields: BTreeMap<String, String>,
}

/// One declared call.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpCall {
    /// GET, POST, PUT, PATCH or DELETE.
    pub method: String,
    /// Template; values are percent-encoded.
    pub url: String,
    /// Name → template; values with control characters are refused.
    pub headers: BTreeMap<String, String>,
    /// JSON whose texts are templates.
    pub body: Option<serde_json::Value>,
    /// How long the whole call may take.
    pub timeout: Duration,
    /// The longest answer that is read, in bytes.
    pub max_bytes: usize,
    /// May be made again when its end is not known.
    pub repeatable: bool,
    /// JSON pointer to the phone number on file.
    pub owner_phone: Option<String>,
    /// JSON pointer to the e-mail on file.
    pub owner_email: Option<String>,
    /// What counts as what.
    pub outcomes: Vec<OutcomeRule>,
    /// Slots that the templates use.
    pub params: Vec<String>,
    /// The templates use `proof`: the operator's system checks ownership itself.
    pub sends_proof: bool,
    /// A lookup with an `owner` that is made first; only what it finds to be the customer's goes on.
    pub check: Option<String>,
    /// It changes something: only with a code. True for everything but GET, unless declared otherwise.
    pub changes: bool,
    /// Only staff run it, for a customer whom they have.
    pub staff: Option<StaffCall>,
}

impl HttpCall {
    /// What the call takes and gives.
    pub fn shape(&self) -> CallShape {
        let mut shape = CallShape {
            params: self.params.clone(),
            changes: self.changes,
            sends: self.method != "GET",
            staff: self.staff.clone(),
            ..CallShape::default()
        };
        for rule in &self.outcomes {
            let fields = shape.outcomes.entry(rule.is.clone()).or_default();
            fields.extend(rule.fields.keys().cloned());
            fields.sort();
            fields.dedup();
        }
        shape
    }

    /// True when somebody checks that what is asked about is the customer's.
    pub fn checks_owner(&self) -> bool {
        self.sends_proof || self.check.is_some() || self.owner_phone.is_some() || self.owner_email.is_some()
    }
}

/// Reads `[backend.NAME]`.
pub fn read_call(table: &Table<'_>) -> Option<HttpCall> {
    table.only(&[
        "method",
        "url",
        "headers",
        "body",
        "timeout_secs",
        "max_bytes",
        "repeatable",
        "owner",
        "check",
        "changes",
        "outcome",
        "staff",
        "title",
        "limit",
    ]);
    const METHODS: [(&str, &str); 5] = [("GET", "GET"), ("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH"), ("DELETE", "DELETE")];
    let method = table.choice("method", &METHODS).map_or("GET", |method| method.value);
    let Some(url) = table.string("url") else {
        table.doc.error(table.span.clone(), "a call needs a `url`", "url = \"https://shop.example/orders/{{ order }}\"");
        return None;
    };
    if !url.value.starts_with("https://") && !url.value.starts_with("http://") {
        table.doc.error(url.span.clone(), "a URL begins with https:// (or http:// inside your own network)", "");
    }
    let mut templates = Templates::default();
    let mut check = |text: &str, span: std::ops::Range<usize>| match templates.add("t", text) {
        Ok(()) => templates.fields("t").into_iter().collect::<Vec<_>>(),
        Err(error) => {
            table.doc.error(span, format!("not a usable template: {error}"), "values are written {{ order }}");
            Vec::new()
        }
    };
    let mut used = check(&url.value, url.span.clone());
    let mut headers = BTreeMap::new();
    if let Some(list) = table.table("headers") {
        for key in list.keys() {
            if let Some(value) = list.string(&key.value) {
                used.extend(check(&value.value, value.span));
                headers.insert(key.value, value.value);
            }
        }
    }
    let body = table.table("body").map(|body| (body.json(), body.span));
    if let Some((body, span)) = &body {
        each_text(body, &mut |text| used.extend(check(text, span.clone())));
    }
    let seconds = table.number("timeout_secs").map_or(5.0, |seconds| seconds.value);
    let owner = table.table("owner");
    if let Some(owner) = &owner {
        owner.only(&["phone", "email"]);
    }
    if let Some(owner) = owner.as_ref().filter(|_| method != "GET") {
        let help =
            "compare before: check = \"order_status\" (a GET call with an `owner`), or send {{ proof.phone }} and let your system refuse";
        table.doc.error(owner.span.clone(), "`owner` compares with the answer, and by then this call has made its change", help);
    }
    let pointer = |key| owner.as_ref().and_then(|owner| owner.string(key)).map(|pointer| pointer.value);
    let outcomes = outcomes(table);
    if outcomes.is_empty() {
        table.doc.error(
            table.span.clone(),
            "no outcome: the bot could never answer",
            "add: [[backend.NAME.outcome]]\nstatus = 200\nis = \"found\"",
        );
    }
    let sends_proof = used.iter().any(|name| name == "proof");
    let by_staff = table.boolean("staff").is_some_and(|staff| staff.value);
    let own = |name: &String| ["proof", "secret", "code"].contains(&name.as_str()) || (by_staff && name == "staff");
    let mut params: Vec<String> = used.into_iter().filter(|name| !own(name)).collect();
    params.sort();
    params.dedup();
    let staff = for_staff(table, by_staff, &params);
    Some(HttpCall {
        method: method.to_string(),
        url: url.value,
        headers,
        body: body.map(|(body, _)| body),
        timeout: Duration::from_secs_f64(seconds.clamp(0.1, 60.0)),
        max_bytes: table.number("max_bytes").map_or(65_536, |bytes| bytes.value.clamp(1.0, 1e7) as usize),
        repeatable: table.boolean("repeatable").map_or(method == "GET", |repeatable| repeatable.value),
        owner_phone: pointer("phone"),
        owner_email: pointer("email"),
        outcomes,
        params,
        sends_proof,
        check: table.string("check").map(|check| check.value),
        changes: table.boolean("changes").map_or(method != "GET", |changes| changes.value),
        staff,
    })
}

/// What `staff = true` needs and allows.
fn for_staff(table: &Table<'_>, by_staff: bool, params: &[String]) -> Option<StaffCall> {
    if !by_staff {
        for key in ["title", "limit"].into_iter().filter(|key| table.has(key)) {
            table.doc.error(table.span.clone(), format!("`{key}` belongs to a call that staff run"), "staff = true");
        }
        return None;
    }
    for key in ["owner", "check"].into_iter().filter(|key| table.has(key)) {
        let help = "leave it out: whoever has the conversation vouches, and {{ staff.id }} tells your system who that is";
        table.doc.error(table.span.clone(), format!("`{key}` has no place in a call that staff run"), help);
    }
    let title = table.string("title").filter(|title| !title.value.trim().is_empty());
    if title.is_none() {
        table.doc.error(table.span.clone(), "a call that staff run needs a `title`", "title = \"gives the money of an order back\"");
    }
    let mut limits = BTreeMap::new();
    if let Some(table) = table.table("limit") {
        for key in table.keys() {
            let most = table.number(&key.value).map(|most| amount(&most.value.to_string()));
            match most {
                Some(Some(most)) if most > 0 && params.contains(&key.value) => drop(limits.insert(key.value, most)),
                Some(Some(most)) if most > 0 => {
                    table.doc.error(key.span, format!("`{}` is no value of this call", key.value), params.join(", "));
                }
                Some(_) => table.doc.error(key.span, "a limit is an amount above zero", "limit = { amount = 20 }"),
                None => {}
            }
        }
    }
    Some(StaffCall { title: title.map(|title| title.value).unwrap_or_default(), limits })
}

fn outcomes(table: &Table<'_>) -> Vec<OutcomeRule> {
    table
        .tables("outcome")
        .into_iter()
        .filter_map(|rule| {
            rule.only(&["status", "field", "equals", "is", "fields"]);
            let Some(is) = rule.string("is") else {
                rule.doc.error(rule.span.clone(), "an outcome needs a name", "is = \"found\"");
                return None;
            };
            let fields = rule.table("fields").map_or_else(BTreeMap::new, |fields| {
                fields.keys().into_iter().filter_map(|key| fields.string(&key.value).map(|pointer| (key.value, pointer.value))).collect()
            });
            for pointer in
                fields.values().chain(rule.string("field").map(|field| field.value).iter()).filter(|pointer| !pointer.starts_with('/'))
            {
                rule.doc.error(rule.span.clone(), format!("`{pointer}` is no JSON pointer"), "pointers begin with a slash: /delivery/eta");
            }
            Some(OutcomeRule {
                status: rule.number("status").map(|status| status.value as u16),
                field: rule.string("field").map(|field| field.value),
                equals: rule.string("equals").map(|equals| equals.value),
                is: is.value,
                fields,
            })
        })
        .collect()
}

/// Calls `with` for every text of a JSON value.
fn each_text(value: &serde_json::Value, with: &mut impl FnMut(&str)) {
    match value {
        serde_json::Value::String(text) => with(text),
        serde_json::Value::Array(items) => items.iter().for_each(|item| each_text(item, with)),
        serde_json::Value::Object(items) => items.values().for_each(|item| each_text(item, with)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexis::{Doc, Source};

    fn read(text: &str) -> (Option<HttpCall>, Vec<String>) {
        let source = Source::new("config.toml", text);
        let doc = Doc::new(&source);
        let call = doc.read(read_call);
        (call, doc.into_findings().into_iter().map(|finding| finding.message).collect())
    }

    #[test]
    fn what_staff_run_has_a_title_and_limits_on_its_own_values() {
        const OUTCOME: &str = "[[outcome]]\nstatus = 200\nis = \"done\"\n";
        let url = "method = \"POST\"\nurl = \"https://shop.example/{{ order }}/{{ amount }}?by={{ staff.id }}\"\n";
        let (call, mistakes) = read(&format!("staff = true\ntitle = \"pays\"\nlimit = {{ amount = 12.5 }}\n{url}{OUTCOME}"));
        let call = call.expect("a call");
        assert_eq!(mistakes, Vec::<String>::new());
        assert_eq!(call.params, ["amount", "order"], "who does it is no value");
        let limits = BTreeMap::from([("amount".to_string(), 12_50)]);
        assert_eq!(call.staff, Some(StaffCall { title: "pays".into(), limits }));
        for (text, mistake) in [
            ("staff = true\n", "a call that staff run needs a `title`"),
            ("staff = true\ntitle = \"pays\"\ncheck = \"order_status\"\n", "`check` has no place in a call that staff run"),
            ("staff = true\ntitle = \"pays\"\nlimit = { sum = 5 }\n", "`sum` is no value of this call"),
            ("staff = true\ntitle = \"pays\"\nlimit = { amount = 0 }\n", "a limit is an amount above zero"),
            ("title = \"pays\"\n", "`title` belongs to a call that staff run"),
        ] {
            assert_eq!(read(&format!("{text}{url}{OUTCOME}")).1, [mistake], "{text}");
        }
    }
}
