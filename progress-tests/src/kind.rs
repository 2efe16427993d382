//! The queues with handles, by what a case needs of them.

use std::collections::VecDeque;

use raddle::{PopError, PushError, mpmc, mpsc, spmc, spsc};

use crate::item::{Id, Item};
use crate::op::{Look, Op};

/// A queue or a stack of [`Item`]s.
pub trait Kind: 'static {
    /// The producing handle.
    type Tx: Send + 'static;
    /// The consuming handle.
    type Rx: Send + 'static;

    /// As in the table.
    const NAME: &'static str;
    /// Whether each end may have many handles.
    const MANY: (bool, bool);
    /// What it can do.
    const OPS: &'static [Op];
    /// What it can do besides, which only histories are made of.
    const MORE: &'static [Op];
    /// What its handles observe.
    const LOOKS: &'static [Look];
    /// Whether what it observes was so at an instant of the call.
    const FOLLOWS: bool = false;
    /// Whether it is a stack.
    const LIFO: bool = false;
    /// Whether its size is its capacity.
    const BOUNDED: bool;
    /// How many slots share a word: a frozen thread takes all of them out of use. With several, lines become vacant whole.
    const LINE: usize = 1;
    /// How much more than its size may fit, if that is no matter of whole lines.
    const SLACK: usize = 0;
    /// The sizes worth a case: capacities, or slots of a segment.
    const SIZES: &'static [usize];

    /// How many lines a queue of `size` has.
    #[must_use]
    fn lines(size: usize) -> usize {
        if Self::LINE == 1 { size } else { (size - 1).div_ceil(Self::LINE) + 1 }
    }
    /// How many items must fit while so many lines are out of use, and how many may at all.
    #[must_use]
    fn room(size: usize, out: usize) -> (usize, usize) {
        let (lines, line) = (Self::lines(size), Self::LINE);
        // The first may be the last of its line, which is not vacant until then.
        let least = (lines.saturating_sub(out) * line + 1).saturating_sub(line);
        (least, lines * line + Self::SLACK)
    }
    /// Of how many lines `op` may have slots in its hands.
    #[must_use]
    fn lines_of(op: Op) -> usize {
        // Likewise.
        if op.slots() == 0 { 0 } else { (op.slots() + Self::LINE - 2) / Self::LINE + 1 }
    }
    /// How many items `op` may have taken out and not handed over.
    #[must_use]
    fn in_hand(op: Op) -> usize {
        // By force, all of a line, and before that the rest of one of which another holds a slot.
        if op == Op::Force { 2 * Self::LINE - 1 } else { op.in_hand() }
    }
    /// A queue of `size`.
    fn new(size: usize) -> (Self::Tx, Self::Rx);
    /// One handle more.
    fn clone_tx(_tx: &Self::Tx) -> Option<Self::Tx> {
        None
    }
    /// One handle more.
    fn clone_rx(_rx: &Self::Rx) -> Option<Self::Rx> {
        None
    }
    /// Pushes; an item that didn't go in is dropped.
    ///
    /// # Errors
    /// As the queue's.
    fn push(tx: &mut Self::Tx, item: Item) -> Result<(), PushError<()>>;
    /// Pushes all it can.
    ///
    /// # Errors
    /// As the queue's.
    fn push_batch(tx: &mut Self::Tx, items: &mut VecDeque<Item>) -> Result<usize, PushError<()>>;
    /// Pushes; what gave way.
    ///
    /// # Errors
    /// As the queue's.
    fn force_push(_tx: &mut Self::Tx, _item: Item) -> Result<Vec<Item>, PushError<()>> {
        unreachable!("it evicts nothing")
    }
    /// Pops.
    ///
    /// # Errors
    /// As the queue's.
    fn pop(rx: &mut Self::Rx) -> Result<Item, PopError>;
    /// Pops up to `max`.
    ///
    /// # Errors
    /// As the queue's.
    fn pop_batch(rx: &mut Self::Rx, max: usize) -> Result<Vec<Item>, PopError>;
    /// What the next pop takes.
    ///
    /// # Errors
    /// As the queue's.
    fn peek(_rx: &mut Self::Rx) -> Result<Id, PopError> {
        unreachable!("it has no peek")
    }
    /// Reads up to `max` and releases the first.
    ///
    /// # Errors
    /// As the queue's.
    fn read(_rx: &mut Self::Rx, _max: usize) -> Result<Vec<Id>, PopError> {
        unreachable!("it has no chunks")
    }
    /// Reserves slots for `items`, writes as many as there are slots, and commits up to `most` of them: how many slots.
    ///
    /// # Errors
    /// As the queue's.
    fn reserve(
        _tx: &mut Self::Tx,
        _items: &mut VecDeque<Item>,
        _most: usize,
    ) -> Result<usize, PushError<()>> {
        unreachable!("it has no chunks")
    }
    /// What the producing handle observes; a bool as 0 or 1.
    fn look_tx(tx: &Self::Tx, look: Look) -> usize;
    /// What the consuming handle observes.
    fn look_rx(rx: &Self::Rx, look: Look) -> usize;
}

