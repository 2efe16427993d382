//! Counters as Prometheus text, read back by the rules of the exposition format (version 0.0.4):
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>. Needs feature `latency`:
//! `cargo test --features latency --test prometheus`.
#![cfg(feature = "latency")]

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use raddle::counter::prometheus::{CONTENT_TYPE, Text};
use raddle::counter::{Counter, LatencyRecorder, SignedCounter};

type Labels = Vec<(String, String)>;

#[derive(Debug, Default)]
struct Family {
    help: String,
    kind: String,
    /// Name, labels, value.
    samples: Vec<(String, Labels, f64)>,
}

/// A page by the rules; or what is wrong with it.
fn parse(page: &str) -> Result<BTreeMap<String, Family>, String> {
    let mut families = BTreeMap::<String, Family>::new();
    let (mut open, mut closed) = (String::new(), BTreeSet::new());
    if !page.is_empty() && !page.ends_with('\n') {
        return Err("the last line has no end".into());
    }
    for line in page.lines() {
        let wrong = |why: &str| Err(format!("{why}: {line}"));
        if line.is_empty() {
            continue;
        }
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let (word, name) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
            let rest = words.next().unwrap_or("");
            if !is_name(name, true) {
                return wrong("no metric name");
            }
            if open != name {
                closed.insert(core::mem::replace(&mut open, name.into()));
                if closed.contains(name) {
                    return wrong("a family in two places");
                }
            }
            let family = families.entry(name.into()).or_default();
            match word {
                "HELP" if family.help.is_empty() => family.help = unescape(rest, false)?,
                "TYPE" if family.kind.is_empty() && family.samples.is_empty() => {
                    if !["counter", "gauge", "histogram", "summary", "untyped"].contains(&rest) {
                        return wrong("no such type");
                    }
                    family.kind = rest.into();
                }
                _ => return wrong("a second HELP or TYPE, or one too late"),
            }
            continue;
        }
        let (name, labels, value) = sample(line)?;
        let Some(family) = families.get_mut(&open) else { return wrong("no family") };
        let suffixes: &[&str] = match family.kind.as_str() {
            "summary" => &["", "_sum", "_count"],
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        if !suffixes.iter().any(|suffix| name == format!("{open}{suffix}")) {
            return wrong("a sample of another family");
        }
        if family.samples.iter().any(|(n, l, _)| (n, l) == (&name, &labels)) {
            return wrong("the same sample again");
        }
        family.samples.push((name, labels, value));
    }
    for (name, family) in &families {
        check(name, family)?;
    }
    Ok(families)
}

/// What the types ask for.
fn check(name: &str, family: &Family) -> Result<(), String> {
    let mut buckets = BTreeMap::<Labels, Vec<(f64, f64)>>::new();
    let value = |suffix: &str, labels: &Labels| {
        let wanted = format!("{name}{suffix}");
        let found = family.samples.iter().find(|(n, l, _)| (n, l) == (&wanted, labels));
        found.map(|found| found.2).ok_or_else(|| format!("{wanted} is missing"))
    };
    for (sample, labels, count) in &family.samples {
        let own = if family.kind == "summary" { "quantile" } else { "le" };
        let (bounds, others): (Labels, Labels) =
            labels.iter().cloned().partition(|(label, _)| label == own);
        let has_own = sample == name && family.kind == "summary" || sample.ends_with("_bucket");
        if bounds.len() != usize::from(has_own && family.kind != "gauge") {
            return Err(format!("{sample}: {own} {} times", bounds.len()));
        }
        if let [(_, bound)] = &bounds[..] {
            let bound = float(bound)?;
            if family.kind == "summary" && !(0.0..=1.0).contains(&bound) {
                return Err(format!("a quantile of {bound}"));
            }
            buckets.entry(others).or_default().push((bound, *count));
        }
        if family.kind == "counter" && (count.is_nan() || *count < 0.0) {
            return Err(format!("a counter of {count}"));
        }
    }
    for (labels, buckets) in buckets {
        let count = value("_count", &labels)?;
        value("_sum", &labels)?;
        if family.kind == "histogram" {
            if !buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1) {
                return Err(format!("{name}: {buckets:?} don't rise"));
            }
            if buckets.last() != Some(&(f64::INFINITY, count)) {
                return Err(format!("{name}: the last of {buckets:?} is not all"));
            }
        }
    }
    Ok(())
}

