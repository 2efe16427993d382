//! Several items at once where an end has many handles: as many slots as there are, claimed with one step.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::raw::{PopClaims, PushClaims};

/// Items on their way into a queue.
pub(super) trait Feed<T> {
    /// How many are left.
    fn len(&self) -> usize;

    /// The next one, which is there.
    fn next(&mut self) -> T;

    /// The one that came last, which didn't go in.
    fn back(&mut self, item: T);
}

impl<T: Copy> Feed<T> for &[T] {
    fn len(&self) -> usize {
        (**self).len()
    }

    #[inline(always)]
    fn next(&mut self) -> T {
        let (first, rest) = self.split_first().expect("asked for no more than `len`");
        *self = rest;
        *first
    }

    fn back(&mut self, _item: T) {}
}

impl<T> Feed<T> for &mut VecDeque<T> {
    fn len(&self) -> usize {
        (**self).len()
    }

    #[inline(always)]
    fn next(&mut self) -> T {
        self.pop_front().expect("asked for no more than `len`")
    }

    fn back(&mut self, item: T) {
        self.push_front(item);
    }
}

/// Pushes what `feed` has, in order, and says how many went in; the others stay.
///
/// A slot that a consumer has passed over meanwhile is left out: its item goes into the next slot, so that a producer's
/// order is kept.
pub(super) fn push<Q: PushClaims>(queue: &Q, mut feed: impl Feed<Q::Item>) -> usize {
    let n = feed.len();
    let (mut done, mut pending) = (0, None);
    while done < n {
        // SAFETY: anybody may push; each claim is written and put below, and nothing there panics.
        let claims = unsafe { queue.vacancies(n - done) };
        if claims.len == 0 {
            break;
        }
        for i in 0..claims.len {
            let item = pending.take().unwrap_or_else(|| feed.next());
            // SAFETY: one of the claims, for the first time.
            let claim = unsafe { queue.vacancy_at(&claims, i) };
            // SAFETY: the slot is the caller's, and empty.
            unsafe { claim.item.write(item) };
            // SAFETY: it holds the item now.
            if unsafe { queue.put(&mut (), &claim) } {
                done += 1;
            } else {
                // SAFETY: passed over, and so still the caller's.
                pending = Some(unsafe { claim.item.read() });
                // SAFETY: the item has moved.
                unsafe { queue.retract(claim) };
            }
        }
    }
    if let Some(item) = pending {
        feed.back(item);
    }
    done
}

/// Moves up to `max` items, no more than there are now, to the end of `items`; says how many, if any.
pub(super) fn pop<Q: PopClaims>(queue: &Q, items: &mut Vec<Q::Item>, max: usize) -> Option<usize> {
    let max = max.min(queue.len_to_consumer(&()).max(1));
    let mut done = 0;
    while done < max {
        // Before anything is claimed, since it may panic.
        items.reserve(max - done);
        // SAFETY: anybody may pop; each claim is emptied and taken below, and nothing there panics.
        let claims = unsafe { queue.fronts(max - done) };
        if claims.len == 0 {
            break;
        }
        for i in 0..claims.len {
            // SAFETY: one of the claims, for the first time.
            let Some(claim) = (unsafe { queue.front_at(&claims, i) }) else { continue };
            // SAFETY: the slot holds an item, which is moved out.
            items.push(unsafe { claim.item.read() });
            // SAFETY: this claim.
            unsafe { queue.take(&mut (), claim) };
            done += 1;
        }
    }
    (done > 0).then_some(done)
}
