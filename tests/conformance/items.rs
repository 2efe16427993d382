//! Items that tell what became of them.

use std::sync::{Arc, Mutex};

/// What became of the items it made.
#[derive(Default)]
pub(crate) struct Ledger {
    drops: Mutex<Vec<u32>>,
}

/// An item that its ledger knows; it panics when dropped if it was told to.
pub(crate) struct Counted {
    pub(crate) id: usize,
    panics: bool,
    ledger: Arc<Ledger>,
}

impl Ledger {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub(crate) fn item(self: &Arc<Self>) -> Counted {
        self.make(false)
    }

    pub(crate) fn items(self: &Arc<Self>, n: usize) -> impl Iterator<Item = Counted> + use<'_> {
        (0..n).map(|_| self.item())
    }

    /// An item whose drop panics.
    pub(crate) fn bomb(self: &Arc<Self>) -> Counted {
        self.make(true)
    }

    fn make(self: &Arc<Self>, panics: bool) -> Counted {
        let mut drops = self.drops.lock().expect("no panic under the lock");
        drops.push(0);
        Counted { id: drops.len() - 1, panics, ledger: Arc::clone(self) }
    }

    /// How often each item was dropped.
    pub(crate) fn drops(&self) -> Vec<u32> {
        self.drops.lock().expect("no panic under the lock").clone()
    }

    /// How many items were dropped.
    pub(crate) fn dropped(&self) -> usize {
        self.drops().iter().map(|&n| n as usize).sum()
    }

    #[track_caller]
    pub(crate) fn assert_each_dropped_once(&self) {
        let drops = self.drops();
        assert!(!drops.is_empty(), "no item was made");
        for (id, &n) in drops.iter().enumerate() {
            assert_eq!(n, 1, "drops of item {id} of {}", drops.len());
        }
    }
}

impl Counted {
    /// A further item of the same ledger.
    pub(crate) fn another(&self) -> Self {
        self.ledger.item()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.ledger.drops.lock().expect("no panic under the lock")[self.id] += 1;
        assert!(!self.panics, "item {} panics when dropped", self.id);
    }
}

/// An item that acts on a queue when it is dropped.
pub(crate) struct Acts(pub(crate) Box<dyn FnMut() + Send>);

impl Drop for Acts {
    fn drop(&mut self) {
        (self.0)();
    }
}
