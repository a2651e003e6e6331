//! What is measured about answers.
//!
//! Owns: accuracy, recall of what is out of scope, the multiclass Matthews correlation, intervals by bootstrap, quantiles.
//! Invariants: a share of nothing is `None`, never 0 or 1; the bootstrap draws from a fixed seed, so a report can be repeated.
//! Source: J. Gorodkin (2004) for the multiclass correlation; B. Efron (1979) for the bootstrap.

use std::collections::HashMap;

/// One labelled message and what was made of it. `None` is out of scope, or rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome<'a> {
    pub truth: Option<&'a str>,
    pub said: Option<&'a str>,
}

impl Outcome<'_> {
    fn right(&self) -> bool {
        self.truth == self.said
    }
}

/// The share of messages that hold for `wanted` among those for which `of` holds.
pub(super) fn share<T>(all: &[T], of: impl Fn(&T) -> bool, wanted: impl Fn(&T) -> bool) -> Option<f64> {
    let (mut count, mut total) = (0_usize, 0_usize);
    for item in all.iter().filter(|item| of(item)) {
        total += 1;
        count += usize::from(wanted(item));
    }
    (total > 0).then(|| count as f64 / total as f64)
}

/// In-scope messages that got their own label.
pub(super) fn in_scope_accuracy(outcomes: &[Outcome<'_>]) -> Option<f64> {
    share(outcomes, |o| o.truth.is_some(), Outcome::right)
}

/// Out-of-scope messages that were rejected.
pub(super) fn oos_recall(outcomes: &[Outcome<'_>]) -> Option<f64> {
    share(outcomes, |o| o.truth.is_none(), Outcome::right)
}

/// All messages that got what they should.
pub(super) fn overall(outcomes: &[Outcome<'_>]) -> Option<f64> {
    share(outcomes, |_| true, Outcome::right)
}

/// The multiclass Matthews correlation, out of scope being a class; 0 where it is not defined.
pub(super) fn mcc(outcomes: &[Outcome<'_>]) -> f64 {
    let mut truths: HashMap<Option<&str>, f64> = HashMap::new();
    let mut saids: HashMap<Option<&str>, f64> = HashMap::new();
    let mut right = 0.0;
    for outcome in outcomes {
        *truths.entry(outcome.truth).or_default() += 1.0;
        *saids.entry(outcome.said).or_default() += 1.0;
        right += f64::from(u8::from(outcome.right()));
    }
    let total = outcomes.len() as f64;
    // Whole numbers: the order of a hash map does not change these sums.
    let both: f64 = truths.iter().map(|(label, count)| count * saids.get(label).copied().unwrap_or(0.0)).sum();
    let squares = |counts: &HashMap<Option<&str>, f64>| counts.values().map(|count| count * count).sum::<f64>();
    let below = ((total * total - squares(&saids)) * (total * total - squares(&truths))).sqrt();
    if below > 0.0 { (right * total - both) / below } else { 0.0 }
}

/// The middle 95 % of a figure over 1,000 redrawn sets.
pub(super) fn interval(outcomes: &[Outcome<'_>], figure: impl Fn(&[Outcome<'_>]) -> f64) -> (f64, f64) {
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut draw = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) as usize % outcomes.len().max(1)
    };
    if outcomes.is_empty() {
        return (0.0, 0.0);
    }
    let mut figures: Vec<f64> = (0..1_000)
        .map(|_| {
            let redrawn: Vec<Outcome<'_>> = (0..outcomes.len()).map(|_| outcomes[draw()]).collect();
            figure(&redrawn)
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    (quantile(&figures, 0.025), quantile(&figures, 0.975))
}

/// The value below which a share of sorted values lies; 0 of none.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (share * sorted.len() as f64) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// Pairs of (truth, said) that are wrong, the most frequent first.
pub(super) fn confusions<'a>(outcomes: &[Outcome<'a>]) -> Vec<(Outcome<'a>, usize)> {
    let mut counts: HashMap<(Option<&str>, Option<&str>), usize> = HashMap::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.right()) {
        *counts.entry((outcome.truth, outcome.said)).or_default() += 1;
    }
    let mut pairs: Vec<(Outcome<'_>, usize)> = counts.into_iter().map(|((truth, said), count)| (Outcome { truth, said }, count)).collect();
    pairs.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| (a.0.truth, a.0.said).cmp(&(b.0.truth, b.0.said))));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(rows: &[(&'static str, &'static str)]) -> Vec<Outcome<'static>> {
        let label = |name: &'static str| (name != "-").then_some(name);
        rows.iter().map(|(truth, said)| Outcome { truth: label(truth), said: label(said) }).collect()
    }

    #[test]
    fn figures_of_a_small_table() {
        let rows = outcomes(&[("a", "a"), ("a", "b"), ("b", "b"), ("-", "-"), ("-", "a")]);
        assert_eq!(in_scope_accuracy(&rows), Some(2.0 / 3.0));
        assert_eq!(oos_recall(&rows), Some(0.5));
        assert_eq!(overall(&rows), Some(0.6));
        // Gorodkin's formula by hand: (3·5 − (2·2 + 1·2 + 2·1)) / sqrt((25 − 9) · (25 − 9)).
        assert!((mcc(&rows) - 7.0 / 16.0).abs() < 1e-12);
        assert_eq!(confusions(&rows).len(), 2);
    }

    #[test]
    fn nothing_is_not_zero() {
        assert_eq!((in_scope_accuracy(&[]), oos_recall(&outcomes(&[("a", "a")]))), (None, None));
        assert!(mcc(&outcomes(&[("a", "a"), ("a", "a")])).abs() < f64::EPSILON);
    }

    #[test]
    fn intervals_hold_the_figure_and_repeat() {
        let rows = outcomes(&[("a", "a"), ("a", "-"), ("b", "b"), ("-", "-")].repeat(25));
        let figure = |rows: &[Outcome<'_>]| overall(rows).unwrap_or(0.0);
        let (low, high) = interval(&rows, figure);
        assert!(low < 0.75 && 0.75 < high && low > 0.6 && high < 0.9, "{low} {high}");
        assert_eq!(interval(&rows, figure), (low, high));
    }
}