/// `name{label="value",..} number`, and perhaps a time.
fn sample(line: &str) -> Result<(String, Labels, f64), String> {
    let wrong = |why: &str| format!("{why}: {line}");
    let end = line.find(['{', ' ', '\t']).ok_or_else(|| wrong("no value"))?;
    let (name, mut rest) = line.split_at(end);
    if !is_name(name, true) {
        return Err(wrong("no metric name"));
    }
    let mut labels = Labels::new();
    if let Some(mut list) = rest.strip_prefix('{') {
        while !list.starts_with('}') {
            let (label, after) = list.split_once("=\"").ok_or_else(|| wrong("no label value"))?;
            if !is_name(label, false) || labels.iter().any(|(before, _)| before == label) {
                return Err(wrong("no label name, or twice"));
            }
            let mut escaped = false;
            let end = after.find(|c| {
                let is_end = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                is_end
            });
            let (value, after) = after.split_at(end.ok_or_else(|| wrong("no closing quote"))?);
            labels.push((label.into(), unescape(value, true)?));
            list = &after[1..];
            match list.strip_prefix(',') {
                Some(more) => list = more,
                None if list.starts_with('}') => {}
                None => return Err(wrong("neither comma nor brace")),
            }
        }
        rest = &list[1..];
    }
    let mut words = rest.split_whitespace();
    let value = float(words.next().ok_or_else(|| wrong("no value"))?)?;
    if words.next().is_some_and(|time| time.parse::<i64>().is_err()) || words.next().is_some() {
        return Err(wrong("more than a value and a time"));
    }
    Ok((name.into(), labels, value))
}

fn is_name(name: &str, is_metric: bool) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_' || is_metric && c == ':';
    name.starts_with(is_letter) && name.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

/// What Go's `ParseFloat` takes and a client writes: decimal, or one of three words.
fn float(text: &str) -> Result<f64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    match text {
        "NaN" => Ok(f64::NAN),
        "+Inf" => Ok(f64::INFINITY),
        "-Inf" => Ok(f64::NEG_INFINITY),
        _ if digits.starts_with(|c: char| c.is_ascii_digit()) => {
            text.parse().map_err(|_| format!("no number: {text}"))
        }
        _ => Err(format!("no number: {text}")),
    }
}

fn unescape(text: &str, quoted: bool) -> Result<String, String> {
    let (mut plain, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        plain.push(match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('"') if quoted => '"',
                other => return Err(format!("an escape of {other:?} in {text}")),
            },
            ('"', _) if quoted => return Err(format!("a bare quote in {text}")),
            (c, _) => c,
        });
    }
    Ok(plain)
}

fn page() -> Text {
    let (requests, open) = (Counter::new(), SignedCounter::new());
    requests.add(u64::MAX >> 12);
    open.add(-3);
    let latency = LatencyRecorder::new();
    (1..=1000).for_each(|n| latency.record_nanos(n * n * 1000));
    let snapshot = latency.snapshot();
    let empty = LatencyRecorder::new().snapshot();

    let mut text = Text::new();
    text.counter("http:requests_total", "Served.\nAll \\ of \"them\".")
        .value(
            &[("path", "/a\"b\\c\nd,e}=\" f"), ("é_is_no_name_but_a_value", "é")][..1],
            requests.total(),
        )
        .value(&[("path", ""), ("method", "GET")], 0u64);
    text.gauge("open", "").value(&[], open.sum());
    text.gauge("load", "Of the machine.")
        .value(&[("of", "inf")], f64::INFINITY)
        .value(&[("of", "-inf")], f64::NEG_INFINITY)
        .value(&[("of", "nan")], f64::NAN)
        .value(&[("of", "small")], 1e-300)
        .value(&[("of", "large")], 1.5e300);
    text.summary("latency_seconds", "Time.")
        .latency(&[("path", "/")], &snapshot, &[0.0, 0.5, 0.99, 1.0])
        .latency(&[("path", "/none")], &empty, &[0.5])
        .latency(&[], &snapshot, &[]);
    let bounds = [1, 10, 100, 1000].map(Duration::from_millis);
    text.histogram("latency_buckets_seconds", "Time, in buckets.")
        .latency(&[], &snapshot, &bounds)
        .latency(&[("path", "/none")], &empty, &[]);
    text
}

