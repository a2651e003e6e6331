//! Levels, kinds and subjects: the words that the rest of the house uses for how a customer is.

use serde::{Deserialize, Serialize};

/// How urgently a person is needed; later is more urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing noticed.
    #[default]
    None,
    /// Asks for a human.
    HumanRequest,
    /// Anger, exasperation, repeated failure.
    Frustration,
    /// Suffering without a stated risk.
    Distress,
    /// A risk to life or safety.
    Crisis,
}

impl Level {
    /// Every level above none, most urgent first.
    pub const ALL: [Level; 4] = [Level::Crisis, Level::Distress, Level::Frustration, Level::HumanRequest];

    /// As the contracts write it.
    pub fn name(self) -> &'static str {
        match self {
            Level::None => "none",
            Level::HumanRequest => "human_request",
            Level::Frustration => "frustration",
            Level::Distress => "distress",
            Level::Crisis => "crisis",
        }
    }
}

/// What a crisis is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Suicide or self-harm.
    SuicideSelfHarm,
    /// Violence or control at home.
    Abuse,
    /// Somebody threatens the customer.
    ThreatToCustomer,
    /// The customer threatens somebody.
    ThreatByCustomer,
    /// A medical emergency.
    Medical,
    /// A product that endangers.
    ProductDanger,
    /// Blackmail with intimate pictures.
    Sextortion,
    /// Danger, but not which.
    Unclear,
}

impl Kind {
    /// As the contracts write it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::SuicideSelfHarm => "suicide_self_harm",
            Kind::Abuse => "abuse",
            Kind::ThreatToCustomer => "threat_to_customer",
            Kind::ThreatByCustomer => "threat_by_customer",
            Kind::Medical => "medical",
            Kind::ProductDanger => "product_danger",
            Kind::Sextortion => "sextortion",
            Kind::Unclear => "unclear",
        }
    }

    pub(super) const NAMES: [(&'static str, Kind); 8] = [
        ("suicide_self_harm", Kind::SuicideSelfHarm),
        ("abuse", Kind::Abuse),
        ("threat_to_customer", Kind::ThreatToCustomer),
        ("threat_by_customer", Kind::ThreatByCustomer),
        ("medical", Kind::Medical),
        ("product_danger", Kind::ProductDanger),
        ("sextortion", Kind::Sextortion),
        ("unclear", Kind::Unclear),
    ];
}

/// Who is at risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The customer.
    #[serde(rename = "self")]
    Oneself,
    /// Somebody else.
    Other,
    /// A child.
    Child,
}
