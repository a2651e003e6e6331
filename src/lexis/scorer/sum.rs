//! The sums behind the scores: rows of weights, each times a number, added up class by class.
//!
//! Owns: the inner loop of every decision.
//! Invariants: each class is added up by itself and in the order of the rows, so that the width of the machine's vectors
//! changes no score.
//! Leaves out: what the rows mean.

/// Adds up rows; to be run by [`pulp::Arch::dispatch`] with the widest vectors that the machine has.
pub(super) struct Sum<'a> {
    /// Which row, and how often.
    pub rows: &'a [(u32, f32)],
    /// Row after row, one weight a class.
    pub weights: &'a [i8],
    /// One for each class.
    pub sums: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Sum<'_> {
    type Output = ();

    // What is not inlined here is not compiled for wide vectors.
    #[inline(always)]
    fn call(self) {
        let classes = self.sums.len();
        let row =
            |at: usize| self.weights.get(self.rows[at].0 as usize * classes..).and_then(|rest| rest.get(..classes)).unwrap_or_default();
        let mut at = 0;
        // Four rows at a time: with many classes the sums would else be read and written once a row.
        while at + 4 <= self.rows.len() {
            let [a, b, c, d] = [0, 1, 2, 3].map(|next| self.rows[at + next].1);
            let rows = row(at).iter().zip(row(at + 1)).zip(row(at + 2)).zip(row(at + 3));
            for (sum, (((w, x), y), z)) in self.sums.iter_mut().zip(rows) {
                *sum += (a * f32::from(*w) + b * f32::from(*x)) + (c * f32::from(*y) + d * f32::from(*z));
            }
            at += 4;
        }
        for rest in at..self.rows.len() {
            let value = self.rows[rest].1;
            self.sums.iter_mut().zip(row(rest)).for_each(|(sum, weight)| *sum += value * f32::from(*weight));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_width_of_vectors_changes_nothing(rows in proptest::collection::vec((0_u32..9, -2.0_f32..2.0), 0..40), classes in 1_usize..70) {
            let weights: Vec<i8> = (0..9 * classes).map(|at| (at * 37 % 251) as u8 as i8).collect();
            let (mut wide, mut plain) = (vec![0.0; classes], vec![0.0; classes]);
            pulp::Arch::new().dispatch(Sum { rows: &rows, weights: &weights, sums: &mut wide });
            pulp::NullaryFnOnce::call(Sum { rows: &rows, weights: &weights, sums: &mut plain });
            proptest::prop_assert_eq!(wide, plain);
        }
    }
}
