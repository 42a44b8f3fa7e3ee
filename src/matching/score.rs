//! How similar two people's skills are. Pure: skills in, pairs out.

use std::collections::HashMap;

use crate::model::PersonId;
use crate::model::matching::RuleName;

/// Matches in one person's list.
pub const LIST_LENGTH: usize = 10;

/// How the score of a pair is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Weight of the shared skills divided by the weight of all skills of both: rare skills count for more.
    Weighted,
    /// Number of shared skills divided by the size of the smaller set; below `threshold` it is no match.
    Ratio { threshold: f64 },
}

/// A person's skills, as indexes into the list of all skills.
#[derive(Clone, Debug)]
pub struct Profile {
    pub person: PersonId,
    /// In ascending order, without duplicates.
    pub skills: Vec<usize>,
}

/// Two people compared; `a` has the smaller id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub a: PersonId,
    pub b: PersonId,
    /// Thousandths.
    pub score: i64,
    /// Indexes of the shared skills, the heaviest first.
    pub shared: Vec<usize>,
}

/// The weight of a skill that `people` of `n` have: `ln(1 + n / people)` in whole thousandths, so that every machine
/// computes the same.
pub fn weight(n: usize, people: usize) -> i64 {
    if people == 0 {
        return 0;
    }
    ((1.0 + n as f64 / people as f64).ln() * 1000.0).round() as i64
}

/// A comparison before it becomes a [`Pair`].
#[derive(Clone, Copy)]
struct Candidate {
    other: usize,
    score: i64,
    shared: usize,
}

impl Rule {
    pub fn name(self) -> RuleName {
        match self {
            Self::Weighted => RuleName::Weighted,
            Self::Ratio { .. } => RuleName::Ratio,
        }
    }

    /// The sort key of a list: the best match has the smallest.
    pub fn sort_key(self, score: i64, shared: usize, other: PersonId) -> (i64, i64, PersonId) {
        let shared = shared as i64;
        match self {
            Self::Weighted => (-score, -shared, other),
            Self::Ratio { .. } => (-shared, -score, other),
        }
    }
}

/// The pairs that are in somebody's list of the best [`LIST_LENGTH`]: in everybody's, or only in that of `only` (an
/// index into `profiles`).
pub fn best_pairs(
    profiles: &[Profile],
    weights: &[i64],
    rule: Rule,
    only: Option<usize>,
) -> Vec<Pair> {
    let mut who_has: Vec<Vec<u32>> = vec![Vec::new(); weights.len()];
    for (at, profile) in profiles.iter().enumerate() {
        for &skill in &profile.skills {
            who_has[skill].push(at as u32);
        }
    }
    let totals: Vec<i64> = profiles
        .iter()
        .map(|profile| profile.skills.iter().map(|skill| weights[*skill]).sum())
        .collect();
    let mut shared_weight = vec![0_i64; profiles.len()];
    let mut shared_count = vec![0_usize; profiles.len()];
    let mut touched: Vec<usize> = Vec::new();
    let mut best: Vec<Candidate> = Vec::with_capacity(LIST_LENGTH + 1);
    let mut pairs: HashMap<(usize, usize), Candidate> = HashMap::new();

    let everybody = 0..profiles.len();
    for me in everybody.filter(|me| only.is_none_or(|only| only == *me)) {
        for &skill in &profiles[me].skills {
            for &other in &who_has[skill] {
                let other = other as usize;
                if shared_count[other] == 0 {
                    touched.push(other);
                }
                shared_weight[other] += weights[skill];
                shared_count[other] += 1;
            }
        }
        for &other in &touched {
            let (weight, shared) = (shared_weight[other], shared_count[other]);
            shared_weight[other] = 0;
            shared_count[other] = 0;
            if other == me {
                continue;
            }
            if let Some(score) = score(rule, profiles, &totals, (me, other), weight, shared) {
                keep_best(&mut best, Candidate { other, score, shared }, rule, profiles);
            }
        }
        touched.clear();
        for candidate in best.drain(..) {
            let key = if profiles[me].person < profiles[candidate.other].person {
                (me, candidate.other)
            } else {
                (candidate.other, me)
            };
            pairs.insert(key, candidate);
        }
    }

    let mut pairs: Vec<Pair> = pairs
        .into_iter()
        .map(|((a, b), candidate)| Pair {
            a: profiles[a].person,
            b: profiles[b].person,
            score: candidate.score,
            shared: shared(&profiles[a], &profiles[b], weights),
        })
        .collect();
    pairs.sort_unstable_by_key(|pair| (pair.a, pair.b));
    pairs
}

/// The score in thousandths; `None` when the two do not match.
fn score(
    rule: Rule,
    profiles: &[Profile],
    totals: &[i64],
    (me, other): (usize, usize),
    weight: i64,
    shared: usize,
) -> Option<i64> {
    let smaller = || profiles[me].skills.len().min(profiles[other].skills.len());
    let score = match rule {
        Rule::Weighted => thousandths(weight, totals[me] + totals[other] - weight),
        Rule::Ratio { threshold } if shared as f64 >= threshold * smaller() as f64 => {
            thousandths(shared as i64, smaller() as i64)
        }
        Rule::Ratio { .. } => return None,
    };
    (score > 0).then_some(score)
}

