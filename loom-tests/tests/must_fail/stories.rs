//! The wrong forms of the guide's stories: each shows exactly the outcome that its page tells of, and no other.
//!
//! The right forms are models in `src/models/stories/`.

use raddle::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};
use raddle_loom_tests::Model;
use raddle_loom_tests::models::stories::{locks, news, orders, updates};

/// A test for each line: name, what the checker must report, the wrong form, and the outcomes of the right one.
macro_rules! wrong {
    ($($name:ident: $reported:literal, $wrong:expr, $right:expr;)+) => {$(
        #[test]
        #[should_panic(expected = $reported)]
        fn $name() {
            let _ = Model::new(stringify!($name)).at_least(1).check_outcomes($wrong, $right);
        }
    )+};
}

const WHOLE: [(usize, usize); 3] = [(0, 0), (0, 1), (1, 1)];
const ONE_IS_SEEN: [(usize, usize); 3] = [(0, 1), (1, 0), (1, 1)];
const ONE_OF_TWO: [(bool, bool); 2] = [(true, false), (false, true)];
const NO_MIXTURE: [Option<(usize, usize)>; 3] = [None, Some((0, 0)), Some((7, 7))];

wrong! {
    a_relaxed_message: "unexpected outcomes [(1, 0)]", || orders::message(Relaxed, Relaxed), WHOLE;
    a_message_without_release: "unexpected outcomes [(1, 0)]", || orders::message(Relaxed, Acquire), WHOLE;
    a_message_without_acquire: "unexpected outcomes [(1, 0)]", || orders::message(Release, Relaxed), WHOLE;
    a_relaxed_second: "unexpected outcomes [0]", || orders::second(Relaxed), [1];
    a_second_without_release: "unexpected outcomes [0]", || orders::second(Acquire), [1];
    a_second_without_acquire: "unexpected outcomes [0]", || orders::second(Release), [1];
    two_flags_with_a_weaker_fence: "unexpected outcomes [(0, 0)]", || orders::two_flags(AcqRel), ONE_IS_SEEN;
    a_lost_update: "unexpected outcomes [1]", || updates::two_add(updates::load_and_store), [2];
    two_words_in_two_steps: "unexpected outcomes [0, 2]", updates::two_words, [1];
    a_relaxed_spin_lock: "unexpected outcomes [1]", || locks::spin_lock(Relaxed, Relaxed), [2];
    a_spin_lock_without_release: "unexpected outcomes [1]", || locks::spin_lock(Acquire, Relaxed), [2];
    a_spin_lock_without_acquire: "unexpected outcomes [1]", || locks::spin_lock(Relaxed, Release), [2];
    a_relaxed_last_drop: "Causality violation", || locks::last_drop(Relaxed), ONE_OF_TWO;
    a_last_drop_without_acquire: "Causality violation", || locks::last_drop(Release), ONE_OF_TWO;
    a_last_drop_without_release: "Causality violation", || locks::last_drop(Acquire), ONE_OF_TWO;
    a_value_that_comes_back: "unexpected outcomes [false]", || news::noticed([1, 0]), [true];
    a_sequence_lock_with_relaxed_data: "unexpected outcomes [Some((0, 7)), Some((7, 0))]",
        || news::sequence_lock([Relaxed, Relaxed], [Release, Acquire]), NO_MIXTURE;
    a_sequence_lock_with_relaxed_numbers: "unexpected outcomes [Some((0, 7)), Some((7, 0))]",
        || news::sequence_lock([Release, Acquire], [Relaxed, Relaxed]), NO_MIXTURE;
    a_look_before_the_set: "unexpected outcomes [(true, true)]", || news::start(news::look_and_set), ONE_OF_TWO;
}
