//! What keeps an unbounded queue from growing without end, at a cost too small to measure.
//!
//! A bounded queue refuses; an unbounded one takes whatever comes, and a closed loop would measure page faults. So the
//! producers of an unbounded kind wait, as if it were full, while more than about [`DEPTH`] messages are inside. They take
//! leave to push [`STEP`] messages at a time: one look at the counters of all threads per 1024 messages, and one store of a
//! consumer to a line of its own per turn of its loop. All words are Relaxed: they only say when to wait.
//!
//! No thread waits for good. If all producers wait, each has used its leave, so all that was granted is pushed, and more
//! than `DEPTH - STEP` of it is not yet known as popped. A consumer holds back less than a turn of its loop (64 messages),
//! and there are at most 256 of them: so messages are inside, and they will be popped and told.

use core::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use crate::cell::{Capacity, Cell, DEPTH, Mode};

/// Messages a producer may push without another look.
const STEP: u64 = 1024;

type Counters = Box<[CachePadded<AtomicU64>]>;

/// The counters of a sample with an unbounded queue; with a bounded one it is always open.
#[derive(Default)]
pub(super) struct Gate {
    granted: Counters,
    popped: Counters,
}

fn sum(counters: &Counters) -> u64 {
    counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum()
}

impl Gate {
    /// For the threads of `cell`.
    pub(super) fn new(cell: &Cell) -> Self {
        match (cell.capacity, cell.mode) {
            (Capacity::Unbounded, Mode::Stream) => {
                let counters = |n| (0..n).map(|_| CachePadded::default()).collect();
                let topology = cell.topology;
                Self { granted: counters(topology.producers), popped: counters(topology.consumers) }
            }
            // Without a stream, as many are inside as the threads put there and take out again.
            _ => Self::default(),
        }
    }

    /// What `producer`, who has pushed `pushed`, may push in all; none if it has to wait.
    pub(super) fn leave(&self, producer: usize, pushed: u64) -> Option<u64> {
        let Some(own) = self.granted.get(producer) else { return Some(u64::MAX) };
        // A producer of batches may have pushed a little more than it had leave to.
        own.fetch_max(pushed, Ordering::Relaxed);
        let inside = sum(&self.granted).saturating_sub(sum(&self.popped));
        if inside + STEP > DEPTH as u64 {
            return None;
        }
        own.store(pushed + STEP, Ordering::Relaxed);
        Some(pushed + STEP)
    }

    /// `consumer` has popped `popped` in all.
    #[inline]
    pub(super) fn tell(&self, consumer: usize, popped: u64) {
        if let Some(own) = self.popped.get(consumer) {
            own.store(popped, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_queue_needs_no_leave() {
        let gate = Gate::new(&Cell::BASE);
        assert_eq!(gate.leave(0, 1 << 40), Some(u64::MAX));
        gate.tell(0, 7);
    }

    #[test]
    fn producers_wait_at_the_depth_until_consumers_have_told() {
        let cell = Cell::parse("capacity=unbounded,topology=2x2").unwrap();
        let gate = Gate::new(&cell);
        let mut pushed = [0, 0];
        while let Some(leave) = gate.leave(0, pushed[0]) {
            assert_eq!(leave, pushed[0] + STEP);
            pushed[0] = leave;
        }
        assert_eq!(pushed[0], DEPTH as u64);
        assert_eq!(gate.leave(1, pushed[1]), None, "the depth is that of all producers");
        gate.tell(1, STEP - 1);
        assert_eq!(gate.leave(1, pushed[1]), None);
        gate.tell(0, 1);
        assert_eq!(gate.leave(1, pushed[1]), Some(STEP));
    }
}