/// What every queue with handles can do.
pub const QUEUE: &[Op] = &[Op::Push, Op::PushBatch, Op::Pop, Op::PopBatch, Op::DropTx, Op::DropRx];
/// And if it evicts.
pub const EVICTING: &[Op] =
    &[Op::Push, Op::PushBatch, Op::Force, Op::Pop, Op::PopBatch, Op::DropTx, Op::DropRx];

/// What an end for one can do besides, and what any can.
const fn more(many_tx: bool, many_rx: bool) -> &'static [Op] {
    match (many_tx, many_rx) {
        (false, false) => &[Op::LookTx, Op::LookRx, Op::Reserve, Op::Peek, Op::Read],
        (true, false) => &[Op::LookTx, Op::LookRx, Op::Peek, Op::Read],
        (false, true) => &[Op::LookTx, Op::LookRx, Op::Reserve],
        (true, true) => &[Op::LookTx, Op::LookRx],
    }
}

/// What an item's push came to, without the item.
///
/// # Errors
/// The same.
pub fn plain<R>(result: Result<R, PushError<Item>>) -> Result<R, PushError<()>> {
    result.map_err(|error| match error {
        PushError::Full(_) => PushError::Full(()),
        PushError::Closed(_) => PushError::Closed(()),
    })
}

macro_rules! kind {
    (
        $kind:ident, $name:literal, $path:path, $handles:ident :: $of:ident,
        many: ($many_tx:literal, $many_rx:literal), ops: $ops:expr, bounded: $bounded:literal, sizes: $sizes:expr
        $(, clone_tx: $clone_tx:ident)? $(, clone_rx: $clone_rx:ident)? $(, force: $force:ident)?
        $(, reserve: $reserve:ident)? $(, read: $read:ident)? $(, slack: $slack:expr)? $(, line: $line:expr)?
    ) => {
        #[doc = concat!("`", $name, "`.")]
        #[derive(Debug)]
        pub enum $kind {}

        impl Kind for $kind {
            type Tx = $handles::$of::Producer<Item>;
            type Rx = $handles::$of::Consumer<Item>;

            const NAME: &'static str = $name;
            const MANY: (bool, bool) = ($many_tx, $many_rx);
            const BOUNDED: bool = $bounded;
            const SIZES: &'static [usize] = $sizes;
            $(const SLACK: usize = $slack;)?
            $(const LINE: usize = $line;)?
            const OPS: &'static [Op] = $ops;
            const MORE: &'static [Op] = more($many_tx, $many_rx);
            const FOLLOWS: bool = $bounded && !$many_tx && !$many_rx;
            const LOOKS: &'static [Look] = &[Look::Len, Look::Empty, Look::Full, Look::Closed];

            fn new(size: usize) -> (Self::Tx, Self::Rx) {
                $path(size)
            }

            $(fn clone_tx($clone_tx: &Self::Tx) -> Option<Self::Tx> {
                Some($clone_tx.clone())
            })?

            $(fn clone_rx($clone_rx: &Self::Rx) -> Option<Self::Rx> {
                Some($clone_rx.clone())
            })?

            fn push(tx: &mut Self::Tx, item: Item) -> Result<(), PushError<()>> {
                plain(tx.push(item))
            }

            fn push_batch(
                tx: &mut Self::Tx,
                items: &mut VecDeque<Item>,
            ) -> Result<usize, PushError<()>> {
                tx.push_from(items)
            }

            $(fn force_push($force: &mut Self::Tx, item: Item) -> Result<Vec<Item>, PushError<()>> {
                plain($force.force_push(item).map(Iterator::collect))
            })?

            fn pop(rx: &mut Self::Rx) -> Result<Item, PopError> {
                rx.pop()
            }

            fn pop_batch(rx: &mut Self::Rx, max: usize) -> Result<Vec<Item>, PopError> {
                let mut items = Vec::new();
                let n = rx.pop_into(&mut items, max)?;
                assert_eq!(n, items.len(), "`pop_into` says another number");
                Ok(items)
            }

            $(fn reserve(
                $reserve: &mut Self::Tx,
                items: &mut VecDeque<Item>,
                most: usize,
            ) -> Result<usize, PushError<()>> {
                let mut chunk = $reserve.reserve(items.len())?;
                let slots = chunk.len();
                chunk.fill(items.drain(..slots));
                chunk.commit(slots.min(most));
                Ok(slots)
            })?

            $(fn peek($read: &mut Self::Rx) -> Result<Id, PopError> {
                $read.peek().map(Item::id)
            }

            fn read($read: &mut Self::Rx, max: usize) -> Result<Vec<Id>, PopError> {
                let chunk = $read.read(max)?;
                let shown = chunk.runs().flatten().map(Item::id).collect();
                chunk.release(1);
                Ok(shown)
            })?

            fn look_tx(tx: &Self::Tx, look: Look) -> usize {
                match look {
                    Look::Len => tx.len(),
                    Look::Empty => tx.is_empty().into(),
                    Look::Full => tx.is_full().into(),
                    Look::Closed => tx.is_closed().into(),
                }
            }

            fn look_rx(rx: &Self::Rx, look: Look) -> usize {
                match look {
                    Look::Len => rx.len(),
                    Look::Empty => rx.is_empty().into(),
                    Look::Full => rx.is_full().into(),
                    Look::Closed => rx.is_closed().into(),
                }
            }
        }
    };
}

