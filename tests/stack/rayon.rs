//! rayon's parallel iterators, into a stack and out of it.

use raddle::stack::Stack;
use rayon::iter::{IntoParallelIterator, ParallelBridge, ParallelExtend, ParallelIterator};

#[test]
fn values_go_in_and_out_in_parallel() {
    let mut stack: Stack<usize> = (0..1000).into_par_iter().collect();
    stack.par_extend((1000..2000).into_par_iter());
    (&stack).par_extend((2000..3000).into_par_iter());
    let mut all: Vec<_> = stack.pop_all().par_bridge().collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..3000));
}

#[test]
fn a_panic_in_between_drops_what_did_not_go_in() {
    let stack = Stack::new();
    let values = (0..1000).into_par_iter().map(|i| {
        assert!(i != 500);
        Box::new(i)
    });
    let panicked =
        std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| (&stack).par_extend(values)));
    assert!(panicked.is_err());
    assert!(stack.pop_all().all(|i| *i != 500));
}
