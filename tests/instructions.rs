//! One thread, no contention: each function below does one operation [`N`] times, so that a simulated processor can count the
//! instructions of it. `cargo xtask test --only instructions` compares them with `xtask/instructions.toml`; run as it is, this
//! only says that the operations succeed. What a failure says is different in each, since functions of the same code are made one,
//! and then counted as one operation.

use core::hint::black_box;

use raddle::counter::{Counter, Max};
use raddle::mpmc::Fixed;
use raddle::stack::{IndexStack, Stack};
use raddle::{mpmc, mpsc, spmc, spsc};

const N: u64 = 1000;
const BATCH: usize = 50;

macro_rules! queues {
    ($($make:expr, $tx:ty, $rx:ty: $push:ident $pop:ident $push_slice:ident $pop_into:ident;)+) => {
        $(
            #[unsafe(no_mangle)]
            #[inline(never)]
            #[allow(unused_mut, reason = "where there may be many handles, they act through `&self`")]
            fn $push(mut tx: $tx) -> $tx {
                (0..N).for_each(|i| assert!(tx.push(black_box(i)).is_ok(), stringify!($push)));
                tx
            }

            #[unsafe(no_mangle)]
            #[inline(never)]
            #[allow(unused_mut, reason = "see above")]
            fn $pop(mut rx: $rx) -> $rx {
                (0..N).for_each(|_| assert!(black_box(rx.pop()).is_ok(), stringify!($pop)));
                rx
            }

            #[unsafe(no_mangle)]
            #[inline(never)]
            #[allow(unused_mut, reason = "see above")]
            fn $push_slice(mut tx: $tx, items: &[u64; BATCH]) -> $tx {
                for _ in 0..N as usize / BATCH {
                    let n = tx.push_slice(black_box(items));
                    assert_eq!(n, Ok(BATCH), stringify!($push_slice));
                }
                tx
            }

            #[unsafe(no_mangle)]
            #[inline(never)]
            #[allow(unused_mut, reason = "see above")]
            fn $pop_into(mut rx: $rx, items: &mut Vec<u64>) -> $rx {
                for _ in 0..N as usize / BATCH {
                    items.clear();
                    let n = rx.pop_into(black_box(items), BATCH);
                    assert_eq!(n, Ok(BATCH), stringify!($pop_into));
                }
                rx
            }
        )+

        fn all_queues() {
            let (batch, mut items) = ([7; BATCH], Vec::with_capacity(BATCH));
            $({
                let (tx, rx) = $make;
                // The first round fetches memory, and is counted too: as often as in any other run.
                let (tx, rx) = ($push(tx), $pop(rx));
                drop(($push_slice(tx, &batch), $pop_into(rx, &mut items)));
            })+
        }
    };
}

queues! {
    spsc::bounded(1024), spsc::bounded::Producer<u64>, spsc::bounded::Consumer<u64>:
    spsc_bounded_push spsc_bounded_pop spsc_bounded_push_slice spsc_bounded_pop_into;

    spsc::unbounded(), spsc::unbounded::Producer<u64>, spsc::unbounded::Consumer<u64>:
    spsc_unbounded_push spsc_unbounded_pop spsc_unbounded_push_slice spsc_unbounded_pop_into;

    mpsc::bounded(1024), mpsc::bounded::Producer<u64>, mpsc::bounded::Consumer<u64>:
    mpsc_bounded_push mpsc_bounded_pop mpsc_bounded_push_slice mpsc_bounded_pop_into;

    mpsc::unbounded(), mpsc::unbounded::Producer<u64>, mpsc::unbounded::Consumer<u64>:
    mpsc_unbounded_push mpsc_unbounded_pop mpsc_unbounded_push_slice mpsc_unbounded_pop_into;

    spmc::bounded(1024), spmc::bounded::Producer<u64>, spmc::bounded::Consumer<u64>:
    spmc_bounded_push spmc_bounded_pop spmc_bounded_push_slice spmc_bounded_pop_into;

    spmc::unbounded(), spmc::unbounded::Producer<u64>, spmc::unbounded::Consumer<u64>:
    spmc_unbounded_push spmc_unbounded_pop spmc_unbounded_push_slice spmc_unbounded_pop_into;

    mpmc::bounded(1024), mpmc::bounded::Producer<u64>, mpmc::bounded::Consumer<u64>:
    mpmc_bounded_push mpmc_bounded_pop mpmc_bounded_push_slice mpmc_bounded_pop_into;

    mpmc::unbounded(), mpmc::unbounded::Producer<u64>, mpmc::unbounded::Consumer<u64>:
    mpmc_unbounded_push mpmc_unbounded_pop mpmc_unbounded_push_slice mpmc_unbounded_pop_into;
}

macro_rules! others {
    ($($name:ident($this:ident: &$type:ty), $i:ident => $operation:expr;)+) => {$(
        #[unsafe(no_mangle)]
        #[inline(never)]
        fn $name($this: &$type) {
            for $i in 0..N {
                black_box($operation);
            }
        }
    )+};
}

others! {
    fixed_push(queue: &Fixed<u64, 1024>), i => queue.push(i).is_ok();
    fixed_pop(queue: &Fixed<u64, 1024>), _i => queue.pop();
    stack_push(stack: &Stack<u64>), i => stack.push(i);
    stack_pop(stack: &Stack<u64>), _i => stack.pop();
    index_stack_push(stack: &IndexStack), i => stack.push(i as u32);
    index_stack_pop(stack: &IndexStack), _i => stack.pop();
    counter_add(counter: &Counter), i => counter.add(i);
    counter_sum(counter: &Counter), _i => counter.sum();
    counter_take(counter: &Counter), _i => counter.take();
    max_record(max: &Max), i => max.record(i);
}

#[test]
fn operations_succeed() {
    all_queues();

    let queue = Fixed::new();
    fixed_push(&queue);
    assert_eq!(queue.len(), N as usize);
    fixed_pop(&queue);
    assert!(queue.is_empty());

    let stack = Stack::new();
    stack_push(&stack);
    stack_pop(&stack);
    assert!(stack.is_empty());

    let indices = IndexStack::empty(N as u32);
    index_stack_push(&indices);
    index_stack_pop(&indices);
    assert!(indices.is_empty());

    let counter = Counter::new();
    counter_add(&counter);
    counter_sum(&counter);
    assert_eq!(counter.sum(), N * (N - 1) / 2);
    counter_take(&counter);
    assert_eq!(counter.sum(), 0);

    let max = Max::new();
    max_record(&max);
    assert_eq!(max.get(), Some(N - 1));
}
