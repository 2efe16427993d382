//! Several items at once where an end has many handles: as many slots as there are, claimed with one step.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::raw::{Feed, PopClaims, PushClaims};

/// Copies of the items of a slice.
pub(super) struct Copies<'a, T> {
    items: &'a [T],
    next: usize,
}

impl<'a, T> From<&'a [T]> for Copies<'a, T> {
    fn from(items: &'a [T]) -> Self {
        Self { items, next: 0 }
    }
}

impl<T: Copy> Feed<T> for Copies<'_, T> {
    fn len(&self) -> usize {
        self.items.len() - self.next
    }

    #[inline(always)]
    fn next(&mut self) -> T {
        let item = self.items[self.next];
        self.next += 1;
        item
    }

    fn back(&mut self, _item: T) {
        self.next -= 1;
    }
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
pub(super) fn push<Q: PushClaims>(queue: &Q, mut feed: impl Feed<Q::Item>) -> usize {
    let n = feed.len();
    let mut done = 0;
    while done < n {
        // SAFETY: anybody may push; the claims are filled below, and nothing there panics.
        let claims = unsafe { queue.vacancies(n - done) };
        if claims.len == 0 {
            break;
        }
        // SAFETY: these claims, no more than what the feed has.
        done += unsafe { queue.fill(&claims, &mut feed) };
    }
    done
}

/// Moves up to `max` items to the end of `items`, no more than it finds, and says how many, if any.
pub(super) fn pop<Q: PopClaims>(queue: &Q, items: &mut Vec<Q::Item>, max: usize) -> Option<usize> {
    // To count what lies between the ends costs a miss on a word that the other end writes, so it is done only where
    // room has to be made; and for items without a size, since there is room for any number, and a busy producer.
    let is_room = items.capacity() - items.len() >= max && size_of::<Q::Item>() > 0;
    let max = if is_room { max } else { max.min(queue.len_to_consumer(&()).max(1)) };
    let mut done = 0;
    while done < max {
        // Before anything is claimed, since it may panic.
        items.reserve(max - done);
        // SAFETY: anybody may pop; the claims are emptied below, and nothing there panics.
        let claims = unsafe { queue.fronts(max - done) };
        if claims.len == 0 {
            break;
        }
        let end = items.spare_capacity_mut().as_mut_ptr().cast();
        // SAFETY: these claims; there is room for at least as many.
        let n = unsafe { queue.empty(&claims, end) };
        // SAFETY: so many more are initialised.
        unsafe { items.set_len(items.len() + n) };
        done += n;
    }
    (done > 0).then_some(done)
}
