//! The linear separator: one side or the other.
//!
//! Owns: dual coordinate descent for the L2-regularised squared hinge loss, with shrinking.
//! Invariants: deterministic: the order of visits comes from a fixed seed; bounded by the passes of its [`Effort`].
//! Source: C.-J. Hsieh et al., A Dual Coordinate Descent Method for Large-scale Linear SVM (2008), algorithm 3 with shrinking.

/// How long to look for the best separator.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Passes over the examples at most.
    rounds: usize,
    /// How exact is exact enough.
    exact: f32,
    /// Examples from elsewhere that a class is told apart from: the nearest ones, and half as many from the rest.
    pub nearest: usize,
    /// A class is told apart from the other classes too, and not only from what is nobody's.
    pub rivals: bool,
}

impl Effort {
    /// Enough where thousands of lines are learnt in a second or two.
    pub const USUAL: Effort = Effort { rounds: 12, exact: 0.4, nearest: 3_000, rivals: true };
    /// Until weighty examples have their way.
    pub const THOROUGH: Effort = Effort { rounds: 12, exact: 0.2, nearest: 100_000, rivals: true };
    /// Each class against what is nobody's.
    pub const APART: Effort = Effort { rounds: 8, exact: 0.3, nearest: 100_000, rivals: false };
}

/// How much a mistake costs.
const COST: f32 = 1.0;

/// The constant feature: how far the separator may lie from the origin.
const BIAS: f32 = 1.0;

/// Sums side by side, so that one needn't wait for the other.
const LANES: usize = 4;

/// An example, as sparse numbers: equal buckets are one.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub at: Vec<u32>,
    pub value: Vec<f32>,
    /// Sum of squares, the constant feature included.
    pub square: f32,
}

impl Row {
    pub fn new(mut features: Vec<(u32, f32)>) -> Self {
        features.sort_unstable_by_key(|(bucket, _)| *bucket);
        let mut row = Row { at: Vec::with_capacity(features.len()), value: Vec::with_capacity(features.len()), square: 0.0 };
        for (bucket, value) in features {
            match (row.at.last(), row.value.last_mut()) {
                (Some(last), Some(sum)) if *last == bucket => *sum += value,
                _ => {
                    row.at.push(bucket);
                    row.value.push(value);
                }
            }
        }
        row.square = row.value.iter().map(|value| value * value).sum::<f32>() + BIAS * BIAS;
        row
    }

    pub fn dot(&self, weights: &[f32]) -> f32 {
        let ((at, rest_at), (value, rest)) = (self.at.as_chunks::<LANES>(), self.value.as_chunks::<LANES>());
        let mut sums = [0.0_f32; LANES];
        for (at, value) in at.iter().zip(value) {
            (0..LANES).for_each(|lane| sums[lane] += weights[at[lane] as usize] * value[lane]);
        }
        let rest: f32 = rest_at.iter().zip(rest).map(|(at, value)| weights[*at as usize] * value).sum();
        sums.iter().sum::<f32>() + rest
    }

    /// Sum of squares without the constant feature.
    pub fn length(&self) -> f32 {
        self.square - BIAS * BIAS
    }

    pub fn add_to(&self, weights: &mut [f32], times: f32) {
        for (at, value) in self.at.iter().zip(&self.value) {
            weights[*at as usize] += times * value;
        }
    }
}

/// One side of an example.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side<'r> {
    pub row: &'r Row,
    pub inside: bool,
    /// 1 for an ordinary example.
    pub weight: f32,
}

/// The weights that tell inside from outside, one for each of the `places` that rows have, and the constant.
pub(super) fn separate(places: usize, examples: &[Side<'_>], effort: Effort) -> (Vec<f32>, f32) {
    let mut weights = vec![0.0_f32; places];
    let mut bias = 0.0_f32;
    let mut duals = vec![0.0_f32; examples.len()];
    let mut order: Vec<u32> = (0..examples.len() as u32).collect();
    let mut active = examples.len();
    let mut most_before = f32::INFINITY;
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    for _ in 0..effort.rounds {
        let (mut most, mut least) = (f32::NEG_INFINITY, f32::INFINITY);
        for at in 0..active {
            let other = at + random(&mut seed) as usize % (active - at);
            order.swap(at, other);
        }
        let mut place = 0;
        while place < active {
            let number = order[place] as usize;
            let Side { row, inside, weight } = examples[number];
            let sign = if inside { 1.0 } else { -1.0 };
            let slack = 0.5 / (COST * weight);
            let gradient = (row.dot(&weights) + bias * BIAS) * sign - 1.0 + duals[number] * slack;
            let projected = if duals[number] > 0.0 {
                gradient
            } else if gradient > most_before {
                active -= 1;
                order.swap(place, active);
                continue;
            } else {
                gradient.min(0.0)
            };
            most = most.max(projected);
            least = least.min(projected);
            if projected.abs() > 1e-12 {
                let before = duals[number];
                duals[number] = (before - gradient / (row.square + slack)).max(0.0);
                let step = (duals[number] - before) * sign;
                row.add_to(&mut weights, step);
                bias += step * BIAS;
            }
            place += 1;
        }
        if most - least <= effort.exact {
            if active == examples.len() {
                break;
            }
            active = examples.len();
            most_before = f32::INFINITY;
        } else {
            most_before = if most <= 0.0 { f32::INFINITY } else { most };
        }
    }
    (weights, bias * BIAS)
}

/// Xorshift after Marsaglia: an order of visits, no secret.
pub(super) fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_told_apart_is() {
        let row = |at: &[u32]| Row::new(at.iter().map(|at| (*at, 1.0)).collect());
        let rows = [row(&[1, 2]), row(&[1, 3]), row(&[4, 2]), row(&[4, 3])];
        let sides: Vec<Side<'_>> = rows.iter().enumerate().map(|(at, row)| Side { row, inside: at < 2, weight: 1.0 }).collect();
        let (weights, bias) = separate(8, &sides, Effort::USUAL);
        for (at, row) in rows.iter().enumerate() {
            assert_eq!(row.dot(&weights) + bias > 0.0, at < 2, "{at}");
        }
        assert_eq!(separate(8, &sides, Effort::USUAL), (weights, bias), "the same again");
    }
}
