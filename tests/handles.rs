//! What the handles' types promise: which of them may go where. What they forbid is in `tests/ui`.

use core::cell::Cell;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::MutexGuard;
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

/// Whether a type has a trait: where the bound holds, an inherent constant hides the one of the trait.
macro_rules! has {
    ($type:ty, $trait:ident) => {{
        struct Probe<T>(PhantomData<T>);
        #[allow(dead_code, reason = "where the bound holds")]
        trait Otherwise {
            const HAS: bool = false;
        }
        impl<T> Otherwise for Probe<T> {}
        #[allow(dead_code, reason = "where the bound doesn't hold")]
        impl<T: $trait> Probe<T> {
            const HAS: bool = true;
        }
        Probe::<$type>::HAS
    }};
}

/// Of `$type` with an item that may be sent and shared, sent only, shared only, neither: whether it may be sent, and shared.
macro_rules! sent_and_shared {
    ($item:ident => $type:ty) => {{
        type Of<$item> = $type;
        [
            (has!(Of<u32>, Send), has!(Of<u32>, Sync)),
            (has!(Of<Cell<u32>>, Send), has!(Of<Cell<u32>>, Sync)),
            (has!(Of<MutexGuard<'static, ()>>, Send), has!(Of<MutexGuard<'static, ()>>, Sync)),
            (has!(Of<Rc<u32>>, Send), has!(Of<Rc<u32>>, Sync)),
        ]
    }};
}

const BOTH: (bool, bool) = (true, true);
const SENT: (bool, bool) = (true, false);
const SHARED: (bool, bool) = (false, true);
const NEITHER: (bool, bool) = (false, false);
/// Through it items go from thread to thread, and nobody gets a reference to one of another's.
const MOVES: [(bool, bool); 4] = [BOTH, BOTH, NEITHER, NEITHER];
/// It is as good as the items themselves.
const HAS: [(bool, bool); 4] = [BOTH, SENT, SHARED, NEITHER];
/// It acts for an end, and shows items.
const SHOWS: [(bool, bool); 4] = [BOTH, SENT, NEITHER, NEITHER];
/// It acts for an end, and only its owner looks at it.
const ACTS: [(bool, bool); 4] = [SENT, SENT, NEITHER, NEITHER];

#[test]
fn whatever_moves_items_may_go_where_they_may() {
    use raddle::{mpmc, mpsc, spmc, spsc, stack};

    macro_rules! ends {
        ($($door:ident :: $kind:ident),*) => {$(
            assert_eq!(sent_and_shared!(T => $door::$kind::Producer<T>), MOVES);
            assert_eq!(sent_and_shared!(T => $door::$kind::Consumer<T>), MOVES);
        )*};
    }
    ends!(spsc::bounded, spsc::unbounded, mpsc::bounded, mpsc::unbounded);
    ends!(spmc::bounded, spmc::unbounded, mpmc::bounded, mpmc::unbounded);
    assert_eq!(sent_and_shared!(T => mpmc::Fixed<T, 4>), MOVES);
    assert_eq!(sent_and_shared!(T => stack::Stack<T>), MOVES);
    assert_eq!(sent_and_shared!(T => stack::PopAll<T>), MOVES);
    assert_eq!(sent_and_shared!(T => stack::IntoIter<T>), MOVES);
    assert_eq!(sent_and_shared!(T => raddle::PushError<T>), HAS);
    assert_eq!(sent_and_shared!(T => raddle::queue::Evicted<T>), HAS);
}

#[test]
fn chunks_and_drains_may_go_where_their_handles_and_items_may() {
    use raddle::{mpmc, mpsc, spmc, spsc};

    macro_rules! all {
        ($name:ident: $is:ident, $($door:ident :: $kind:ident),*) => {$(
            assert_eq!(sent_and_shared!(T => $door::$kind::$name<'static, T>), $is);
        )*};
    }
    all!(WriteChunk: ACTS, spsc::bounded, spsc::unbounded, spmc::bounded, spmc::unbounded);
    all!(ReadChunk: SHOWS, spsc::bounded, spsc::unbounded, mpsc::bounded, mpsc::unbounded);
    all!(Drain: MOVES, spsc::bounded, spsc::unbounded, mpsc::bounded, mpsc::unbounded);
    all!(Drain: MOVES, spmc::bounded, spmc::unbounded, mpmc::bounded, mpmc::unbounded);
}

#[test]
fn lines_may_go_where_headers_and_items_may() {
    use raddle::cacheline::Lines;

    assert_eq!(sent_and_shared!(T => Lines<u8, T>), MOVES);
    // A shared `Lines` gives out references to headers.
    assert_eq!(sent_and_shared!(H => Lines<H, u8>), HAS);
}

#[test]
fn counters_and_their_cells_may_go_everywhere() {
    use raddle::counter::{Counter, Max, Min, PerSecond, Window};
    use raddle::stack::IndexStack;

    macro_rules! all {
        ($is:ident: $($type:ty),*) => {$(
            assert_eq!((has!($type, Send), has!($type, Sync)), $is, stringify!($type));
        )*};
    }
    all!(BOTH: Counter, Max, Min, Window<Counter>, PerSecond<Counter>, IndexStack, raddle::PopError);
    all!(SENT: raddle::Backoff);
    // (To count with a cell takes a mutable one.)
    all!(BOTH: raddle::counter::Local<'static, u64>);
}
