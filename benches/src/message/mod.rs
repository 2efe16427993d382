//! What travels, and the proof that all of it arrived, once and in order.
//!
//! Word `i` of a message is `producer << 48 | sequence`, plus `i * STEP`. So a message says by itself who sent it, which
//! one it is, and whether it is whole; and what a producer's first `n` messages sum up to has a closed form, which keeps
//! the producer's side free of bookkeeping.

mod census;

use core::fmt;

pub use census::Census;

/// Bits of a word that count a producer's messages.
const SEQUENCE_BITS: u32 = 48;
/// The distance between neighbouring words of a message: 2^64 divided by the golden ratio, so that no two words of
/// nearby messages are alike.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A message's first word: who, and which.
pub fn word(producer: usize, sequence: u64) -> u64 {
    ((producer as u64) << SEQUENCE_BITS) | sequence
}

fn split(word: u64) -> (usize, u64) {
    ((word >> SEQUENCE_BITS) as usize, word & ((1 << SEQUENCE_BITS) - 1))
}

/// A payload of `WORDS` times 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Default for Message<WORDS> {
    fn default() -> Self {
        Self([0; WORDS])
    }
}

/// What the driver and the subjects know of a payload.
pub trait Payload: Copy + Default + Send + Sync + fmt::Debug + 'static {
    /// 8-byte words in it.
    const WORDS: usize;

    /// The message whose first word is `word`.
    fn new(word: u64) -> Self;

    /// Its first word.
    fn word(&self) -> u64;

    /// The wrapping sum of its words.
    fn sum(&self) -> u64;

    /// Zero if every word belongs to the first one.
    fn tear(&self) -> u64;

    /// The message whose first word is `word` and whose others are another message's.
    #[cfg(test)]
    fn torn(word: u64) -> Self;
}

impl<const WORDS: usize> Payload for Message<WORDS> {
    const WORDS: usize = WORDS;

    #[inline]
    fn new(word: u64) -> Self {
        let mut words = [word; WORDS];
        for (i, w) in words.iter_mut().enumerate() {
            *w = word.wrapping_add((i as u64).wrapping_mul(STEP));
        }
        Self(words)
    }

    #[inline]
    fn word(&self) -> u64 {
        self.0[0]
    }

    #[inline]
    fn sum(&self) -> u64 {
        self.0.iter().fold(0, |sum, w| sum.wrapping_add(*w))
    }

    #[inline]
    fn tear(&self) -> u64 {
        let whole = Self::new(self.0[0]);
        self.0.iter().zip(whole.0).fold(0, |tear, (a, b)| tear | (a ^ b))
    }

    #[cfg(test)]
    fn torn(word: u64) -> Self {
        let mut torn = Self::new(word + 1);
        torn.0[0] = word;
        torn
    }
}

/// What the first `n` messages of `producer` sum up to.
fn expected_sum(words: usize, producer: usize, n: u64) -> u64 {
    // n * (n - 1) / 2 without an overflow before the division.
    let triangle = |n: u64| {
        if n.is_multiple_of(2) { (n / 2).wrapping_mul(n.wrapping_sub(1)) } else { (n - 1) / 2 * n }
    };
    let words = words as u64;
    let first_words = n.wrapping_mul(word(producer, 0)).wrapping_add(triangle(n));
    let steps = n.wrapping_mul(STEP).wrapping_mul(triangle(words));
    words.wrapping_mul(first_words).wrapping_add(steps)
}

/// One consumer's record of what it received, and what follows from those of all consumers.
///
/// What must hold depends on what was asked: of a queue that each producer's messages come out in order ([`Audit`]), of a
/// stack that all come out ([`Census`]).
pub trait Proof: Clone + Send {
    /// What a loop holds in registers; it takes it out and puts it back.
    type Run: Copy;

    /// A record of nothing yet; `only` says that no other consumer takes from the same producers.
    fn new(producers: usize, only: bool) -> Self;

    /// What is to be continued.
    fn run(&self) -> Self::Run;

    /// Puts back what was continued.
    fn put(&mut self, run: Self::Run);

    /// Continues `run`, which was taken out of this record, by one message.
    fn extend<M: Payload>(&mut self, run: Self::Run, message: &M) -> Self::Run;

    /// Records one message.
    #[inline]
    fn take<M: Payload>(&mut self, message: &M) {
        let run = self.extend(self.run(), message);
        self.put(run);
    }

    /// Messages recorded.
    fn count(&mut self) -> u64;

    /// Judges all consumers' records against what each producer pushed.
    ///
    /// # Errors
    ///
    /// What was expected, and what was seen instead.
    fn verify<M: Payload>(proofs: Vec<Self>, pushed: &[u64]) -> Result<u64, Breach>;
}

