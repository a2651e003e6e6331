//! From a score to a chance: how likely is it that the intent is one of these and the right one?
//!
//! Owns: the logistic curve over score and lead, and its fit without messages that are out of scope.
//! Invariants: a higher score never means a lower chance; with too few lines to learn from, the curve that fitted many sets
//! is used as it is.
//! How it is fitted: some of the intents are hidden and some lines of the rest held out, several times; the hidden intents'
//! lines stand for requests that nobody foresaw, lines of everyday chatter for the rest of the world. The two together are
//! weighted as [`OUT_OF_SCOPE`] of all messages: that is the share which the default threshold assumes.
//! Source: logistic calibration after J. Platt (1999), as ridge regression towards a prior curve.

/// The share of messages that ask for nothing that the intents cover, as the default threshold assumes it.
pub const OUT_OF_SCOPE: f32 = 0.4;

/// The curve: chance = logistic(slope × score + lead × (score − best other score) + base).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Calibration {
    /// What one unit of score is worth.
    pub slope: f32,
    /// What one unit of lead over the next intent is worth.
    pub lead: f32,
    /// Where a score of 0 without lead stands.
    pub base: f32,
}

impl Default for Calibration {
    /// Fitted on six public sets with 5 to 130 lines an intent.
    fn default() -> Self {
        Calibration { slope: 3.6, lead: 1.5, base: -0.1 }
    }
}

/// How many cases the prior curve counts for.
const PRIOR: f32 = 400.0;

/// One held-out message: the best intent's score and lead, whether it was right, and how much the case counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub score: f32,
    pub lead: f32,
    pub right: bool,
    pub weight: f32,
}

impl Calibration {
    /// The chance, between 0 and 1.
    pub fn chance(self, score: f32, other: f32) -> f32 {
        logistic(self.slope * score + self.lead * (score - other) + self.base)
    }

    /// The curve that fits the cases, drawn towards the default where they say little.
    pub(super) fn fit(cases: &[Case]) -> Self {
        let prior = Calibration::default();
        let start = [prior.slope, prior.lead, prior.base];
        let mut curve = start;
        let strength = PRIOR / 10.0;
        for _ in 0..25 {
            // Newton's method: three unknowns, so the system is solved in the open.
            let mut gradient: [f32; 3] = std::array::from_fn(|at| strength * (curve[at] - start[at]));
            let mut hessian = [[0.0_f32; 3]; 3];
            for (at, row) in hessian.iter_mut().enumerate() {
                row[at] = strength;
            }
            for case in cases {
                let x = [case.score, case.lead, 1.0];
                let chance = logistic(x.iter().zip(curve).map(|(x, w)| x * w).sum());
                let error = (chance - f32::from(u8::from(case.right))) * case.weight;
                let bend = (chance * (1.0 - chance)).max(1e-4) * case.weight;
                for (at, row) in hessian.iter_mut().enumerate() {
                    gradient[at] += error * x[at];
                    for (to, cell) in row.iter_mut().enumerate() {
                        *cell += bend * x[at] * x[to];
                    }
                }
            }
            let Some(step) = solve(hessian, gradient) else { break };
            for (value, step) in curve.iter_mut().zip(step) {
                *value -= step;
            }
            if step.iter().all(|step| step.abs() < 1e-4) {
                break;
            }
        }
        // Never the other way round, whatever a small set suggests.
        Calibration { slope: curve[0].clamp(0.5, 12.0), lead: curve[1].clamp(0.0, 6.0), base: curve[2].clamp(-6.0, 6.0) }
    }
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Three equations by Cramer's rule; `None` where they have no one answer.
fn solve(m: [[f32; 3]; 3], v: [f32; 3]) -> Option<[f32; 3]> {
    let determinant = |m: [[f32; 3]; 3]| {
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    };
    let whole = determinant(m);
    (whole.abs() > f32::MIN_POSITIVE).then(|| {
        std::array::from_fn(|column| {
            let mut replaced = m;
            for (row, value) in replaced.iter_mut().zip(v) {
                row[column] = value;
            }
            determinant(replaced) / whole
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_cases_the_default_stays() {
        assert_eq!(Calibration::fit(&[]), Calibration::default());
    }

    #[test]
    fn a_set_whose_right_answers_score_low_lowers_the_bar() {
        let case = |score: f32, right| Case { score, lead: 0.5, right, weight: 1.0 };
        let cases: Vec<Case> = (0..400).map(|n| if n % 2 == 0 { case(-0.2, true) } else { case(-0.9, false) }).collect();
        let fitted = Calibration::fit(&cases);
        assert!(fitted.chance(-0.2, -0.7) > 0.5 && Calibration::default().chance(-0.2, -0.7) < 0.5, "{fitted:?}");
        assert!(fitted.chance(-0.9, -1.4) < 0.5);
    }

    proptest::proptest! {
        #[test]
        fn more_is_never_less(cases in proptest::collection::vec((-2.0_f32..2.0, 0.0_f32..2.0, proptest::bool::ANY), 0..60)) {
            let cases: Vec<Case> = cases.into_iter().map(|(score, lead, right)| Case { score, lead, right, weight: 1.0 }).collect();
            let fitted = Calibration::fit(&cases);
            let (low, high) = (fitted.chance(0.1, -0.5), fitted.chance(0.4, -0.5));
            proptest::prop_assert!(low <= high && (0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
        }
    }
}
