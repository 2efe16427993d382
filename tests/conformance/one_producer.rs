//! The ways to push where there is one producer.

use std::collections::VecDeque;

use raddle::PushError;

use super::Producer;
use crate::rng::Rng;

pub(super) type End<T> = Producer<T>;

/// As many handles as there may be, `n` at most.
pub(super) fn handles<T>(tx: Producer<T>, _n: usize) -> Vec<Producer<T>> {
    vec![tx]
}

/// Pushes up to `n` items from `next` on in one of the ways there are.
pub(super) fn push_some(
    tx: &mut Producer<u64>,
    rng: &mut Rng,
    next: u64,
    n: usize,
) -> Result<usize, PushError<()>> {
    let items: VecDeque<_> = (next..).take(n).collect();
    match rng.below(4) {
        0 => tx.push(next).map(|()| 1).map_err(without),
        1 => tx.push_slice(&Vec::from(items)),
        2 => tx.push_from(&mut items.clone()),
        _ => {
            let mut chunk = tx.reserve(n)?;
            let written = chunk.fill(items);
            let committed = 1 + rng.below(written);
            chunk.commit(committed);
            Ok(committed)
        }
    }
}

/// Pushes up to `n` of `items`, at least one if there is room, without a detour if possible; says how many.
pub(super) fn push_in_place<T>(
    tx: &mut Producer<T>,
    n: usize,
    items: impl Iterator<Item = T>,
) -> usize {
    let Ok(mut chunk) = tx.reserve(n) else { return 0 };
    let written = chunk.fill(items);
    chunk.commit_all();
    written
}

/// What each way to push one item says, all but the one that gives the item back.
pub(super) fn refusals(tx: &mut Producer<u64>) -> Vec<Option<PushError<()>>> {
    vec![
        tx.push(0).map_err(without).err(),
        tx.push_slice(&[0]).err(),
        tx.push_from(&mut VecDeque::from([0])).err(),
        tx.reserve(1).err(),
    ]
}

fn without<T>(error: PushError<T>) -> PushError<()> {
    if error.is_full() { PushError::Full(()) } else { PushError::Closed(()) }
}
