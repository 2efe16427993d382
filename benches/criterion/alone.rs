//! What one uncontended operation costs: both ends on one thread, so no line travels. Good for regressions of the
//! instruction path; says nothing about contention, for which there is `cargo run --release`.
//!
//! `cargo bench -p raddle-bench --bench alone [-- FILTER]`

use core::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

use raddle_bench::cell::Topology;
use raddle_bench::message::{Message, Payload};
use raddle_bench::subject::{Consume, Produce, Subject};
use raddle_bench::subjects::{
    ArrayQueue, CachedIndex, MpmcBounded, MpmcUnbounded, MpscBounded, MpscUnbounded, MutexDeque,
    Rtrb, SegQueue, SlotFlag, SpmcBounded, SpmcUnbounded, SpscBounded, SpscUnbounded, StdChannel,
    UnboundedMutexDeque,
};

const CAPACITY: usize = 1024;
const BATCH: usize = 64;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

fn ends<S: Subject, M: Payload>() -> (S::Producer<M>, S::Consumer<M>) {
    let (mut tx, mut rx) = S::open(CAPACITY, Topology::ONE_TO_ONE);
    tx.pop().zip(rx.pop()).expect("one handle per end")
}

/// One push, one pop: never more than one item inside.
fn pair<S: Subject, M: Payload>(group: &mut Group<'_>) {
    let (mut tx, mut rx) = ends::<S, M>();
    let mut word = 0;
    group.bench_function(S::KIND.id, |bencher| {
        bencher.iter(|| {
            word += 1;
            assert!(tx.push(M::new(black_box(word))));
            rx.pop()
        });
    });
}

/// A batch in, a batch out.
fn batch<S: Subject, M: Payload>(group: &mut Group<'_>) {
    let (mut tx, mut rx) = ends::<S, M>();
    let items: Vec<M> = (0..BATCH as u64).map(M::new).collect();
    let mut taken = Vec::with_capacity(BATCH);
    group.bench_function(S::KIND.id, |bencher| {
        bencher.iter(|| {
            let n = tx.push_batch(black_box(&items));
            taken.clear();
            while taken.len() < n {
                let rest = n - taken.len();
                assert!(rx.pop_batch(&mut taken, rest) > 0);
            }
            black_box(&taken);
        });
    });
}

/// A group per question: what is done, by whom. One driver for ours and rivals.
macro_rules! questions {
    ($criterion:ident: $($name:literal, $elements:expr, $run:ident::<$message:ty>, [$($kind:ty),+];)*) => {$(
        let mut group = $criterion.benchmark_group($name);
        group.throughput(Throughput::Elements($elements as u64));
        $($run::<$kind, $message>(&mut group);)+
        group.finish();
    )*};
}

/// What does a bounded queue of one producer and one consumer cost, and by how much less is a batch?
fn narrow(criterion: &mut Criterion) {
    questions! { criterion:
        "spsc: push and pop, 8 bytes", 1, pair::<Message<1>>, [SpscBounded, Rtrb, ArrayQueue, CachedIndex, SlotFlag];
        "spsc: push and pop, 64 bytes", 1, pair::<Message<8>>, [SpscBounded, Rtrb, ArrayQueue, CachedIndex, SlotFlag];
        "spsc: 64 in, 64 out, 8 bytes", BATCH, batch::<Message<1>>, [SpscBounded, Rtrb, ArrayQueue, CachedIndex, SlotFlag];
    }
}

/// What does it cost that an end may be shared, though it isn't?
fn shared(criterion: &mut Criterion) {
    questions! { criterion:
        "shared ends: push and pop, 8 bytes", 1, pair::<Message<1>>,
            [SpscBounded, MpscBounded, SpmcBounded, MpmcBounded, ArrayQueue, MutexDeque];
        "shared ends: 64 in, 64 out, 8 bytes", BATCH, batch::<Message<1>>,
            [SpscBounded, MpscBounded, SpmcBounded, MpmcBounded, ArrayQueue, MutexDeque];
    }
}

/// What does it cost that nothing is refused?
fn unbounded(criterion: &mut Criterion) {
    questions! { criterion:
        "unbounded: push and pop, 8 bytes", 1, pair::<Message<1>>,
            [SpscUnbounded, MpscUnbounded, SpmcUnbounded, MpmcUnbounded, SegQueue, StdChannel, UnboundedMutexDeque];
        "unbounded: 64 in, 64 out, 8 bytes", BATCH, batch::<Message<1>>,
            [SpscUnbounded, MpscUnbounded, SpmcUnbounded, MpmcUnbounded, SegQueue, StdChannel, UnboundedMutexDeque];
    }
}

criterion_group!(benches, narrow, shared, unbounded);
criterion_main!(benches);
