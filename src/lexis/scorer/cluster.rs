//! Messages that say nearly the same, together.
//!
//! Owns: grouping texts by the cosine of the features that the scorer reads.
//! Invariants: the order of the texts changes nothing but the order of equally frequent groups' members; every text is in one
//! group; a group's first member is the text that the others resembled.
//! Leaves out: what the texts are.

use super::features::{Rarity, Recipe};
use super::meaning::DIMENSIONS;
use super::solver::Row;
use super::{numbers, plain, words};
use crate::text::Text;

/// Texts this alike, as a cosine, say the same.
const ALIKE: f32 = 0.38;

/// Groups of texts, as places in the list; the largest first. `counts` says how often each text was said.
pub fn clusters(texts: &[&str], counts: &[u64]) -> Vec<Vec<usize>> {
    let said: Vec<Vec<String>> = texts.iter().map(|text| plain(&Text::new(*text))).collect();
    let rarity = Rarity::of(Recipe::REQUEST, said.iter().map(|said| words(said)));
    let rows: Vec<Row> = said.iter().map(|said| Row::new(numbers(&words(said), &rarity))).collect();
    let count = |at: usize| counts.get(at).copied().unwrap_or(1);
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by(|a, b| count(*b).cmp(&count(*a)).then_with(|| texts[*a].cmp(texts[*b])));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut scratch = vec![0.0_f32; Recipe::REQUEST.buckets + DIMENSIONS];
    for at in order {
        rows[at].add_to(&mut scratch, 1.0);
        let alike = |leader: usize| {
            let length = (rows[leader].length() * rows[at].length()).sqrt();
            if length > 0.0 { rows[leader].dot(&scratch) / length } else { f32::from(u8::from(said[leader] == said[at])) }
        };
        let best = groups
            .iter()
            .enumerate()
            .map(|(group, members)| (alike(members[0]), group))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        match best.filter(|(alike, _)| *alike >= ALIKE) {
            Some((_, group)) => groups[group].push(at),
            None => groups.push(vec![at]),
        }
        rows[at].at.iter().for_each(|bucket| scratch[*bucket as usize] = 0.0);
    }
    groups.sort_by_key(|members| std::cmp::Reverse(members.iter().map(|at| count(*at)).sum::<u64>()));
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_the_same_stands_together() {
        let texts =
            ["do you sell gift cards", "can i buy a gift card", "gift card pls", "is the lamp dimmable", "are your lamps dimmable", "asdf"];
        let groups = clusters(&texts, &[1, 3, 1, 1, 1, 1]);
        let shown: Vec<Vec<&str>> = groups.iter().map(|group| group.iter().map(|at| texts[*at]).collect()).collect();
        assert_eq!(shown[0][0], "can i buy a gift card", "{shown:?}");
        assert!(shown[0].contains(&"do you sell gift cards") && shown[0].contains(&"gift card pls"), "{shown:?}");
        assert!(shown.iter().any(|group| group.len() == 2 && group.iter().all(|text| text.contains("lamp"))), "{shown:?}");
        assert!(shown.contains(&vec!["asdf"]), "{shown:?}");
        assert_eq!(clusters(&[], &[]), Vec::<Vec<usize>>::new());
    }
}
