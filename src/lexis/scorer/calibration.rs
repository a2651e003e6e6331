//! From a score to a chance: how likely is it that the intent is one of these and the right one?
//!
//! Owns: the logistic curve over score, lead and strangeness, and its fit without messages that are out of scope.
//! Invariants: a higher score never means a lower chance; with too few lines to learn from, the curve that fitted many sets
//! is used as it is.
//! How it is fitted: some of the intents are hidden and some lines of the rest held out, several times; the hidden intents'
//! lines stand for requests that nobody foresaw, lines of everyday chatter for the rest of the world. The two together are
//! weighted as [`OUT_OF_SCOPE`] of all messages: that is the share which the default threshold assumes.
//! Source: logistic calibration after J. Platt (1999), as ridge regression towards a prior curve.

/// The share of messages that ask for nothing that the intents cover, as the default threshold assumes it.
pub const OUT_OF_SCOPE: f32 = 0.4;

/// The curve: chance = logistic(slope × score + lead × (score − best other score) − strange × share of unknown words + base).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Calibration {
    /// What one unit of score is worth.
    pub slope: f32,
    /// What one unit of lead over the next intent is worth.
    pub lead: f32,
    /// What it costs when every word is one that no line has.
    pub strange: f32,
    /// Where a score of 0 without lead stands.
    pub base: f32,
}

impl Default for Calibration {
    /// Fitted on six public sets with 5 to 130 lines an intent.
    fn default() -> Self {
        Calibration { slope: 3.5, lead: 1.8, strange: 1.5, base: 0.2 }
    }
}

/// Below this the chance is under one in a thousand.
const HOPELESS: f32 = -7.0;

/// How many cases the prior curve counts for.
const PRIOR: f32 = 600.0;

/// One held-out message: the best intent's score and lead, whether it was right, and how much the case counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub score: f32,
    pub lead: f32,
    pub strange: f32,
    pub right: bool,
    pub weight: f32,
}

impl Calibration {
    /// The chance, between 0 and 1.
    pub fn chance(self, score: f32, other: f32, strange: f32) -> f32 {
        let at = self.slope * score + self.lead * (score - other) - self.strange * strange + self.base;
        // Most of a thousand intents are out of the question; that needs no exponential.
        if at < HOPELESS { 0.0 } else { logistic(at) }
    }

    /// The curve that fits the cases, drawn towards the default where they say little.
    pub(super) fn fit(cases: &[Case]) -> Self {
        let prior = Calibration::default();
        let start = [prior.slope, prior.lead, prior.strange, prior.base];
        let mut curve = start;
        let strength = PRIOR / 10.0;
        for _ in 0..25 {
            // Newton's method.
            let mut gradient: [f32; UNKNOWNS] = std::array::from_fn(|at| strength * (curve[at] - start[at]));
            let mut hessian = [[0.0_f32; UNKNOWNS]; UNKNOWNS];
            for (at, row) in hessian.iter_mut().enumerate() {
                row[at] = strength;
            }
            for case in cases {
                let x = [case.score, case.lead, -case.strange, 1.0];
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
        Calibration {
            slope: curve[0].clamp(0.5, 12.0),
            lead: curve[1].clamp(0.0, 6.0),
            strange: curve[2].clamp(0.0, 6.0),
            base: curve[3].clamp(-6.0, 6.0),
        }
    }
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Slope, lead, strangeness, base.
const UNKNOWNS: usize = 4;

/// Linear equations by Gauss's elimination with the largest pivot; `None` where they have no one answer.
fn solve(mut m: [[f32; UNKNOWNS]; UNKNOWNS], mut v: [f32; UNKNOWNS]) -> Option<[f32; UNKNOWNS]> {
    for column in 0..UNKNOWNS {
        let pivot = (column..UNKNOWNS).max_by(|a, b| m[*a][column].abs().total_cmp(&m[*b][column].abs()))?;
        m.swap(column, pivot);
        v.swap(column, pivot);
        if m[column][column].abs() < 1e-9 {
            return None;
        }
        for row in column + 1..UNKNOWNS {
            let times = m[row][column] / m[column][column];
            let above = m[column];
            m[row].iter_mut().zip(above).skip(column).for_each(|(cell, above)| *cell -= times * above);
            v[row] -= times * v[column];
        }
    }
    let mut answer = [0.0_f32; UNKNOWNS];
    for row in (0..UNKNOWNS).rev() {
        let known: f32 = (row + 1..UNKNOWNS).map(|at| m[row][at] * answer[at]).sum();
        answer[row] = (v[row] - known) / m[row][row];
    }
    Some(answer)
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
        let case = |score: f32, right| Case { score, lead: 0.5, strange: 0.0, right, weight: 1.0 };
        let cases: Vec<Case> = (0..4000).map(|n| if n % 2 == 0 { case(-0.5, true) } else { case(-1.2, false) }).collect();
        let fitted = Calibration::fit(&cases);
        assert!(fitted.chance(-0.5, -1.0, 0.0) > 0.5 && Calibration::default().chance(-0.5, -1.0, 0.0) < 0.5, "{fitted:?}");
        assert!(fitted.chance(-1.2, -1.7, 0.0) < 0.5);
    }

    proptest::proptest! {
        #[test]
        fn more_is_never_less(cases in proptest::collection::vec((-2.0_f32..2.0, 0.0_f32..2.0, proptest::bool::ANY), 0..60)) {
            let cases: Vec<Case> = cases.into_iter().map(|(score, lead, right)| Case { score, lead, strange: 0.2, right, weight: 1.0 }).collect();
            let fitted = Calibration::fit(&cases);
            let (low, high) = (fitted.chance(0.1, -0.5, 0.0), fitted.chance(0.4, -0.5, 0.0));
            proptest::prop_assert!(low <= high && (0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
        }
    }
}