/// The record that each producer's messages came once and in order.
///
/// The usual case, "the successor of the last one", is one comparison: a loop holds the [`Run`] in registers, and
/// everything else goes through `stray`. Per producer only what a run leaves behind is stored.
#[derive(Debug, Clone)]
pub struct Audit {
    run: Run,
    /// The first word of the current run.
    start: u64,
    tallies: Vec<Tally>,
    /// The only consumer sees every message, so for it a gap is a fault at the moment it shows.
    only: bool,
    fault: Option<String>,
}

/// Messages of which each was the successor of the last.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// The word that would continue it.
    next: u64,
    /// The sum of all messages, earlier runs included.
    sum: u64,
    /// Zero if all were whole, earlier runs included.
    torn: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    /// Messages of this producer.
    count: u64,
    /// One more than the highest sequence number seen.
    above: u64,
}

impl Proof for Audit {
    type Run = Run;

    fn new(producers: usize, only: bool) -> Self {
        let start = word(0, 0);
        let run = Run { next: start, sum: 0, torn: 0 };
        Self { run, start, tallies: vec![Tally::default(); producers], only, fault: None }
    }

    #[inline]
    fn run(&self) -> Run {
        self.run
    }

    #[inline]
    fn put(&mut self, run: Run) {
        self.run = run;
    }

    #[inline]
    fn extend<M: Payload>(&mut self, run: Run, message: &M) -> Run {
        let word = message.word();
        let next = if word == run.next { word.wrapping_add(1) } else { self.stray(run.next, word) };
        let sum = run.sum.wrapping_add(message.sum());
        Run { next, sum, torn: run.torn | message.tear() }
    }

    fn count(&mut self) -> u64 {
        self.book(self.run.next);
        self.tallies.iter().map(|tally| tally.count).sum()
    }

    fn verify<M: Payload>(audits: Vec<Self>, pushed: &[u64]) -> Result<u64, Breach> {
        let (mut sum, mut torn, mut fault) = (0_u64, 0, None);
        let mut counts = vec![0_u64; pushed.len()];
        let mut total = 0;
        for mut audit in audits {
            total += audit.count();
            sum = sum.wrapping_add(audit.run.sum);
            torn |= audit.run.torn;
            fault = fault.or(audit.fault);
            for (count, tally) in counts.iter_mut().zip(&audit.tallies) {
                *count += tally.count;
            }
        }
        let expected = pushed.iter().enumerate().fold(0_u64, |sum, (producer, &n)| {
            sum.wrapping_add(expected_sum(M::WORDS, producer, n))
        });
        let mut wrong = Vec::new();
        let all: u64 = pushed.iter().sum();
        if total < all {
            wrong.push(format!("{} lost", all - total));
        }
        if total > all {
            wrong.push(format!("{} too many", total - all));
        }
        for (producer, (&count, &n)) in counts.iter().zip(pushed).enumerate() {
            if count != n {
                wrong.push(format!("producer {producer}: {count} of {n}"));
            }
        }
        if torn != 0 {
            wrong.push("a message whose words don't belong together".to_owned());
        }
        wrong.extend(fault.map(|fault| format!("first out of order: {fault}")));
        if sum != expected {
            wrong.push(format!("checksum {sum:#018x}"));
        }
        if wrong.is_empty() {
            return Ok(total);
        }
        Err(Breach {
            expected: format!(
                "{all} messages, each once, in the order of its producer, checksum {expected:#018x}"
            ),
            seen: format!("{total} messages; {}", wrong.join("; ")),
        })
    }
}

impl Audit {
    /// Books the run that ended before `next`, and starts one at `word`; returns what would continue it.
    #[inline(never)]
    fn stray(&mut self, next: u64, word: u64) -> u64 {
        self.book(next);
        let (producer, sequence) = split(word);
        match self.tallies.get(producer) {
            None => self.blame(|| format!("a message of producer {producer}, who doesn't exist")),
            Some(&Tally { above, .. }) if sequence < above => self.blame(|| {
                format!("message {sequence} of producer {producer} after its message {}", above - 1)
            }),
            Some(&Tally { above, .. }) if self.only && sequence > above => self.blame(|| {
                format!("message {sequence} of producer {producer} where {above} was next")
            }),
            Some(_) => {}
        }
        self.start = word;
        word.wrapping_add(1)
    }

    fn book(&mut self, next: u64) {
        // A run has one producer: the first word after it may be another's only if it is empty or the numbers end.
        let (producer, first) = split(self.start);
        let count = next.wrapping_sub(self.start);
        if let Some(tally) = self.tallies.get_mut(producer).filter(|_| count > 0) {
            tally.count += count;
            tally.above = tally.above.max(first + count);
        }
        self.start = next;
    }

