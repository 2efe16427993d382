//! Several queues of one kind in place of a wide one.
//!
//! Which, follows from the ends of the kind: an end for one thread is given to each thread, an end for many is shared by
//! all. So of P producers and C consumers, an mpsc kind makes C queues, an spmc kind P, an spsc kind P times C.
//!
//! ```text
//!   mpsc               spmc               spsc
//!   P0 --+--> C0       P0 --+--> C0       P0 ----> C0
//!   P1 --+             |    +--> C1       |  ----> C1
//!   P0 --+--> C1       P1 --+--> C0       P1 ----> C0
//!   P1 --+             |    +--> C1       |  ----> C1
//! ```
//!
//! The capacity is divided among the queues. A thread with several handles goes round: a push that moved something makes
//! the next queue the first one to try, likewise a pop; a try fails if all of them refuse.

use core::marker::PhantomData;

use super::{Consume, Handles, Kind, Produce, Subject};
use crate::cell::{Cell, Topology};
use crate::message::Payload;

/// As many queues of kind `S` as its ends ask for.
#[derive(Debug)]
pub(crate) struct Spread<S>(PhantomData<S>);

/// One thread's handles.
#[derive(Debug)]
pub(crate) struct Round<E> {
    ends: Vec<E>,
    next: usize,
}

impl<E> Round<E> {
    fn none() -> Self {
        Self { ends: Vec::new(), next: 0 }
    }

    /// Tries each end once, the one after the last that moved something first; how many items that were.
    #[inline]
    fn try_each(&mut self, mut attempt: impl FnMut(&mut E) -> usize) -> usize {
        for _ in 0..self.ends.len() {
            let moved = attempt(&mut self.ends[self.next]);
            self.next += 1;
            if self.next == self.ends.len() {
                self.next = 0;
            }
            if moved > 0 {
                return moved;
            }
        }
        0
    }
}

/// What one queue of many is asked to hold.
fn part(capacity: usize, queues: usize) -> usize {
    capacity.div_ceil(queues)
}

impl<S: Subject> Subject for Spread<S> {
    const KIND: Kind = Kind { spread: true, ..S::KIND };
    type Producer<T: Payload> = Round<S::Producer<T>>;
    type Consumer<T: Payload> = Round<S::Consumer<T>>;

    fn refuses(cell: &Cell) -> Option<String> {
        let queues = Self::KIND.queues(cell.topology);
        let mut each = Cell { topology: Self::KIND.each(cell.topology), ..*cell };
        if let crate::cell::Capacity::Bounded(n) = &mut each.capacity {
            *n = part(*n, queues);
        }
        S::refuses(&each)
    }

    fn open<T: Payload>(capacity: usize, topology: Topology) -> Handles<Self, T> {
        let each = Self::KIND.each(topology);
        let part = part(capacity, Self::KIND.queues(topology));
        let mut tx: Vec<_> = (0..topology.producers).map(|_| Round::none()).collect();
        let mut rx: Vec<_> = (0..topology.consumers).map(|_| Round::none()).collect();
        for producers in tx.chunks_mut(each.producers) {
            for consumers in rx.chunks_mut(each.consumers) {
                let (ins, outs) = S::open::<T>(part, each);
                producers.iter_mut().zip(ins).for_each(|(thread, end)| thread.ends.push(end));
                consumers.iter_mut().zip(outs).for_each(|(thread, end)| thread.ends.push(end));
            }
        }
        (tx, rx)
    }
}

impl<T: Payload, E: Produce<T>> Produce<T> for Round<E> {
    #[inline]
    fn push(&mut self, item: T) -> bool {
        self.try_each(|end| usize::from(end.push(item))) > 0
    }

    #[inline]
    fn push_batch(&mut self, items: &[T]) -> usize {
        self.try_each(|end| end.push_batch(items))
    }
}

impl<T: Payload, E: Consume<T>> Consume<T> for Round<E> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        let mut item = None;
        self.try_each(|end| {
            item = end.pop();
            usize::from(item.is_some())
        });
        item
    }

    #[inline]
    fn pop_batch(&mut self, into: &mut Vec<T>, max: usize) -> usize {
        self.try_each(|end| end.pop_batch(into, max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;
    use crate::subjects::{ArrayQueue, MutexDeque, Rtrb, SyncChannel};

    const TWO: Topology = Topology { producers: 2, consumers: 2 };

    fn items(n: u64) -> Vec<Message<1>> {
        (0..n).map(Message::new).collect()
    }

    fn words(popped: &[Message<1>]) -> Vec<u64> {
        popped.iter().map(Payload::word).collect()
    }

    #[test]
    fn a_producer_goes_round_and_leaves_no_queue_out() {
        let (mut tx, mut rx) = Spread::<Rtrb>::open::<Message<1>>(8, TWO);
        for item in items(4) {
            assert!(tx[0].push(item));
        }
        // Two queues of two for this producer, and both are full.
        assert!(!tx[0].push(Message::new(9)));
        let mut popped = Vec::with_capacity(8);
        assert_eq!(rx[0].pop_batch(&mut popped, 8), 2);
        assert_eq!(words(&popped), [0, 2]);
        // Room in one of them only: it is found wherever the round stands.
        assert!(tx[0].push(Message::new(10)) && tx[0].push(Message::new(11)));
        assert_eq!(rx[1].pop().map(|item| item.word()), Some(1));
    }

    #[test]
    fn a_consumer_polls_all_its_queues() {
        let (mut tx, mut rx) = Spread::<Rtrb>::open::<Message<1>>(8, TWO);
        assert!(rx[0].pop().is_none());
        assert!(tx[1].push(Message::new(5)));
        assert_eq!(rx[0].pop().map(|item| item.word()), Some(5));
        assert_eq!(tx[0].push_batch(&items(4)), 2, "a batch goes to one queue");
        assert_eq!(tx[0].push_batch(&items(4)[2..]), 2, "and its rest to the next");
    }

    #[test]
    fn shared_ends_are_shared_and_the_capacity_is_divided() {
        let (mut tx, mut rx) = Spread::<SyncChannel>::open::<Message<1>>(8, TWO);
        for item in items(8) {
            assert!(tx[(item.word() % 2) as usize].push(item));
        }
        assert!(!tx[0].push(Message::new(9)) && !tx[1].push(Message::new(9)));
        let mut popped = Vec::with_capacity(8);
        assert_eq!(rx[0].pop_batch(&mut popped, 8), 4, "this consumer's own queue");
        assert!(rx[0].pop().is_none());
        assert_eq!(rx[1].pop_batch(&mut popped, 8), 4);
    }

    #[test]
    fn a_wide_kind_is_one_queue() {
        let (mut tx, mut rx) = Spread::<ArrayQueue>::open::<Message<1>>(4, TWO);
        assert_eq!(tx[0].push_batch(&items(8)), 4);
        assert!(!tx[1].push(Message::new(9)));
        assert_eq!(rx[1].pop().map(|item| item.word()), Some(0));
        let (tx, rx) = Spread::<MutexDeque>::open::<Message<1>>(4, TWO);
        assert_eq!((tx[0].ends.len(), rx[0].ends.len()), (1, 1));
    }
}
