//! Values of all shapes: of no size, large, aligned to more than a cache line; and of several shapes at once.

use raddle::stack::Stack;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Empty;

#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(256))]
struct Aligned(u8);

#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(32))]
struct AlignedEmpty;

/// Enough rounds for nodes to come back from their grace period.
fn goes_round<T: Copy + PartialEq + core::fmt::Debug>(make: impl Fn(usize) -> T) {
    let mut stack = Stack::new();
    for round in 0..300 {
        (0..10).for_each(|i| stack.push(make(round + i)));
        stack.push_all((10..20).map(|i| make(round + i)));
        let top = stack.peek_mut().expect("twenty are in");
        assert_eq!(core::ptr::from_mut(top).align_offset(align_of::<T>()), 0);
        assert_eq!(stack.peek(), Some(make(round + 19)));
        assert!((10..20).rev().all(|i| stack.pop() == Some(make(round + i))));
        assert!(stack.pop_all().eq((0..10).rev().map(|i| make(round + i))));
    }
    stack.push(make(1));
    assert!(stack.into_iter().eq([make(1)]));
}

#[test]
fn values_of_no_size() {
    goes_round(|_| ());
    goes_round(|_| Empty);
    goes_round(|_| AlignedEmpty);
}

#[test]
fn small_and_large_values() {
    goes_round(|i| i as u8);
    goes_round(|i| i);
    goes_round(|i| [i; 3]);
    goes_round(|i| [i; 31]);
    goes_round(|i| [i; 32]);
    goes_round(|i| [i; 512]);
}

#[test]
fn aligned_values() {
    goes_round(|i| i as u128);
    goes_round(|i| Aligned(i as u8));
    goes_round(|i| [Aligned(i as u8); 3]);
}

/// Nodes of one size and of another alignment are not shared: those of the other may lie anywhere.
#[test]
fn values_of_other_alignments_by_turns() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(align(64))]
    struct Wide<const N: usize>([u64; N]);
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(align(32))]
    struct Half<const N: usize>([u64; N]);
    // A node has a word besides: 64, 96, 128, 512 and 4096 bytes, each with three alignments.
    fn by_turns<A: Copy, B: Copy, C: Copy>(a: A, b: B, c: C) {
        fn check<T: Copy>(stack: &mut Stack<T>, value: T) {
            for _ in 0..40 {
                stack.push(value);
                let top = core::ptr::from_mut(stack.peek_mut().expect("it was pushed"));
                assert_eq!(top.addr() % align_of::<T>(), 0, "{} bytes", size_of::<T>());
            }
            // Spare soon.
            (0..30).for_each(|_| assert!(stack.pop().is_some()));
            assert_eq!(stack.pop_all().count(), 10);
        }
        let (mut x, mut y, mut z) = (Stack::new(), Stack::new(), Stack::new());
        for _ in 0..100 {
            check(&mut x, a);
            check(&mut y, b);
            check(&mut z, c);
        }
    }
    by_turns([0_u64; 7], Half([0_u64; 4]), Wide([0_u64; 0]));
    by_turns([0_u64; 11], Half([0_u64; 8]), [0_u128; 5]);
    by_turns([0_u64; 15], Half([0_u64; 12]), Wide([0_u64; 8]));
    by_turns([0_u64; 63], Half([0_u64; 60]), Wide([0_u64; 56]));
    by_turns([0_u64; 511], Half([0_u64; 508]), Wide([0_u64; 504]));
}

/// Nodes of one size are shared by all types of that size; the values are not.
#[test]
fn stacks_of_many_types_at_once() {
    let (a, b, c) = (Stack::new(), Stack::new(), Stack::new());
    for i in 0..5000_usize {
        a.push(i);
        b.push(i as f64);
        c.push(Box::new(i));
        if i % 3 > 0 {
            assert_eq!(a.pop(), Some(i));
            assert_eq!(b.pop(), Some(i as f64));
            assert_eq!(c.pop(), Some(Box::new(i)));
        }
    }
    let rest = || (0..5000).rev().filter(|i| i % 3 == 0);
    assert!(a.pop_all().eq(rest()));
    assert!(b.pop_all().eq(rest().map(|i| i as f64)));
    assert!(c.pop_all().map(|i| *i).eq(rest()));
}

#[test]
fn handles_are_send_and_sync_and_named() {
    fn is<T: Send + Sync>() {}
    // `Cell` is Send and not Sync: no reference to a value is ever shared.
    is::<Stack<core::cell::Cell<u8>>>();
    is::<raddle::stack::PopAll<core::cell::Cell<u8>>>();
    is::<raddle::stack::IntoIter<core::cell::Cell<u8>>>();
    let stack = Stack::from_iter([1]);
    assert_eq!(format!("{stack:?}"), "Stack { is_empty: false, .. }");
    assert_eq!(format!("{:?}", stack.pop_all()), "PopAll { taken: 0, .. }");
    assert_eq!(format!("{:?}", stack.into_iter()), "IntoIter { .. }");
}
