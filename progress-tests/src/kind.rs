//! The queues, by what a case needs of them.

use std::collections::VecDeque;

use raddle::{PopError, PushError, mpmc, mpsc, spmc, spsc};

use crate::item::Item;

/// A queue of [`Item`]s.
pub trait Kind: 'static {
    /// The producing handle.
    type Tx: Send + 'static;
    /// The consuming handle.
    type Rx: Send + 'static;

    /// As in the table.
    const NAME: &'static str;
    /// Whether each end may have many handles.
    const MANY: (bool, bool);
    /// Whether it evicts.
    const FORCE: bool = false;
    /// Whether its size is its capacity.
    const BOUNDED: bool;
    /// How much more than its size may fit.
    const SLACK: usize = 0;
    /// The sizes worth a case: capacities, or slots of a segment.
    const SIZES: &'static [usize];

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
    fn push_batch(tx: &mut Self::Tx, items: &mut VecDeque<Item>) -> usize;
    /// Pushes; what gave way.
    fn force_push(_tx: &mut Self::Tx, _item: Item) -> Option<Vec<Item>> {
        None
    }
    /// Pops.
    ///
    /// # Errors
    /// As the queue's.
    fn pop(rx: &mut Self::Rx) -> Result<Item, PopError>;
    /// Pops up to `max`.
    fn pop_batch(rx: &mut Self::Rx, max: usize) -> Vec<Item>;
}

/// What an item's push came to, without the item.
///
/// # Errors
/// The same.
pub fn plain(result: Result<(), PushError<Item>>) -> Result<(), PushError<()>> {
    result.map_err(|error| match error {
        PushError::Full(_) => PushError::Full(()),
        PushError::Closed(_) => PushError::Closed(()),
    })
}

macro_rules! kind {
    (
        $kind:ident, $name:literal, $path:path, $handles:ident :: $of:ident,
        many: ($many_tx:literal, $many_rx:literal), bounded: $bounded:literal, sizes: $sizes:expr
        $(, clone_tx: $clone_tx:ident)? $(, clone_rx: $clone_rx:ident)? $(, force: $force:ident)?
        $(, slack: $slack:expr)?
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
            $(const FORCE: bool = {
                let $force = true;
                $force
            };)?

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

            fn push_batch(tx: &mut Self::Tx, items: &mut VecDeque<Item>) -> usize {
                tx.push_from(items).unwrap_or(0)
            }

            $(fn force_push($force: &mut Self::Tx, item: Item) -> Option<Vec<Item>> {
                Some($force.force_push(item).map_or_else(|_| Vec::new(), Iterator::collect))
            })?

            fn pop(rx: &mut Self::Rx) -> Result<Item, PopError> {
                rx.pop()
            }

            fn pop_batch(rx: &mut Self::Rx, max: usize) -> Vec<Item> {
                let mut items = Vec::new();
                let _ = rx.pop_into(&mut items, max);
                items
            }
        }
    };
}

/// At most so much more than asked for fits where slots come in lines.
const SLACK: usize = 4;

fn spsc_in_lines_of_two(
    capacity: usize,
) -> (spsc::bounded::Producer<Item>, spsc::bounded::Consumer<Item>) {
    spsc::bounded_in_lines_of(2, capacity)
}

kind!(SpscBounded, "spsc::bounded", spsc::bounded, spsc::bounded,
    many: (false, false), bounded: true, sizes: &[1, 2, 3]);
kind!(SpscLines, "spsc::bounded", spsc_in_lines_of_two, spsc::bounded,
    many: (false, false), bounded: true, sizes: &[2, 3], slack: SLACK);
kind!(SpscUnbounded, "spsc::unbounded", spsc::unbounded_in_segments_of, spsc::unbounded,
    many: (false, false), bounded: false, sizes: &[1, 2]);
kind!(MpscBounded, "mpsc::bounded", mpsc::bounded, mpsc::bounded,
    many: (true, false), bounded: true, sizes: &[1, 2, 3], clone_tx: tx);
kind!(MpscUnbounded, "mpsc::unbounded", mpsc::unbounded_in_segments_of, mpsc::unbounded,
    many: (true, false), bounded: false, sizes: &[1, 2], clone_tx: tx);
kind!(SpmcBounded, "spmc::bounded", spmc::bounded, spmc::bounded,
    many: (false, true), bounded: true, sizes: &[1, 2, 3], clone_rx: rx, force: tx);
kind!(SpmcUnbounded, "spmc::unbounded", spmc::unbounded_in_segments_of, spmc::unbounded,
    many: (false, true), bounded: false, sizes: &[1, 2], clone_rx: rx);
kind!(MpmcBounded, "mpmc::bounded", mpmc::bounded, mpmc::bounded,
    many: (true, true), bounded: true, sizes: &[1, 2, 3], clone_tx: tx, clone_rx: rx, force: tx);
kind!(MpmcUnbounded, "mpmc::unbounded", mpmc::unbounded_in_segments_of, mpmc::unbounded,
    many: (true, true), bounded: false, sizes: &[1, 2], clone_tx: tx, clone_rx: rx);