#[test]
fn a_page_is_read_back_as_it_was_meant() {
    let text = page();
    if let Ok(path) = std::env::var("RADDLE_PROMETHEUS_PAGE") {
        std::fs::write(path, text.as_str()).expect("a page written for another reader");
    }
    assert_eq!(text.to_string(), text.as_str());
    let families = parse(text.as_str()).expect("a page by the rules");
    assert_eq!(families.len(), 5);

    let requests = &families["http:requests_total"];
    assert_eq!(
        (requests.kind.as_str(), requests.help.as_str()),
        ("counter", "Served.\nAll \\ of \"them\".")
    );
    let (_, labels, value) = &requests.samples[0];
    assert_eq!(labels[0], ("path".into(), "/a\"b\\c\nd,e}=\" f".into()));
    assert_eq!(*value, (u64::MAX >> 12) as f64);
    assert_eq!(families["open"].samples[0].2, -3.0);
    let load: Vec<f64> = families["load"].samples.iter().map(|sample| sample.2).collect();
    assert_eq!(
        (load[0], load[1], load[3], load[4]),
        (f64::INFINITY, f64::NEG_INFINITY, 1e-300, 1.5e300)
    );
    assert!(load[2].is_nan());

    let summary = &families["latency_seconds"].samples;
    let max =
        summary.iter().find(|(_, labels, _)| labels.contains(&("quantile".into(), "1".into())));
    assert_eq!(max.expect("a maximum").2, 1.0);
    assert!(summary.iter().any(|(_, labels, value)| value.is_nan() && labels[0].1 == "/none"));
    let buckets = &families["latency_buckets_seconds"].samples;
    assert_eq!(buckets.len(), 5 + 2 + 1 + 2);
    // 1000 n^2 ns are at most 10 ms up to n = 100, less what a bucket is wide.
    assert!((97.0..=100.0).contains(&buckets[1].2), "{buckets:?}");
}

#[test]
fn the_rules_can_be_broken() {
    let good = page().to_string();
    assert!(parse(&good).is_ok());
    for (from, to) in [
        ("# TYPE open gauge", "# TYPE open gage"),
        ("# TYPE open gauge", "# TYPE open counter"), // of -3
        ("# HELP open ", "# HELP open a\n# HELP open b"),
        ("open -3\n", "open -3\nopen -3\n"),
        ("open -3\n", "open\n"),
        ("open -3\n", "open inf\n"),
        ("open -3\n", "opened -3\n"),
        ("open -3\n", "open -3 1 2\n"),
        ("path=\"/none\"", "path=\"/no\"ne\""),
        ("path=\"/none\"", "0path=\"/none\""),
        ("path=\"/none\"", "path=\"/none\",path=\"\""),
        ("quantile=\"0.99\"", "quantile=\"99\""),
        ("le=\"+Inf\"", "le=\"2\""),
        ("latency_buckets_seconds_count 1000", "latency_buckets_seconds_count 999"),
        ("latency_seconds_sum 3", "latency_sum 3"),
        ("Served.\\n", "Served.\\t"),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(parse(&good.replace(from, to)).is_err(), "{from} as {to} passed");
    }
    assert!(parse(good.trim_end()).is_err());
}

#[test]
fn what_the_grammar_forbids_panics() {
    fn panics(f: impl Fn(&mut Text)) -> String {
        let run = || f(&mut Text::new());
        let error =
            std::panic::catch_unwind(core::panic::AssertUnwindSafe(run)).expect_err("a panic");
        error.downcast_ref::<String>().expect("a message").clone()
    }
    for name in ["", "0a", "a-b", "a b", "ä"] {
        assert!(panics(|text| drop(text.counter(name, ""))).contains("is no metric name"));
    }
    for label in ["", "0", "a:b", "__a", "a\"", "b"] {
        let sample = |text: &mut Text| {
            text.gauge("a", "").value(&[("b", ""), (label, "")], 1.0);
        };
        assert!(panics(sample).contains("is no label name here"), "{label}");
    }
    let twice = |text: &mut Text| {
        text.histogram("a", "");
        text.counter("a_count", "");
    };
    assert!(panics(twice).contains("`a_count` is on the page already"));
    let apart = |text: &mut Text| {
        text.gauge("a", "").value(&[("b", ""), ("c", ""), ("b", "")], 1.0);
    };
    assert!(panics(apart).contains("`b` is no label name here"));
    let empty = LatencyRecorder::new().snapshot();
    for bounds in [[1, 1], [2, 1]] {
        let bounds = bounds.map(Duration::from_millis);
        let fall = |text: &mut Text| {
            text.histogram("a", "").latency(&[], &empty, &bounds);
        };
        let run = || fall(&mut Text::new());
        let error =
            std::panic::catch_unwind(core::panic::AssertUnwindSafe(run)).expect_err("a panic");
        let message = error.downcast_ref::<&str>().expect("a message");
        assert_eq!(*message, "raddle: the bounds of a histogram must rise");
    }
    let own = |text: &mut Text| {
        text.summary("a", "").latency(&[("quantile", "")], &empty, &[0.5]);
    };
    assert!(panics(own).contains("`quantile` is no label name here"));
    assert!(CONTENT_TYPE.contains("version=0.0.4"));
}
