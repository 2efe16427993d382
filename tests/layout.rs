//! What two threads write lies lines apart, as far as it can be seen from outside: both ends of a queue, handles side by side.

use raddle::cacheline::PAD;
use raddle::{mpmc, spsc};

#[test]
fn the_ends_of_a_fixed_queue_are_lines_apart() {
    // Two ends, and what is only read.
    assert!(size_of::<mpmc::Fixed<u8, 1>>() >= 3 * PAD);
    assert_eq!(align_of::<mpmc::Fixed<u8, 1>>(), PAD);
}

#[test]
fn handles_that_change_with_each_operation_are_lines_apart() {
    assert_eq!(align_of::<spsc::bounded::Producer<u8>>(), PAD);
    assert_eq!(align_of::<spsc::bounded::Consumer<u8>>(), PAD);
    assert_eq!(size_of::<spsc::bounded::Producer<u8>>() % PAD, 0);
    assert_eq!(size_of::<spsc::bounded::Consumer<u8>>() % PAD, 0);
}
