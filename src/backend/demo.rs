//! A small shop inside the binary, so that the bot can be tried with nothing to set up.
//!
//! Owns: a dozen orders in every state, a dozen customers; changes last until the process ends.
//! Invariants: answers as a real shop's system would, ownership included; dates are relative to the passed time.
//! Leaves out: sending. Where a real shop would mail a link or a code, the demo only says that it did.

use super::{Backend, ended, owns};
use crate::conversation::{CallRequest, CallReturned};
use crate::engine::{CallShape, CallShapes, StaffCall};
use async_trait::async_trait;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A customer of the demo: phone and e-mail.
const CUSTOMERS: [(&str, &str); 12] = [
    ("+15550100001", "ana@example.com"),
    ("+15550100002", "ben@example.com"),
    ("+15550100003", "chidi@example.com"),
    ("+15550100004", "dana@example.com"),
    ("+15550100005", "emre@example.com"),
    ("+15550100006", "fatima@example.com"),
    ("+15550100007", "george@example.com"),
    ("+15550100008", "hana@example.com"),
    ("+15550100009", "ines@example.com"),
    ("+15550100010", "jamal@example.com"),
    ("+15550100011", "kofi@example.com"),
    ("+15550100012", "lena@example.com"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Status {
    Processing,
    Shipped,
    OutForDelivery,
    Delivered { days_ago: i64 },
    Delayed,
    Lost,
    Cancelled,
    Returned,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Refund {
    None,
    Pending,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Payment {
    Paid,
    Declined,
    Pending,
    Twice,
}

#[derive(Clone, Debug)]
struct Order {
    customer: usize,
    status: Status,
    refund: Refund,
    payment: Payment,
    returning: bool,
}

/// The shop. Ana (customer 0, the one that `chat` writes as) has the first seven orders.
pub struct Demo {
    orders: Mutex<BTreeMap<String, Order>>,
}

impl Default for Demo {
    fn default() -> Self {
        use Payment::{Declined, Paid, Pending as PaymentPending, Twice};
        use Refund::{Done, None as NoRefund, Pending};
        use Status::{Cancelled, Delayed, Delivered, Lost, OutForDelivery, Processing, Returned, Shipped};
        let rows = [
            ("A1041", 0, Processing, NoRefund, Paid),
            ("A1042", 0, Shipped, NoRefund, Paid),
            ("A1043", 0, OutForDelivery, NoRefund, Paid),
            ("A1044", 0, Delivered { days_ago: 4 }, NoRefund, Twice),
            ("A1045", 0, Delayed, NoRefund, Paid),
            ("A1046", 0, Cancelled, Pending, Paid),
            ("A1047", 0, Returned, Done, Paid),
            ("A1048", 1, Lost, NoRefund, Paid),
            ("A1049", 2, Processing, NoRefund, Declined),
            ("A1050", 3, Processing, NoRefund, PaymentPending),
            ("A1051", 4, Delivered { days_ago: 60 }, NoRefund, Paid),
            ("A1052", 5, Shipped, NoRefund, Paid),
        ];
        let order = |(number, customer, status, refund, payment): (&str, usize, Status, Refund, Payment)| {
            (number.to_string(), Order { customer, status, refund, payment, returning: false })
        };
        Demo { orders: Mutex::new(rows.into_iter().map(order).collect()) }
    }
}

/// How long something may be sent back.
const RETURN_DAYS: i64 = 30;

impl Demo {
    /// The phone number of the customer that `chat` writes as.
    pub const CHAT_PHONE: &'static str = CUSTOMERS[0].0;

    fn answer(&self, request: &CallRequest, now: Timestamp) -> Option<(&'static str, BTreeMap<String, Value>)> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let day = |ahead: i64| json!(today.checked_add(ahead.days()).map(|date| date.to_string()).unwrap_or_default());
        let with = |outcome, fields: &[(&str, Value)]| {
            Some((outcome, fields.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect()))
        };
        let name = request.name.as_str();
        if matches!(name, "reset_link" | "unlock_link") {
            return with("sent", &[]);
        }
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let order = orders.get_mut(request.params.get("order")?)?;
        let (phone, email) = CUSTOMERS[order.customer];
        // Whoever works here has looked; what they do is not the customer's own doing.
        if request.staff.is_some() {
            return match name {
                "refund" if order.refund != Refund::None => with("already", &[]),
                "refund" => {
                    order.refund = Refund::Pending;
                    with("refunded", &[("refund_by", day(5))])
                }
                "resend" if matches!(order.status, Status::Processing | Status::Cancelled) => with("refused", &[]),
                "resend" => {
                    order.status = Status::Processing;
                    with("sent_again", &[("ship_by", day(1))])
                }
                "goodwill" => with("credited", &[("amount", json!(request.params.get("amount")))]),
                _ => with("error", &[]),
            };
        }
        if !owns(request.proof.as_ref(), Some(phone), Some(email)) {
            return with("unproven", &[]);
        }
        match (name, order.status) {
            ("send_code", _) | ("invoice_copy", _) => with("sent", &[]),
            ("order_status", Status::Processing) => with("processing", &[("ship_by", day(1))]),
            ("order_status", Status::Shipped) => with("shipped", &[("shipped_on", day(-1)), ("eta", day(2))]),
            ("order_status", Status::OutForDelivery) => with("out_for_delivery", &[]),
            ("order_status", Status::Delivered { days_ago }) => with("delivered", &[("delivered_on", day(-days_ago))]),
            ("order_status", Status::Delayed) => with("delayed", &[("eta", day(5))]),
            ("order_status", Status::Lost) => with("lost", &[]),
            ("order_status", Status::Cancelled) => with("cancelled", &[("cancelled_on", day(-3))]),
            ("order_status", Status::Returned) => with("returned", &[]),
            ("cancel_order", Status::Processing | Status::Delayed) => {
                order.status = Status::Cancelled;
                order.refund = Refund::Pending;
                with("cancelled", &[("refund_by", day(5))])
            }
            ("cancel_order", Status::Cancelled) => with("already", &[]),
            ("cancel_order", _) => with("too_late", &[]),
            ("change_address", Status::Processing | Status::Delayed) => with("changed", &[]),
            ("change_address", _) => with("too_late", &[]),
            ("refund_status", _) => match order.refund {
                Refund::None => with("none", &[]),
                Refund::Pending => with("pending", &[("refund_by", day(5))]),
                Refund::Done => with("refunded", &[("refunded_on", day(-2))]),
            },
            ("return_item", _) if order.returning => with("already", &[]),
            ("return_item", Status::Returned) => with("already", &[]),
            ("return_item", Status::Delivered { days_ago }) if days_ago > RETURN_DAYS => with("too_late", &[]),
            ("return_item", Status::Delivered { days_ago }) => {
                order.returning = true;
                with("started", &[("return_by", day(RETURN_DAYS - days_ago))])
            }
            ("return_item", _) => with("not_delivered", &[]),
            ("payment_status", _) => match order.payment {
                Payment::Paid => with("paid", &[]),
                Payment::Declined => with("declined", &[]),
                Payment::Pending => with("pending", &[]),
                Payment::Twice => with("charged_twice", &[]),
            },
            _ => with("error", &[]),
        }
    }
}

impl Demo {
    /// What only staff do.
    fn for_staff() -> impl Iterator<Item = (String, CallShape)> {
        let shape = |title: &str, params: &[&str], limits: &[(&str, u64)]| CallShape {
            params: params.iter().map(ToString::to_string).collect(),
            staff: Some(StaffCall {
                title: title.into(),
                limits: limits.iter().map(|(name, most)| ((*name).to_string(), *most)).collect(),
            }),
            ..CallShape::default()
        };
        [
            ("refund", shape("gives the money of an order back", &["order"], &[])),
            ("resend", shape("sends an order again", &["order"], &[])),
            ("goodwill", shape("credits something for the trouble", &["amount", "order"], &[("amount", 20_00)])),
        ]
        .into_iter()
        .map(|(name, shape)| (name.to_string(), shape))
    }
}

#[async_trait]
impl Backend for Demo {
    fn shapes(&self) -> CallShapes {
        let shape = |params: &[&str], outcomes: &[(&str, &[&str])]| CallShape {
            params: params.iter().map(ToString::to_string).collect(),
            outcomes: outcomes
                .iter()
                .map(|(outcome, fields)| ((*outcome).to_string(), fields.iter().map(ToString::to_string).collect()))
                .collect(),
            changes: false,
            sends: false,
            staff: None,
        };
        let order: &[&str] = &["order"];
        [
            (
                "order_status",
                shape(
                    order,
                    &[
                        ("processing", &["ship_by"]),
                        ("shipped", &["shipped_on", "eta"]),
                        ("out_for_delivery", &[]),
                        ("delivered", &["delivered_on"]),
                        ("delayed", &["eta"]),
                        ("lost", &[]),
                        ("cancelled", &["cancelled_on"]),
                        ("returned", &[]),
                        ("not_found", &[]),
                    ],
                ),
            ),
            ("cancel_order", shape(order, &[("cancelled", &["refund_by"]), ("too_late", &[]), ("already", &[]), ("not_found", &[])])),
            ("change_address", shape(&["order", "address"], &[("changed", &[]), ("too_late", &[]), ("not_found", &[])])),
            (
                "refund_status",
                shape(order, &[("refunded", &["refunded_on"]), ("pending", &["refund_by"]), ("none", &[]), ("not_found", &[])]),
            ),
            (
                "return_item",
                shape(
                    order,
                    &[("started", &["return_by"]), ("too_late", &[]), ("not_delivered", &[]), ("already", &[]), ("not_found", &[])],
                ),
            ),
            ("invoice_copy", shape(order, &[("sent", &[]), ("not_found", &[])])),
            (
                "payment_status",
                shape(order, &[("paid", &[]), ("declined", &[]), ("pending", &[]), ("charged_twice", &[]), ("not_found", &[])]),
            ),
            ("reset_link", shape(&["email"], &[("sent", &[])])),
            ("unlock_link", shape(&["email"], &[("sent", &[])])),
            ("send_code", shape(order, &[("sent", &[]), ("not_found", &[])])),
        ]
        .into_iter()
        .map(|(name, shape)| {
            let changes = ["cancel_order", "change_address", "return_item"].contains(&name);
            let sends = ["invoice_copy", "reset_link", "unlock_link", "send_code"].contains(&name);
            (name.to_string(), CallShape { changes, sends, ..shape })
        })
        .chain(Demo::for_staff())
        .collect()
    }

    fn repeatable(&self, _call: &str) -> bool {
        true
    }

    async fn call(&self, request: &CallRequest, _key: &str, now: Timestamp) -> CallReturned {
        match self.answer(request, now) {
            Some((outcome, fields)) => CallReturned { call: request.number, outcome: outcome.to_string(), fields },
            None => ended(request, "not_found"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Proof;

    #[tokio::test]
    async fn the_shop_answers_owners_only() {
        let demo = Demo::default();
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().expect("a time");
        let outcome = async |name: &str, order: &str, proof: Option<Proof>| {
            let params = BTreeMap::from([("order".to_string(), order.to_string())]);
            let request = CallRequest { number: 1, name: name.into(), params, proof, staff: None };
            demo.call(&request, "key", now).await.outcome
        };
        let ana = || Some(Proof::Phone("+15550100001".into()));
        assert_eq!(outcome("order_status", "A1042", ana()).await, "shipped");
        assert_eq!(outcome("order_status", "A1048", ana()).await, "unproven");
        assert_eq!(outcome("order_status", "A1048", Some(Proof::Email("ben@example.com".into()))).await, "lost");
        assert_eq!(outcome("order_status", "A9999", ana()).await, "not_found");
        assert_eq!(outcome("cancel_order", "A1041", ana()).await, "cancelled");
        assert_eq!(outcome("cancel_order", "A1041", ana()).await, "already");
        assert_eq!(outcome("refund_status", "A1041", ana()).await, "pending");
    }
}
