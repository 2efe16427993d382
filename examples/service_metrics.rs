//! What a service wants to know of itself: how many, how many lately, how long, as a page for Prometheus.
//!
//! `cargo run --release --features latency --example service_metrics`

use core::time::Duration;
use std::thread;
use std::time::Instant;

use raddle::counter::prometheus::Text;
use raddle::counter::{Counter, LatencyRecorder, Max, PerSecond, SignedCounter};

static REQUESTS: Counter = Counter::new();
static IN_FLIGHT: SignedCounter = SignedCounter::new();
static LARGEST: Max = Max::new();
static LATENCY: LatencyRecorder = LatencyRecorder::new();

fn serve(request: u64) -> u64 {
    (0..request % 1000).map(|i| core::hint::black_box(i) ^ request).fold(0, u64::wrapping_add)
}

/// What a thread of the service does.
fn work(requests: u64) {
    for request in 0..requests {
        IN_FLIGHT.add(1);
        let start = Instant::now();
        LARGEST.record(serve(request) % 4096);
        LATENCY.record(start.elapsed());
        REQUESTS.increment();
        IN_FLIGHT.add(-1);
    }
}

/// What a scrape is answered with. No thread of the service waits for it.
fn page(rate: &mut PerSecond<&Counter>) -> Text {
    let latency = LATENCY.snapshot();
    let mut text = Text::new();
    text.counter("requests_total", "Requests served.").value(&[], REQUESTS.total());
    text.gauge("requests_in_flight", "Requests begun.").value(&[], IN_FLIGHT.sum());
    text.gauge("requests_per_second", "Over the last 10 s.").value(&[], rate.read());
    text.gauge("largest_answer_bytes", "Since the start.").value(&[], LARGEST.get().unwrap_or(0));
    text.summary("latency_seconds", "Time per request.").latency(
        &[],
        &latency,
        &[0.5, 0.99, 0.999],
    );
    text
}

fn main() {
    let mut rate = PerSecond::new(&REQUESTS, Duration::from_secs(10));
    thread::scope(|scope| {
        (0..4).for_each(|_| drop(scope.spawn(|| work(100_000))));
        println!("{}", page(&mut rate));
    });
    println!("{}", page(&mut rate));
    assert_eq!(
        (REQUESTS.sum(), IN_FLIGHT.sum(), LATENCY.snapshot().count()),
        (400_000, 0, 400_000)
    );
}
