//! Counters as [Prometheus text](https://prometheus.io/docs/instrumenting/exposition_formats/), version 0.0.4: what a scrape
//! gets. Needs feature `latency`.
//!
//! ```
//! use raddle::counter::{Counter, LatencyRecorder, prometheus::Text};
//! use std::time::Duration;
//!
//! static REQUESTS: Counter = Counter::new();
//! static LATENCY: LatencyRecorder = LatencyRecorder::new();
//! REQUESTS.add(3);
//! LATENCY.record(Duration::from_millis(20));
//!
//! let mut text = Text::new();
//! text.counter("requests_total", "Requests served.").value(&[("path", "/")], REQUESTS.total());
//! text.summary("latency_seconds", "Time per request.").latency(&[], &LATENCY.snapshot(), &[0.5, 0.99]);
//! let lines: Vec<&str> = text.as_str().lines().collect();
//! assert_eq!(lines, [
//!     "# HELP requests_total Requests served.",
//!     "# TYPE requests_total counter",
//!     "requests_total{path=\"/\"} 3",
//!     "# HELP latency_seconds Time per request.",
//!     "# TYPE latency_seconds summary",
//!     "latency_seconds{quantile=\"0.5\"} 0.02",
//!     "latency_seconds{quantile=\"0.99\"} 0.02",
//!     "latency_seconds_sum 0.02",
//!     "latency_seconds_count 1",
//! ]);
//! ```
//!
//! Serve it with [`CONTENT_TYPE`]. A counter that somebody [takes](super::Sum::take) from is rendered by its
//! [`total`](super::Sum::total), since a scraper wants what never goes down.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Display, Write};
use core::time::Duration;

use super::latency::Snapshot;

/// The value of the HTTP header `Content-Type` for a [`Text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Labels of a sample: names and values. Each sample of a family needs its own set.
pub type Labels<'a> = &'a [(&'a str, &'a str)];

/// A page of metric families, each under its own name.
#[derive(Clone, Debug, Default)]
pub struct Text {
    page: String,
    names: Vec<String>,
}

impl Text {
    /// An empty page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The page so far.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.page
    }

    /// Begins a family of numbers that only go up (by custom its name ends in `_total`).
    ///
    /// # Panics
    /// If `name` is no metric name (`[a-zA-Z_:][a-zA-Z0-9_:]*`), or has a family already.
    pub fn counter(&mut self, name: &str, help: &str) -> Values<'_> {
        self.begin(name, help, "counter");
        Values { page: &mut self.page, name: name.to_string() }
    }

    /// Begins a family of numbers that go up and down.
    ///
    /// # Panics
    /// As [`counter`](Self::counter).
    pub fn gauge(&mut self, name: &str, help: &str) -> Values<'_> {
        self.begin(name, help, "gauge");
        Values { page: &mut self.page, name: name.to_string() }
    }

    /// Begins a family of latencies with quantiles, in seconds (by custom its name ends in `_seconds`).
    ///
    /// # Panics
    /// As [`counter`](Self::counter).
    pub fn summary(&mut self, name: &str, help: &str) -> Summaries<'_> {
        self.begin(name, help, "summary");
        Summaries(Values { page: &mut self.page, name: name.to_string() })
    }

    /// Begins a family of latencies with cumulative buckets, in seconds: unlike quantiles, they can be added up over processes.
    ///
    /// # Panics
    /// As [`counter`](Self::counter).
    pub fn histogram(&mut self, name: &str, help: &str) -> Histograms<'_> {
        self.begin(name, help, "histogram");
        Histograms(Values { page: &mut self.page, name: name.to_string() })
    }

    fn begin(&mut self, name: &str, help: &str, kind: &str) {
        assert!(
            is_name(name, ":"),
            "raddle: `{name}` is no metric name; use letters, digits, `_` and `:`"
        );
        let samples: &[&str] = match kind {
            "summary" => &["", "_sum", "_count"],
            "histogram" => &["", "_bucket", "_sum", "_count"],
            _ => &[""],
        };
        for suffix in samples {
            let sample = name.to_string() + suffix;
            assert!(!self.names.contains(&sample), "raddle: `{sample}` is on the page already");
            self.names.push(sample);
        }
        self.page += "# HELP ";
        self.page += name;
        self.page.push(' ');
        escape(&mut self.page, help, false);
        self.page += "\n# TYPE ";
        self.page += name;
        self.page.push(' ');
        self.page += kind;
        self.page.push('\n');
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.page)
    }
}

/// A number as Prometheus writes it. Sealed: `u64`, `i64` and `f64`.
pub trait Value: Display + sealed::Sealed {}

impl Value for u64 {}
impl Value for i64 {}
impl Value for f64 {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u64 {}
    impl Sealed for i64 {}
    impl Sealed for f64 {}
}

