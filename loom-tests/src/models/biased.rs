//! The biased reference count of `src/biased.rs`: dropped once, by whoever is last, after all others are done with it.
//!
//! The shadow beside the value sees a drop that is not ordered after a read, `Tracked` a value that is never dropped or freed
//! twice. What fails without the orderings is `a_biased_count_without_orderings_is_caught` in `tests/must_fail.rs`.

use loom::thread;

use crate::biased::Owned;
use crate::{Checked, Model, counted, models};

models![the_owner_goes_beside_another, the_last_of_two_others_drops];

/// The owner reads and drops its last reference, another thread does the same: the race that the count decides. Says how
/// often the value was dropped.
///
/// # Panics
/// If the other thread does.
pub fn both_go<const SOUND: bool>() -> usize {
    let (drops, item) = counted();
    let owned = Owned::<_, SOUND>::new((7, item()));
    let other = thread::spawn({
        let shared = owned.share();
        move || assert_eq!(shared.0, 7)
    });
    let copy = owned.clone();
    drop(owned);
    assert_eq!(copy.0, 7);
    drop(copy);
    other.join().unwrap();
    drops.get()
}

fn the_owner_goes_beside_another(model: Model) -> Checked {
    model.at_least(2).check_outcomes(both_go::<true>, [1])
}

fn the_last_of_two_others_drops(model: Model) -> Checked {
    model.at_least(2).check_outcomes(
        || {
            let (drops, item) = counted();
            let owned = Owned::<_>::new((7, item()));
            let others = [owned.share(), owned.share()];
            drop(owned);
            let others =
                others.map(|shared| thread::spawn(move || assert_eq!(shared.clone().0, 7)));
            for other in others {
                other.join().unwrap();
            }
            drops.get()
        },
        [1],
    )
}
