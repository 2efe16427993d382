//! What the handles' types promise: which of them may go where. What they forbid is in `tests/ui`.

use core::cell::Cell;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::thread;

use raddle::spsc;
use raddle::spsc::bounded::{Consumer, Drain, Producer, ReadChunk, WriteChunk};

fn is_send<T: Send>() {}
fn is_sync<T: Sync>() {}
fn is_unwind_safe<T: UnwindSafe + RefUnwindSafe>() {}

/// May be sent, not shared; neither of them unwind safe for sharing.
type Unshared = Cell<u32>;

#[test]
fn ends_may_be_sent_and_shared_if_their_items_may_be_sent() {
    is_send::<Producer<Unshared>>();
    is_send::<Consumer<Unshared>>();
    is_sync::<Producer<Unshared>>();
    is_sync::<Consumer<Unshared>>();
}

/// The handles of every door, by names short enough for a field.
#[expect(dead_code, reason = "it is enough that they can be named, sent and shared")]
struct Fields {
    spsc:
        (raddle::spsc::unbounded::Producer<Unshared>, raddle::spsc::unbounded::Consumer<Unshared>),
    mpsc: (raddle::mpsc::bounded::Producer<Unshared>, raddle::mpsc::bounded::Consumer<Unshared>),
    mpsc_unbounded:
        (raddle::mpsc::unbounded::Producer<Unshared>, raddle::mpsc::unbounded::Consumer<Unshared>),
    spmc: (raddle::spmc::bounded::Producer<Unshared>, raddle::spmc::bounded::Consumer<Unshared>),
    spmc_unbounded:
        (raddle::spmc::unbounded::Producer<Unshared>, raddle::spmc::unbounded::Consumer<Unshared>),
    mpmc: (raddle::mpmc::bounded::Producer<Unshared>, raddle::mpmc::bounded::Consumer<Unshared>),
    mpmc_unbounded:
        (raddle::mpmc::unbounded::Producer<Unshared>, raddle::mpmc::unbounded::Consumer<Unshared>),
    fixed: raddle::mpmc::Fixed<Unshared, 4>,
}

#[test]
fn ends_of_every_door_may_be_sent_and_shared_if_their_items_may_be_sent() {
    is_send::<Fields>();
    is_sync::<Fields>();
}

#[test]
fn chunks_and_drains_may_be_sent_if_their_items_may_be_sent() {
    is_send::<WriteChunk<'_, Unshared>>();
    is_send::<ReadChunk<'_, Unshared>>();
    is_send::<Drain<'_, Unshared>>();
    is_sync::<ReadChunk<'_, u32>>();
}

#[test]
fn ends_are_unwind_safe_whatever_the_items_are() {
    is_unwind_safe::<Producer<&mut Unshared>>();
    is_unwind_safe::<Consumer<&mut Unshared>>();
}

#[test]
fn errors_may_go_wherever_their_item_may() {
    is_send::<raddle::PushError<Unshared>>();
    is_sync::<raddle::PushError<u32>>();
    is_unwind_safe::<raddle::PopError>();
}

#[test]
fn a_shared_end_can_be_observed_while_the_other_acts() {
    let (tx, mut rx) = spsc::bounded::<Unshared>(3);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert!(tx.is_empty() && !tx.is_full() && tx.capacity() == 3));
        }
        scope.spawn(|| assert!(rx.pop().is_err()));
    });
}

#[test]
fn an_end_may_move_to_another_thread_between_two_operations() {
    let (mut tx, mut rx) = spsc::bounded(100);
    for i in 0..50 {
        (tx, rx) = thread::spawn(move || {
            assert_eq!((tx.push(2 * i), tx.push(2 * i + 1)), (Ok(()), Ok(())));
            assert_eq!(rx.pop(), Ok(i));
            (tx, rx)
        })
        .join()
        .expect("no panic");
    }
}
