//! Ranks entries by how near their embeddings are to a question's, combined with the search by words. Pure.

use super::search::{ANSWERS, Hit, WORTH_ASKING};

/// The usual constant of reciprocal rank fusion.
const RANK: f64 = 60.0;
/// An entry is near from this many standard deviations above the mean. Measured against the other entries, since each
/// model has its own scale.
const NEAR: f64 = 2.0;
/// From here on an entry is taken to answer the question, without asking a model.
const VERY_NEAR: f64 = 3.0;
/// With fewer entries the statistics mean nothing.
const FEW: usize = 8;

/// A vector as bytes: f32, little-endian.
pub fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|it| it.to_le_bytes()).collect()
}

/// `None` if the bytes are not a vector of finite numbers.
pub fn from_bytes(bytes: &[u8]) -> Option<Vec<f32>> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    let numbers: Vec<f32> = numbers.iter().map(|it| f32::from_le_bytes(*it)).collect();
    (rest.is_empty() && numbers.iter().all(|it| it.is_finite())).then_some(numbers)
}

/// From -1 to 1; 0 for vectors that cannot be compared.
pub fn cosine(one: &[f32], other: &[f32]) -> f64 {
    if one.len() != other.len() {
        return 0.0;
    }
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    let length = (dot(one, one) * dot(other, other)).sqrt();
    if length > 0.0 { dot(one, other) / length } else { 0.0 }
}

/// An entry that may answer a question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Its position among the entries.
    pub at: usize,
    /// How much of the question's words it covers, from 0 to 1.
    share: f64,
    /// How many standard deviations it is above the mean nearness.
    deviations: f64,
}

impl Candidate {
    /// Whether the question is worth asking the model.
    pub fn is_worth_asking(&self) -> bool {
        self.share >= WORTH_ASKING || self.deviations >= NEAR
    }

    /// Whether the entry itself answers the question.
    pub fn answers(&self) -> bool {
        self.share >= ANSWERS || self.deviations >= VERY_NEAR
    }
}

/// The candidates by words and by embedding, the best first. `cosines` are given by position; without any, only words
/// count.
pub fn join(hits: &[Hit], cosines: &[(usize, f64)]) -> Vec<Candidate> {
    let mut near = cosines.to_vec();
    near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let deviations_of = deviations_of(&near);
    let mut all: Vec<(f64, Candidate)> = Vec::new();
    let points = |rank: usize| 1.0 / (RANK + rank as f64 + 1.0);
    for (rank, hit) in hits.iter().enumerate() {
        let candidate = Candidate { at: hit.at, share: hit.share, deviations: 0.0 };
        all.push((points(rank), candidate));
    }
    for (rank, (at, cosine)) in near.iter().enumerate() {
        let deviations = deviations_of(*cosine);
        match all.iter_mut().find(|(_, known)| known.at == *at) {
            Some((sum, known)) => (*sum, known.deviations) = (*sum + points(rank), deviations),
            None => all.push((points(rank), Candidate { at: *at, share: 0.0, deviations })),
        }
    }
    // Words and embeddings may favour different entries: one that answers by itself comes before those that mix both.
    all.sort_by(|(a, one), (b, other)| {
        other.answers().cmp(&one.answers()).then(b.total_cmp(a)).then(one.at.cmp(&other.at))
    });
    all.into_iter().map(|(_, candidate)| candidate).collect()
}

fn deviations_of(near: &[(usize, f64)]) -> impl Fn(f64) -> f64 {
    let count = near.len() as f64;
    let mean = near.iter().map(|it| it.1).sum::<f64>() / count.max(1.0);
    let variance = near.iter().map(|it| (it.1 - mean).powi(2)).sum::<f64>() / count.max(1.0);
    let (few, deviation) = (near.len() < FEW, variance.sqrt());
    move |cosine| if few || deviation <= 0.0 { 0.0 } else { (cosine - mean) / deviation }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hit(at: usize, share: f64) -> Hit {
        Hit { at, score: 1.0, share }
    }

    fn positions(all: &[Candidate]) -> Vec<usize> {
        all.iter().map(|it| it.at).collect()
    }

    /// Ten entries, of which one is near.
    fn cosines(near: usize) -> Vec<(usize, f64)> {
        (0..10).map(|at| (at, if at == near { 0.9 } else { 0.5 + 0.001 * at as f64 })).collect()
    }

    #[test]
    fn words_alone_keep_their_order() {
        let joined = join(&[hit(3, 0.9), hit(1, 0.6), hit(2, 0.1)], &[]);
        assert_eq!(positions(&joined), [3, 1, 2]);
        assert!(joined[0].answers() && joined[0].is_worth_asking());
        assert!(!joined[2].answers() && !joined[2].is_worth_asking());
        assert_eq!(join(&[], &[]), []);
    }

    #[test]
    fn an_entry_with_a_near_embedding_is_found_without_a_common_word() {
        let joined = join(&[], &cosines(4));
        assert_eq!(joined[0].at, 4);
        assert!(joined[0].is_worth_asking());
        assert!(!joined[1].is_worth_asking());
        // An entry that words and embeddings agree on comes first.
        assert_eq!(join(&[hit(7, 0.3), hit(4, 0.2)], &cosines(4))[0].at, 4);
    }

    #[test]
    fn an_entry_as_near_as_all_others_is_not_near() {
        let flat: Vec<(usize, f64)> = (0..10).map(|at| (at, 0.7)).collect();
        assert!(join(&[], &flat).iter().all(|it| !it.is_worth_asking()));
        assert!(join(&[], &cosines(4)[2..6]).iter().all(|it| !it.is_worth_asking()), "too few");
    }

    #[test]
    fn vectors_that_cannot_be_compared_are_not_near() {
        assert!((cosine(&[1.0, 2.0], &[2.0, 4.0]) - 1.0).abs() < 1e-9);
        assert!((cosine(&[1.0, 0.0], &[-1.0, 0.0]) + 1.0).abs() < 1e-9);
        assert!(cosine(&[1.0, 0.0], &[0.0, 1.0]).abs() < 1e-9);
        assert!(cosine(&[1.0], &[1.0, 2.0]).abs() < 1e-9);
        assert!(cosine(&[0.0], &[1.0]).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn vectors_survive_the_conversion_to_bytes(
            vector in proptest::collection::vec(-1e6_f32..1e6, 0..20),
            rest in 1_usize..4,
        ) {
            let mut bytes = to_bytes(&vector);
            prop_assert_eq!(from_bytes(&bytes), Some(vector));
            bytes.extend(vec![0; rest]);
            prop_assert_eq!(from_bytes(&bytes), None);
        }
    }
}