    fn blame(&mut self, what: impl FnOnce() -> String) {
        if self.fault.is_none() {
            self.fault = Some(what());
        }
    }
}

/// A queue that did not do its duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// What had to arrive.
    pub expected: String,
    /// What arrived.
    pub seen: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit<const WORDS: usize>(words: &[(usize, u64)], producers: usize, only: bool) -> Audit {
        let mut audit = Audit::new(producers, only);
        for &(producer, sequence) in words {
            audit.take(&Message::<WORDS>::new(word(producer, sequence)));
        }
        audit
    }

    #[test]
    fn all_messages_once_and_in_order_pass() {
        for n in [0, 1, 2, 63, 64, 1001] {
            let words: Vec<_> = (0..n).map(|i| (0, i)).collect();
            let audits = vec![audit::<8>(&words, 1, true)];
            assert_eq!(Audit::verify::<Message<8>>(audits, &[n]), Ok(n));
        }
    }

    #[test]
    fn producers_may_interleave_and_consumers_may_share() {
        let audits = vec![
            audit::<1>(&[(0, 0), (1, 1), (1, 2), (0, 3)], 2, false),
            audit::<1>(&[(1, 0), (0, 1), (0, 2), (1, 3)], 2, false),
        ];
        assert_eq!(Audit::verify::<Message<1>>(audits, &[4, 4]), Ok(8));
    }

    #[test]
    fn every_single_fault_is_seen() {
        for (words, what) in [
            (&[(0, 0), (0, 2), (0, 3)][..], "1 lost"),
            (&[(0, 0), (0, 1), (0, 2)], "1 lost"),
            (&[(0, 0), (0, 1), (0, 1), (0, 2), (0, 3)], "1 too many"),
            (&[(0, 0), (0, 2), (0, 1), (0, 3)], "message 2 of producer 0 where 1 was next"),
            (&[(0, 0), (0, 1), (0, 1), (0, 3)], "message 1 of producer 0 after its message 1"),
            (&[(0, 0), (0, 1), (0, 2), (7, 3)], "producer 7, who doesn't exist"),
        ] {
            for only in [true, false] {
                let audits = vec![audit::<1>(words, 1, only)];
                let seen = Audit::verify::<Message<1>>(audits, &[4]).unwrap_err().seen;
                assert!(seen.contains(what) || !only, "{words:?}: {seen}");
            }
        }
    }

    /// Also by the first of two consumers, and where the numbers of each are right.
    #[test]
    fn a_fault_is_seen_whichever_consumer_meets_it() {
        for (first, second, pushed, what) in [
            (&[(0, 1), (0, 0)][..], &[(0, 2)][..], &[3][..], "message 0 of producer 0 after"),
            (&[(0, 2)], &[(0, 1), (0, 0)], &[3], "message 0 of producer 0 after"),
            // One doubled and one lost, neither out of order.
            (&[(0, 0), (0, 1)], &[(0, 1)], &[3], "checksum"),
            (&[(0, 0), (0, 1)], &[(1, 0)], &[1, 2], "producer 0: 2 of 1"),
        ] {
            let audits = [first, second].map(|words| audit::<8>(words, pushed.len(), false));
            let seen = Audit::verify::<Message<8>>(audits.to_vec(), pushed).unwrap_err().seen;
            assert!(seen.contains(what), "{first:?}, {second:?}: {seen}");
        }
        let (mut torn, mut whole) = (Audit::new(1, false), Audit::new(1, false));
        torn.take(&Message::<8>::torn(word(0, 0)));
        whole.take(&Message::<8>::new(word(0, 1)));
        for audits in [vec![torn.clone(), whole.clone()], vec![whole, torn]] {
            let seen = Audit::verify::<Message<8>>(audits, &[2]).unwrap_err().seen;
            assert!(seen.contains("don't belong together"), "{seen}");
        }
    }

    #[test]
    fn a_torn_message_is_seen_even_if_the_sums_agree() {
        let (mut a, mut b) = (Message::<8>::new(word(0, 0)), Message::<8>::new(word(0, 1)));
        core::mem::swap(&mut a.0[5], &mut b.0[5]);
        let mut audit = Audit::new(1, true);
        audit.take(&a);
        audit.take(&b);
        let seen = Audit::verify::<Message<8>>(vec![audit], &[2]).unwrap_err().seen;
        assert!(seen.contains("don't belong together") && !seen.contains("checksum"), "{seen}");
    }
}
