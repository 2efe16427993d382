//! Why an operation did nothing.

use core::error::Error;
use core::fmt;

/// A push that did not happen; it holds what was to be pushed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PushError<T> {
    /// The queue is full; a later try may succeed. A handle pauses before it says so, up to four times for each item that was pushed
    /// since it said so last, and up to 256 times ([why](crate::guide::contention)).
    Full(T),
    /// No consumer is left; no later try can succeed.
    Closed(T),
}

impl<T> PushError<T> {
    /// Takes the item back.
    #[must_use]
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(item) | Self::Closed(item) => item,
        }
    }

    /// Whether a later try may succeed.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }

    /// Whether no later try can succeed.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

/// Without the item, which need not be printable.
impl<T> fmt::Debug for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Display for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the queue is full",
            Self::Closed(_) => "the queue is closed: no consumer is left",
        })
    }
}

impl<T> Error for PushError<T> {}

/// A pop that found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PopError {
    /// The queue is empty; a later try may succeed. A handle pauses before it says so, as for [`PushError::Full`].
    Empty,
    /// The queue is empty and no producer is left; no later try can succeed.
    Closed,
}

impl PopError {
    /// Whether a later try may succeed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Whether no later try can succeed.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

impl fmt::Display for PopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the queue is empty",
            Self::Closed => "the queue is empty and closed: no producer is left",
        })
    }
}

impl Error for PopError {}
