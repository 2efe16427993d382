//! Cycles, where they can be known.
//!
//! What x86 counts (the time-stamp counter) runs at one speed whatever the core does, if the processor says that it is
//! *invariant*; then it is calibrated against the system's clock. These are the cycles of the tables. How fast the core itself
//! runs is told by a chain of additions, each of which waits for the one before and takes one of the core's own cycles.

#[cfg(target_arch = "x86_64")]
use core::time::Duration;
use std::time::Instant;

use serde::Serialize;

use crate::report::section::digits;
use crate::stats;

/// How fast the counter and the core run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Ticks {
    /// Cycles of the time-stamp counter in a nanosecond.
    pub(super) per_ns: Option<f64>,
    /// Dependent additions in a nanosecond.
    pub(super) adds_per_ns: Option<f64>,
}

/// Measurements whose median is taken.
const TIMES: usize = 5;

fn median(measure: impl Fn() -> f64) -> f64 {
    let values: Vec<_> = (0..TIMES).map(|_| measure()).collect();
    stats::median(&values)
}

impl Ticks {
    /// Measures both, where they can be known.
    pub(super) fn read() -> Self {
        Self {
            per_ns: is_invariant().then(|| median(counter_per_ns)),
            adds_per_ns: has_adds().then(|| median(|| 64e6 / additions(1_000_000) / 64.0)),
        }
    }

    /// `ns` in cycles, as text.
    pub(super) fn cycles(&self, ns: f64) -> String {
        self.per_ns.map_or_else(|| "unknown".to_owned(), |per_ns| digits(ns * per_ns))
    }

    /// How the cycles are to be read.
    pub(super) fn words(&self) -> String {
        let counter = match self.per_ns {
            Some(per_ns) => format!(
                "cycles: of the invariant time-stamp counter, {} of them in a nanosecond",
                digits(per_ns)
            ),
            None => "cycles: unknown, for this processor doesn't say that it has an invariant \
                     time-stamp counter"
                .to_owned(),
        };
        match self.adds_per_ns {
            Some(adds) => format!(
                "{counter}; the core itself did {} additions in a nanosecond, each waiting for \
                 the one before.",
                digits(adds)
            ),
            None => format!("{counter}."),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn is_invariant() -> bool {
    let cpuid = raw_cpuid::CpuId::new();
    cpuid.get_advanced_power_mgmt_info().is_some_and(|info| info.has_invariant_tsc())
}

#[cfg(not(target_arch = "x86_64"))]
fn is_invariant() -> bool {
    false
}

#[cfg(target_arch = "x86_64")]
fn counter_per_ns() -> f64 {
    let now = || {
        // SAFETY: reading the counter changes nothing.
        let ticks = unsafe { core::arch::x86_64::_rdtsc() };
        (Instant::now(), ticks)
    };
    let (start, first) = now();
    while start.elapsed() < Duration::from_millis(5) {}
    let (end, last) = now();
    (last - first) as f64 / end.duration_since(start).as_nanos() as f64
}

#[cfg(not(target_arch = "x86_64"))]
fn counter_per_ns() -> f64 {
    unreachable!("asked only where the counter is invariant")
}

const fn has_adds() -> bool {
    cfg!(any(target_arch = "x86_64", target_arch = "aarch64"))
}

/// Nanoseconds for `n` additions, each of which waits for the one before.
fn additions(n: u64) -> f64 {
    let start = Instant::now();
    let mut sum = 1_u64;
    for _ in 0..n / 16 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: it adds to a register.
        unsafe {
            core::arch::asm!(".rept 16", "add {0}, {0}", ".endr", inout(reg) sum, options(nomem, nostack));
        }
        #[cfg(target_arch = "aarch64")]
        // SAFETY: it adds to a register.
        unsafe {
            core::arch::asm!(".rept 16", "add {0}, {0}, {0}", ".endr", inout(reg) sum, options(nomem, nostack));
        }
    }
    core::hint::black_box(&mut sum);
    start.elapsed().as_nanos() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_t_be_known_is_unknown() {
        let nothing = Ticks { per_ns: None, adds_per_ns: None };
        assert_eq!(nothing.cycles(3.0), "unknown");
        assert!(nothing.words().contains("unknown") && !nothing.words().contains("itself"));
        let known = Ticks { per_ns: Some(2.5), adds_per_ns: Some(3.0) };
        assert_eq!(known.cycles(4.0), "10.0");
        assert!(known.words().contains("2.50 of them") && known.words().contains("3.00 add"));
    }

    #[test]
    fn what_is_measured_is_positive() {
        let Ticks { per_ns, adds_per_ns } = Ticks::read();
        assert!(per_ns.is_none_or(|n| n > 0.0) && adds_per_ns.is_none_or(|n| n > 0.0));
    }
}