/// A family of plain numbers: see [`Text::counter`], [`Text::gauge`].
#[derive(Debug)]
pub struct Values<'a> {
    page: &'a mut String,
    name: String,
}

impl Values<'_> {
    /// Adds a sample.
    ///
    /// # Panics
    /// If a label's name is none (`[a-zA-Z_][a-zA-Z0-9_]*`, not beginning with `__`) or there twice.
    pub fn value(&mut self, labels: Labels<'_>, value: impl Value) -> &mut Self {
        self.sample("", labels, None, value);
        self
    }

    fn sample(
        &mut self,
        suffix: &str,
        labels: Labels<'_>,
        own: Option<(&str, f64)>,
        value: impl Value,
    ) {
        *self.page += &self.name;
        *self.page += suffix;
        let mut separator = '{';
        for (i, (name, value)) in labels.iter().enumerate() {
            let is_twice = labels[..i].iter().any(|(before, _)| before == name);
            let is_own = own.is_some_and(|(own, _)| own == *name);
            assert!(
                is_name(name, "") && !name.starts_with("__") && !is_twice && !is_own,
                "raddle: `{name}` is no label name here; use letters, digits and `_`, each name once"
            );
            self.page.push(separator);
            *self.page += name;
            *self.page += "=\"";
            escape(self.page, value, true);
            self.page.push('"');
            separator = ',';
        }
        if let Some((name, bound)) = own {
            self.page.push(separator);
            *self.page += name;
            *self.page += "=\"";
            number(self.page, bound);
            self.page.push('"');
            separator = ',';
        }
        *self.page += if separator == ',' { "} " } else { " " };
        number(self.page, value);
        self.page.push('\n');
    }

    fn sum_and_count(&mut self, labels: Labels<'_>, snapshot: &Snapshot) {
        self.sample("_sum", labels, None, snapshot.sum().as_secs_f64());
        self.sample("_count", labels, None, snapshot.count());
    }
}

/// A family of latencies with quantiles: see [`Text::summary`].
#[derive(Debug)]
pub struct Summaries<'a>(Values<'a>);

impl Summaries<'_> {
    /// Adds the quantiles asked for, the sum and the count. The quantiles of nothing are `NaN`, as is the custom.
    ///
    /// # Panics
    /// If a quantile is not from 0 to 1, or for a label as in [`Values::value`]; `quantile` is taken.
    pub fn latency(
        &mut self,
        labels: Labels<'_>,
        snapshot: &Snapshot,
        quantiles: &[f64],
    ) -> &mut Self {
        for &q in quantiles {
            let latency = snapshot.quantile(q).map_or(f64::NAN, |latency| latency.as_secs_f64());
            self.0.sample("", labels, Some(("quantile", q)), latency);
        }
        self.0.sum_and_count(labels, snapshot);
        self
    }
}

/// A family of latencies with buckets: see [`Text::histogram`].
#[derive(Debug)]
pub struct Histograms<'a>(Values<'a>);

impl Histograms<'_> {
    /// Adds how many latencies are at most each of `bounds`, and at most infinity, the sum and the count. A bound counts what is
    /// surely at most that: it is rounded down by up to a 32nd ([`Snapshot::at_most`]).
    ///
    /// # Panics
    /// If `bounds` don't rise, or for a label as in [`Values::value`]; `le` is taken.
    pub fn latency(
        &mut self,
        labels: Labels<'_>,
        snapshot: &Snapshot,
        bounds: &[Duration],
    ) -> &mut Self {
        assert!(bounds.is_sorted_by(|a, b| a < b), "raddle: the bounds of a histogram must rise");
        for bound in bounds {
            let own = Some(("le", bound.as_secs_f64()));
            self.0.sample("_bucket", labels, own, snapshot.at_most(*bound));
        }
        self.0.sample("_bucket", labels, Some(("le", f64::INFINITY)), snapshot.count());
        self.0.sum_and_count(labels, snapshot);
        self
    }
}

fn is_name(name: &str, besides: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_' || besides.contains(c);
    name.starts_with(is_letter) && name.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

/// Appends `text`; backslashes and ends of lines, and quotes if need be, with a backslash.
fn escape(page: &mut String, text: &str, quoted: bool) {
    for c in text.chars() {
        match c {
            '\\' => *page += r"\\",
            '\n' => *page += r"\n",
            '"' if quoted => *page += r#"\""#,
            c => page.push(c),
        }
    }
}

/// Appends a number as Go reads it.
fn number(page: &mut String, value: impl Display) {
    let start = page.len();
    // Writing to a string doesn't fail.
    let _ = write!(page, "{value}");
    let written = match &page[start..] {
        "inf" => "+Inf",
        "-inf" => "-Inf",
        _ => return,
    };
    page.replace_range(start.., written);
}
