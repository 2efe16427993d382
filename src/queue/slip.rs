//! How far the two ends of a queue keep apart.
//!
//! An end that is faster than the other catches up with it, and from then on each of its looks takes a cache line out of the
//! hands of who is at work in it. That one gets slower still, so the two move in lockstep, an item at a time, and all is lost
//! that a line of several items gains: measured at up to 7 times per item in `docs/contention.md`. So a handle that finds
//! nothing keeps away for a while before it says so: [`PER_SLOT`] pauses for each slot that its end has passed since it said so
//! last, [`SLIP`] at most. What this adds is thus bounded by what was moved; and who polls in vain never pauses.
//!
//! *Not in small rings for long*: they are empty, or full, before a long pause is over. *Nor where most of a ring was passed*: then
//! nobody ran into anybody; the ends take turns, on one core, say, where to pause is to waste it.
//!
//! *Not at both ends of `spsc::unbounded`*, which don't meet for long, and not for producers of unbounded queues, which meet
//! nobody.
//!
//! *Source.* Giacomoni, Moseley, Vachharajani, "FastForward for Efficient Pipeline Parallelism", PPoPP 2008, has "temporal
//! slipping": the consumer keeps at a distance by watching it while things go well. Here nothing is watched until an end is
//! met, so that items pass for free.

use crate::cardinality::Cardinality;
use crate::sync::{SLIP, spin_loop};

/// How many pauses for each slot that was passed.
const PER_SLOT: usize = 4;

/// A handle's memory of how many slots its end had passed when it last met the other.
pub(super) struct Slip<C: Cardinality>(C::Note);

impl<C: Cardinality> Slip<C> {
    /// Of a new handle.
    pub(super) fn new() -> Self {
        Self(C::blank())
    }

    /// Keeps away from the other end, which was met after so many slots that were `passed` since the queue was made.
    #[inline(always)]
    pub(super) fn keep(&self, passed: impl FnOnce() -> usize, capacity: usize) {
        if let Some(longest) = SLIP {
            let passed = passed();
            pause(passed.wrapping_sub(C::note(&self.0, passed)), capacity, longest as usize);
        }
    }

    /// How many slots its end had passed then.
    #[cfg(all(test, not(loom), not(shuttle)))]
    pub(super) fn met(&self) -> usize {
        let met = C::note(&self.0, 0);
        C::note(&self.0, met);
        met
    }
}

/// Pauses, where `moved` slots were passed since the last time. (By values: the address of a handle's memory, given to a
/// function, would keep it out of registers in all loops that use it.)
#[cold]
#[inline(never)]
fn pause(moved: usize, capacity: usize, longest: usize) {
    for _ in 0..pauses(moved, capacity, longest) {
        spin_loop();
    }
}

fn pauses(moved: usize, capacity: usize, longest: usize) -> usize {
    let most_of_it = capacity - capacity / 8;
    let longest = longest.min(capacity) / if moved < most_of_it { 1 } else { 8 };
    moved.saturating_mul(PER_SLOT).min(longest)
}

#[cfg(all(test, not(loom), not(shuttle)))]
mod tests {
    use alloc::collections::VecDeque;
    use alloc::vec::Vec;

    use super::*;
    use crate::cardinality::{Many, One};

    const MOST: usize = 256;

    #[test]
    fn who_polls_in_vain_never_pauses() {
        for capacity in [1, 2, 64, 1024, usize::MAX] {
            assert_eq!(pauses(0, capacity, MOST), 0);
        }
    }

    #[test]
    fn pauses_are_bounded_by_what_was_moved_and_by_the_ring() {
        for capacity in [1, 2, 3, 64, 100, 1024, 1 << 20, usize::MAX] {
            for moved in [1, 2, 3, 30, 64, 129, 895, 896, 1024, 1 << 19, usize::MAX] {
                let n = pauses(moved, capacity, MOST);
                assert!(n <= PER_SLOT * moved.min(MOST) && n <= MOST && n <= capacity);
            }
        }
        assert_eq!(pauses(1, 1024, MOST), PER_SLOT);
        assert_eq!(pauses(63, 1024, MOST), 63 * PER_SLOT);
        assert_eq!(pauses(65, 1024, MOST), MOST);
        assert_eq!(pauses(50, 64, MOST), 64);
    }

    #[test]
    fn who_has_gone_round_pauses_for_an_eighth() {
        assert_eq!(pauses(895, 1024, MOST), MOST);
        assert_eq!(pauses(896, 1024, MOST), MOST / 8);
        assert_eq!(pauses(usize::MAX, 1024, MOST), MOST / 8);
    }

    #[test]
    fn it_counts_from_the_last_time() {
        fn of_an_end<C: Cardinality>() {
            let slip = Slip::<C>::new();
            slip.keep(|| 7, 1024);
            slip.keep(|| 9, 1024);
            assert_eq!((slip.met(), slip.met()), (9, 9));
        }
        of_an_end::<One>();
        of_an_end::<Many>();
    }

    /// In turns, each way to push meets the consumers, and each way to pop the producers.
    macro_rules! test_every_way {
        ($door:ident, |$tx:ident, $i:ident, $rx:ident| [$($push:expr),+], [$($pop:expr),+]) => {
            #[test]
            #[allow(unused_mut, reason = "handles of many act through `&self`")]
            fn $door() {
                let (mut $tx, mut $rx) = crate::$door::bounded::<usize>(100);
                let (mut $i, mut popped) = (0, 0);
                for _ in 0..5 {
                    $(
                        while $push.is_ok() {
                            $i += 1;
                        }
                        assert_eq!($tx.met(), $i, stringify!($push));
                        for _ in 0..50 {
                            assert_eq!($rx.pop(), Ok(popped));
                            popped += 1;
                        }
                    )+
                    $(
                        while $pop.is_ok() {
                            popped += 1;
                        }
                        assert_eq!((popped, $rx.met()), ($i, $i), stringify!($pop));
                        while $i < popped + 50 {
                            assert_eq!($tx.push($i), Ok(()));
                            $i += 1;
                        }
                    )+
                }
            }
        };
    }

    test_every_way!(
        spsc,
        |tx, i, rx| [
            tx.push(i),
            tx.push_slice(&[i]),
            tx.push_from(&mut VecDeque::from([i])),
            tx.reserve(1).map(|mut slot| (slot.write(i), slot.commit_all()))
        ],
        [rx.pop(), rx.pop_into(&mut Vec::new(), 1), rx.read(1).map(|slot| slot.release_all())]
    );
    test_every_way!(
        mpsc,
        |tx, i, rx| [tx.push(i), tx.push_slice(&[i]), tx.push_from(&mut VecDeque::from([i]))],
        [rx.pop(), rx.pop_into(&mut Vec::new(), 1), rx.read(1).map(|slot| slot.release_all())]
    );
    test_every_way!(
        spmc,
        |tx, i, rx| [
            tx.push(i),
            tx.push_slice(&[i]),
            tx.push_from(&mut VecDeque::from([i])),
            tx.reserve(1).map(|mut slot| (slot.write(i), slot.commit_all()))
        ],
        [rx.pop(), rx.pop_into(&mut Vec::new(), 1)]
    );
    test_every_way!(
        mpmc,
        |tx, i, rx| [tx.push(i), tx.push_slice(&[i]), tx.push_from(&mut VecDeque::from([i]))],
        [rx.pop(), rx.pop_into(&mut Vec::new(), 1)]
    );
}
