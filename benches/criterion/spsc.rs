//! What one uncontended operation costs: both ends on one thread, so no line travels. Good for regressions of the
//! instruction path; says nothing about contention, for which there is `cargo run --release`.
//!
//! `cargo bench -p raddle-bench --bench spsc [-- FILTER]`

use core::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

use raddle_bench::cell::Topology;
use raddle_bench::message::{Message, Payload};
use raddle_bench::subject::{Consume, Produce, Subject};
use raddle_bench::subjects::{ArrayQueue, CachedIndex, Rtrb, SlotFlag, SpscBounded};

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

/// A group per question, the same kinds in each.
macro_rules! questions {
    ($criterion:ident: $($name:literal, $elements:expr, $run:ident::<$message:ty>;)*) => {$(
        let mut group = $criterion.benchmark_group($name);
        group.throughput(Throughput::Elements($elements as u64));
        $run::<SpscBounded, $message>(&mut group);
        $run::<Rtrb, $message>(&mut group);
        $run::<ArrayQueue, $message>(&mut group);
        $run::<CachedIndex, $message>(&mut group);
        $run::<SlotFlag, $message>(&mut group);
        group.finish();
    )*};
}

fn spsc(criterion: &mut Criterion) {
    questions! { criterion:
        "push and pop, 8 bytes", 1, pair::<Message<1>>;
        "push and pop, 64 bytes", 1, pair::<Message<8>>;
        "64 in, 64 out, 8 bytes", BATCH, batch::<Message<1>>;
    }
}

criterion_group!(benches, spsc);
criterion_main!(benches);
