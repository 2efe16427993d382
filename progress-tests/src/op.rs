//! What threads do.

use core::fmt;

use crate::kind::Kind;

/// How many items a batch has.
pub const BATCH: usize = 2;

/// How many slots are reserved.
pub const RESERVED: usize = 3;

/// More than any case has.
const EVERYTHING: usize = 1000;

/// What a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// `push`.
    Push,
    /// `push_from`, of two.
    PushBatch,
    /// `force_push`.
    Force,
    /// `pop`.
    Pop,
    /// `pop_into`, of up to two.
    PopBatch,
    /// A stack's `push_all`, of two.
    PushAll,
    /// A stack's `pop_all`.
    PopAll,
    /// Dropping a producer.
    DropTx,
    /// Dropping a consumer.
    DropRx,
    /// `peek`.
    Peek,
    /// `read`, of up to two, of which one is released.
    Read,
    /// `reserve`, of three, of which two are committed.
    Reserve,
    /// What a producing handle observes, one thing after another.
    LookTx,
    /// What a consuming handle observes.
    LookRx,
}

/// What a handle observes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// `len`.
    Len,
    /// `is_empty`.
    Empty,
    /// `is_full`.
    Full,
    /// `is_closed`.
    Closed,
}

impl Op {
    /// Whether it is done with a producing handle.
    #[must_use]
    pub fn is_producers(self) -> bool {
        matches!(
            self,
            Self::Push
                | Self::PushBatch
                | Self::Force
                | Self::PushAll
                | Self::DropTx
                | Self::Reserve
                | Self::LookTx
        )
    }

    /// Whether a structure of this kind has it.
    #[must_use]
    pub fn is_of<K: Kind>(self) -> bool {
        K::OPS.contains(&self) || K::MORE.contains(&self)
    }

    /// Whether it pushes or pops more than one item.
    #[must_use]
    pub fn is_batch(self) -> bool {
        matches!(self, Self::PushBatch | Self::PushAll | Self::PopBatch | Self::PopAll)
    }

    /// How many items it may have in its hands at one moment, to put them in.
    #[must_use]
    pub fn in_flight(self) -> usize {
        match self {
            Self::Push | Self::Force => 1,
            Self::PushBatch | Self::PushAll => BATCH,
            _ => 0,
        }
    }

    /// How many items it may have taken out and not handed over.
    #[must_use]
    pub fn in_hand(self) -> usize {
        match self {
            Self::Pop | Self::Force | Self::DropRx => 1,
            Self::PopBatch => BATCH,
            Self::PopAll => EVERYTHING,
            _ => 0,
        }
    }

    /// How many slots it may have in its hands.
    #[must_use]
    pub fn slots(self) -> usize {
        self.in_flight().max(self.in_hand())
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Push => "push",
            Self::PushBatch => "push_from",
            Self::Force => "force_push",
            Self::Pop => "pop",
            Self::PopBatch => "pop_into",
            Self::PushAll => "push_all",
            Self::PopAll => "pop_all",
            Self::DropTx => "drop of a producer",
            Self::DropRx => "drop of a consumer",
            Self::Peek => "peek",
            Self::Read => "read",
            Self::Reserve => "reserve",
            Self::LookTx => "a producer's look",
            Self::LookRx => "a consumer's look",
        })
    }
}
