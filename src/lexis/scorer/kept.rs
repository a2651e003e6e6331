//! A scorer as it is kept for the next start.
//!
//! Owns: which of its parts are kept, and which are made again from those.
//! Invariants: what doesn't fit together is no scorer.

use super::features::{Rarity, Recipe};
use super::meaning::DIMENSIONS;
use super::{Calibration, Scorer};
use serde::{Deserialize, Serialize};

/// The parts.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    recipe: Recipe,
    levels: Vec<u8>,
    known: Vec<Box<str>>,
    classes: usize,
    weights: Vec<i8>,
    scale: Vec<f32>,
    bias: Vec<f32>,
    calibration: Calibration,
}

impl From<Scorer> for Kept {
    fn from(scorer: Scorer) -> Self {
        let mut known: Vec<Box<str>> = scorer.known.into_iter().collect();
        known.sort_unstable();
        Kept {
            recipe: scorer.rarity.recipe,
            levels: scorer.rarity.into_levels(),
            known,
            classes: scorer.classes,
            weights: scorer.weights,
            scale: scorer.scale,
            bias: scorer.bias,
            calibration: scorer.calibration,
        }
    }
}

impl TryFrom<Kept> for Scorer {
    type Error = &'static str;

    fn try_from(kept: Kept) -> Result<Self, Self::Error> {
        let Kept { recipe, levels, known, classes, weights, scale, bias, calibration } = kept;
        let fits = recipe.buckets.is_power_of_two()
            && levels.len() == recipe.buckets
            && Some(weights.len()) == (recipe.buckets + DIMENSIONS).checked_mul(classes)
            && [scale.len(), bias.len()] == [classes; 2];
        if !fits {
            return Err("the parts of a scorer don't fit together");
        }
        let rarity = Rarity::new(recipe, levels);
        let known = known.into_iter().collect();
        Ok(Scorer { rarity, known, classes, weights, scale, bias, alone: None, calibration }.ready())
    }
}