fn keep_best(best: &mut Vec<Candidate>, candidate: Candidate, rule: Rule, profiles: &[Profile]) {
    let sort_key = |it: &Candidate| rule.sort_key(it.score, it.shared, profiles[it.other].person);
    let new = sort_key(&candidate);
    if best.len() == LIST_LENGTH && best.last().is_some_and(|last| sort_key(last) < new) {
        return;
    }
    let at = best.partition_point(|kept| sort_key(kept) < new);
    best.insert(at, candidate);
    best.truncate(LIST_LENGTH);
}

fn thousandths(part: i64, whole: i64) -> i64 {
    (part * 2000 + whole) / (whole * 2)
}

fn shared(a: &Profile, b: &Profile, weights: &[i64]) -> Vec<usize> {
    let mut shared: Vec<usize> =
        a.skills.iter().copied().filter(|skill| b.skills.binary_search(skill).is_ok()).collect();
    shared.sort_by_key(|skill| (-weights[*skill], *skill));
    shared
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn profiles(skills: &[&[usize]]) -> Vec<Profile> {
        let profile = |(at, skills): (usize, &&[usize])| Profile {
            person: PersonId(at as i64 + 1),
            skills: skills.to_vec(),
        };
        skills.iter().enumerate().map(profile).collect()
    }

    #[test]
    fn sharing_a_rare_skill_counts_for_more_than_sharing_a_common_one() {
        // All four people have skill 0, two have skill 1.
        let people = profiles(&[&[0, 1], &[0, 1], &[0, 2], &[0, 3]]);
        let weights = [weight(4, 4), weight(4, 2), weight(4, 1), weight(4, 1)];
        assert_eq!(weights, [693, 1099, 1609, 1609]);
        let pairs = best_pairs(&people, &weights, Rule::Weighted, None);
        let score =
            |a, b| pairs.iter().find(|p| p.a == PersonId(a) && p.b == PersonId(b)).unwrap().score;
        assert_eq!(score(1, 2), 1000);
        assert_eq!(score(1, 3), (693.0_f64 / (693.0 + 1099.0 + 1609.0) * 1000.0).round() as i64);
        assert_eq!(pairs[0].shared, [1, 0]);
    }

    #[test]
    fn the_ratio_rule_divides_by_the_smaller_set() {
        let people = profiles(&[&[0, 1, 2, 3], &[0, 4], &[5]]);
        let weights = [1000; 6];
        let at_half = best_pairs(&people, &weights, Rule::Ratio { threshold: 0.5 }, None);
        assert_eq!(at_half.iter().map(|pair| pair.score).collect::<Vec<_>>(), [500]);
        assert!(best_pairs(&people, &weights, Rule::Ratio { threshold: 0.6 }, None).is_empty());
    }

    proptest! {
        /// Compared with a simple implementation of the rule.
        #[test]
        fn everybodys_list_is_their_own_best_ten(
            sets in proptest::collection::vec(proptest::collection::btree_set(0_usize..12, 0..6), 2..40)
        ) {
            let people: Vec<Profile> = sets
                .iter()
                .enumerate()
                .map(|(at, set)| Profile { person: PersonId(at as i64), skills: set.iter().copied().collect() })
                .collect();
            let weights: Vec<i64> = (0..12)
                .map(|skill| weight(people.len(), people.iter().filter(|p| p.skills.contains(&skill)).count()))
                .collect();
            let pairs = best_pairs(&people, &weights, Rule::Weighted, None);
            for me in &people {
                let mut all: Vec<(i64, i64, PersonId)> = people
                    .iter()
                    .filter(|other| other.person != me.person)
                    .filter_map(|other| {
                        let common = shared(me, other, &weights);
                        let sum = |skills: &[usize]| skills.iter().map(|s| weights[*s]).sum::<i64>();
                        let part = sum(&common);
                        let whole = sum(&me.skills) + sum(&other.skills) - part;
                        let score = (1000.0 * part as f64 / whole as f64).round() as i64;
                        (score > 0).then(|| Rule::Weighted.sort_key(score, common.len(), other.person))
                    })
                    .collect();
                all.sort_unstable();
                for (_, _, other) in all.iter().take(LIST_LENGTH) {
                    let key = (me.person.min(*other), me.person.max(*other));
                    prop_assert!(pairs.iter().any(|pair| (pair.a, pair.b) == key));
                }
                // Matching only this person finds the same list.
                let alone = best_pairs(&people, &weights, Rule::Weighted, Some(me.person.0 as usize));
                prop_assert_eq!(alone.len(), all.len().min(LIST_LENGTH));
            }
        }
    }
}
