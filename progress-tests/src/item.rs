//! Items that say who pushed them, and a ledger of which were made and dropped.

use core::cell::RefCell;

/// Who pushes: the victim, the live threads, and the main thread.
pub const PRODUCERS: usize = 6;

const SERIALS: usize = 128;

std::thread_local! {
    /// By producer: how often each of its items was dropped.
    static LEDGER: RefCell<[Vec<u8>; PRODUCERS]> = RefCell::default();
}

/// Which item: its producer, and its number among that one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// Who made it.
    pub producer: usize,
    /// The how many-th of his.
    pub serial: usize,
}

/// An item, which notes its drop.
#[derive(Debug)]
pub struct Item(Id);

impl Item {
    /// The next one of `producer`.
    ///
    /// # Panics
    /// If there are too many.
    #[must_use]
    pub fn new(producer: usize) -> Self {
        LEDGER.with_borrow_mut(|ledger| {
            let serial = ledger[producer].len();
            assert!(serial < SERIALS, "a case without end");
            ledger[producer].push(0);
            Self(Id { producer, serial })
        })
    }

    /// Which.
    #[must_use]
    pub fn id(&self) -> Id {
        self.0
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        let Id { producer, serial } = self.0;
        LEDGER.with_borrow_mut(|ledger| {
            // (Threads that a search has given up drop what they have later.)
            if let Some(drops) = ledger[producer].get_mut(serial) {
                *drops = drops.saturating_add(1);
            }
        });
    }
}

/// Begins anew.
pub fn clear() {
    LEDGER.with_borrow_mut(|ledger| ledger.iter_mut().for_each(Vec::clear));
}

/// An item that was not dropped exactly once, and how often it was.
#[must_use]
pub fn unbalanced() -> Option<(Id, u8)> {
    LEDGER.with_borrow(|ledger| {
        let all = ledger.iter().enumerate().flat_map(|(producer, drops)| {
            drops.iter().enumerate().map(move |(serial, n)| (Id { producer, serial }, *n))
        });
        all.into_iter().find(|(_, n)| *n != 1)
    })
}
