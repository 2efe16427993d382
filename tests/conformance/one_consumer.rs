//! The ways to pop where there is one consumer.

use raddle::PopError;

use super::Consumer;
use crate::rng::Rng;

pub(super) type End<T> = Consumer<T>;

/// As many handles as there may be, `n` at most.
pub(super) fn handles<T>(rx: Consumer<T>, _n: usize) -> Vec<Consumer<T>> {
    vec![rx]
}

/// Pops at least one item, `n` at most, in one of the ways there are; by `drain` it may be none.
pub(super) fn pop_some<T: Copy + PartialEq>(
    rx: &mut Consumer<T>,
    rng: &mut Rng,
    items: &mut Vec<T>,
    n: usize,
) -> Result<(), PopError> {
    match rng.below(5) {
        0 => items.push(rx.pop()?),
        1 => assert!((1..=n).contains(&rx.pop_into(items, n)?)),
        2 => {
            let chunk = rx.read(n)?;
            assert!((1..=n).contains(&chunk.len()));
            let k = 1 + rng.below(chunk.len());
            items.extend(chunk.runs().flatten().take(k));
            chunk.release(k);
        }
        3 => {
            let shown = *rx.peek()?;
            items.push(rx.pop()?);
            assert!(items.last() == Some(&shown));
        }
        _ => items.extend(rx.drain().take(n)),
    }
    Ok(())
}

/// Looks at up to `n` items where they lie, and pops the first of them; says how many it looked at.
pub(super) fn pop_shown<T>(
    rx: &mut Consumer<T>,
    n: usize,
    mut look: impl FnMut(usize, &T),
) -> usize {
    let chunk = rx.read(n).expect("an item");
    chunk.runs().flatten().enumerate().for_each(|(i, item)| look(i, item));
    let shown = chunk.len();
    chunk.release(1);
    shown
}

/// What each way to pop one item says.
pub(super) fn refusals<T>(rx: &mut Consumer<T>) -> Vec<Option<PopError>> {
    let of_drain = if rx.drain().next().is_none() { rx.pop().err() } else { None };
    vec![
        rx.pop().err(),
        rx.peek().err(),
        rx.pop_into(&mut Vec::new(), 1).err(),
        rx.read(1).err(),
        of_drain,
    ]
}
