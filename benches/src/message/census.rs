//! The proof for structures that promise no order: all arrived, and nothing else.
//!
//! Three sums say so: how many there are, the sum of all words, and the sum of the squares of the first words. One message
//! lost and another doubled in its place changes the second; two lost and two doubled may not, but then the third changes,
//! since no two pairs of numbers have both the same sum and the same sum of squares.

use super::{Breach, Payload, Proof, expected_sum, word};

/// The record of what came, in whatever order.
#[derive(Debug, Clone)]
pub struct Census {
    sums: Sums,
}

/// The sums so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sums {
    count: u64,
    words: u64,
    squares: u64,
    /// Zero if all were whole.
    torn: u64,
}

impl Sums {
    /// What the first `n` messages of `producer` come to.
    fn expected<M: Payload>(producer: usize, n: u64) -> Self {
        let first = word(producer, 0);
        // Exact: a sample has fewer than 2^40 messages.
        let wide = u128::from(n);
        let triangle = (wide * wide.saturating_sub(1) / 2) as u64;
        let pyramid = (wide * wide.saturating_sub(1) * (2 * wide).saturating_sub(1) / 6) as u64;
        let squares = n
            .wrapping_mul(first.wrapping_mul(first))
            .wrapping_add(first.wrapping_mul(2).wrapping_mul(triangle))
            .wrapping_add(pyramid);
        Self { count: n, words: expected_sum(M::WORDS, producer, n), squares, torn: 0 }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            words: self.words.wrapping_add(other.words),
            squares: self.squares.wrapping_add(other.squares),
            torn: self.torn | other.torn,
        }
    }
}

impl Proof for Census {
    type Run = Sums;

    fn new(_producers: usize, _only: bool) -> Self {
        Self { sums: Sums::default() }
    }

    #[inline]
    fn run(&self) -> Sums {
        self.sums
    }

    #[inline]
    fn put(&mut self, run: Sums) {
        self.sums = run;
    }

    #[inline]
    fn extend<M: Payload>(&mut self, run: Sums, message: &M) -> Sums {
        let (word, words) = (message.word(), message.sum());
        run.plus(Sums { count: 1, words, squares: word.wrapping_mul(word), torn: message.tear() })
    }

    fn count(&mut self) -> u64 {
        self.sums.count
    }

    fn verify<M: Payload>(proofs: Vec<Self>, pushed: &[u64]) -> Result<u64, Breach> {
        let seen = proofs.into_iter().fold(Sums::default(), |sums, proof| sums.plus(proof.sums));
        let each = pushed.iter().enumerate();
        let expected = each.fold(Sums::default(), |sums, (producer, &n)| {
            sums.plus(Sums::expected::<M>(producer, n))
        });
        let mut wrong = Vec::new();
        if seen.count < expected.count {
            wrong.push(format!("{} lost", expected.count - seen.count));
        }
        if seen.count > expected.count {
            wrong.push(format!("{} too many", seen.count - expected.count));
        }
        if seen.torn != 0 {
            wrong.push("a message whose words don't belong together".to_owned());
        }
        if (seen.words, seen.squares) != (expected.words, expected.squares) {
            wrong.push(format!("checksums {:#018x}, {:#018x}", seen.words, seen.squares));
        }
        if wrong.is_empty() {
            return Ok(seen.count);
        }
        Err(Breach {
            expected: format!(
                "{} messages, each once, checksums {:#018x}, {:#018x}",
                expected.count, expected.words, expected.squares
            ),
            seen: format!("{} messages; {}", seen.count, wrong.join("; ")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    fn verify(words: &[(usize, u64)], pushed: &[u64]) -> Result<u64, String> {
        let (early, late) = words.split_at(words.len() / 2);
        let census = |words: &[(usize, u64)]| {
            let mut census = Census::new(pushed.len(), false);
            words.iter().for_each(|&(p, i)| census.take(&Message::<8>::new(word(p, i))));
            census
        };
        let proofs = vec![census(early), census(late)];
        Census::verify::<Message<8>>(proofs, pushed).map_err(|breach| breach.seen)
    }

    #[test]
    fn all_messages_once_pass_in_any_order() {
        let mut words: Vec<_> =
            (0..1001).map(|i| (0, i)).chain((0..70).map(|i| (3, i))).rev().collect();
        words.swap(3, 900);
        assert_eq!(verify(&words, &[1001, 0, 0, 70]), Ok(1071));
        assert_eq!(verify(&[], &[0, 0]), Ok(0));
    }

    #[test]
    fn every_single_fault_is_seen() {
        for (words, what) in [
            (&[(0, 0), (0, 2), (0, 3)][..], "1 lost"),
            (&[(0, 0), (0, 1), (0, 1), (0, 2), (0, 3)], "1 too many"),
            (&[(0, 0), (0, 1), (0, 1), (0, 3)], "checksums"),
            (&[(0, 0), (0, 1), (0, 2), (7, 3)], "checksums"),
            // The same count and the same sum.
            (&[(0, 1), (0, 1), (0, 2), (0, 2)], "checksums"),
        ] {
            let seen = verify(words, &[4]).unwrap_err();
            assert!(seen.contains(what), "{words:?}: {seen}");
        }
    }

    #[test]
    fn a_torn_message_is_seen() {
        let mut census = Census::new(1, true);
        census.take(&Message::<8>::torn(word(0, 0)));
        let seen = Census::verify::<Message<8>>(vec![census], &[1]).unwrap_err().seen;
        assert!(seen.contains("don't belong together"), "{seen}");
    }
}