/// At most so much more than asked for fits in `spsc::bounded` where slots come in lines.
const SLACK: usize = 4;

/// As many as fit in a line with the word, of [`Item`]s: then their number is a constant in the ring.
pub const FIT: usize = 3;

macro_rules! in_lines {
    ($($in_lines:ident: $door:ident;)+) => {$(
        fn $in_lines<const LINE: usize>(
            capacity: usize,
        ) -> ($door::bounded::Producer<Item>, $door::bounded::Consumer<Item>) {
            $door::bounded_in_lines_of(LINE, capacity)
        }
    )+};
}

in_lines! {
    spsc_in_lines: spsc;
    mpsc_in_lines: mpsc;
    spmc_in_lines: spmc;
    mpmc_in_lines: mpmc;
}

kind!(SpscBounded, "spsc::bounded", spsc::bounded, spsc::bounded,
    many: (false, false), ops: QUEUE, bounded: true, sizes: &[1, 2, 3],
    reserve: tx, read: rx);
kind!(SpscLines, "spsc::bounded", spsc_in_lines::<2>, spsc::bounded,
    many: (false, false), ops: QUEUE, bounded: true, sizes: &[2, 3],
    reserve: tx, read: rx, slack: SLACK);
kind!(SpscUnbounded, "spsc::unbounded", spsc::unbounded_in_segments_of, spsc::unbounded,
    many: (false, false), ops: QUEUE, bounded: false, sizes: &[1, 2],
    reserve: tx, read: rx);
kind!(MpscBounded, "mpsc::bounded", mpsc::bounded, mpsc::bounded,
    many: (true, false), ops: QUEUE, bounded: true, sizes: &[1, 2, 3], clone_tx: tx, read: rx);
kind!(MpscLines, "mpsc::bounded", mpsc_in_lines::<2>, mpsc::bounded,
    many: (true, false), ops: QUEUE, bounded: true, sizes: &[3, 5], clone_tx: tx, read: rx, line: 2);
kind!(MpscFit, "mpsc::bounded", mpsc_in_lines::<FIT>, mpsc::bounded,
    many: (true, false), ops: QUEUE, bounded: true, sizes: &[4], clone_tx: tx, read: rx, line: FIT);
kind!(MpscUnbounded, "mpsc::unbounded", mpsc::unbounded_in_segments_of, mpsc::unbounded,
    many: (true, false), ops: QUEUE, bounded: false, sizes: &[1, 2], clone_tx: tx, read: rx);
kind!(SpmcBounded, "spmc::bounded", spmc::bounded, spmc::bounded,
    many: (false, true), ops: EVICTING, bounded: true, sizes: &[1, 2, 3], clone_rx: rx, force: tx,
    reserve: tx);
kind!(SpmcLines, "spmc::bounded", spmc_in_lines::<2>, spmc::bounded,
    many: (false, true), ops: EVICTING, bounded: true, sizes: &[3, 5], clone_rx: rx, force: tx,
    reserve: tx, line: 2);
kind!(SpmcFit, "spmc::bounded", spmc_in_lines::<FIT>, spmc::bounded,
    many: (false, true), ops: EVICTING, bounded: true, sizes: &[4], clone_rx: rx, force: tx,
    reserve: tx, line: FIT);
kind!(SpmcUnbounded, "spmc::unbounded", spmc::unbounded_in_segments_of, spmc::unbounded,
    many: (false, true), ops: QUEUE, bounded: false, sizes: &[1, 2], clone_rx: rx,
    reserve: tx);
kind!(MpmcBounded, "mpmc::bounded", mpmc::bounded, mpmc::bounded,
    many: (true, true), ops: EVICTING, bounded: true, sizes: &[1, 2, 3], clone_tx: tx, clone_rx: rx, force: tx);
kind!(MpmcLines, "mpmc::bounded", mpmc_in_lines::<2>, mpmc::bounded,
    many: (true, true), ops: EVICTING, bounded: true, sizes: &[3, 5], clone_tx: tx, clone_rx: rx, force: tx, line: 2);
kind!(MpmcFit, "mpmc::bounded", mpmc_in_lines::<FIT>, mpmc::bounded,
    many: (true, true), ops: EVICTING, bounded: true, sizes: &[4], clone_tx: tx, clone_rx: rx, force: tx, line: FIT);
kind!(MpmcUnbounded, "mpmc::unbounded", mpmc::unbounded_in_segments_of, mpmc::unbounded,
    many: (true, true), ops: QUEUE, bounded: false, sizes: &[1, 2], clone_tx: tx, clone_rx: rx);
