//! Ordering sites: which source locations ask for which ordering, and one of them made weaker.
//!
//! Model arms pass every ordering through [`order`], which sees the caller's location. A runner lists the sites that a
//! set of models reaches ([`record`]), then weakens one ([`weaken`]), runs the models again and expects one to fail.
//! Process-global and set before a model starts, so that every execution of it sees the same program.

use core::panic::Location;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError, RwLock};
use std::vec::Vec;

use super::Ordering;

/// What an ordering is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A load.
    Load,
    /// A store.
    Store,
    /// A read-modify-write, or a successful compare-exchange.
    Rmw,
    /// The load of a failed compare-exchange.
    Failure,
    /// A fence.
    Fence,
}

/// One place in the sources that asks for an ordering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// Path as the compiler saw it: relative to the workspace.
    pub file: &'static str,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What asks; a compare-exchange is two sites in one location.
    pub kind: Kind,
    /// Name of the ordering asked for: `Relaxed`, `Acquire`, `Release`, `AcqRel` or `SeqCst`.
    pub asked: &'static str,
}

static RECORDING: Mutex<Option<BTreeSet<Site>>> = Mutex::new(None);
static WEAKENED: RwLock<Option<(Site, Ordering)>> = RwLock::new(None);

/// Starts to record the sites that run from now on.
pub fn record() {
    *RECORDING.lock().unwrap_or_else(PoisonError::into_inner) = Some(BTreeSet::new());
}

/// The sites that ran since [`record`], which ends.
pub fn recorded() -> Vec<Site> {
    let sites = RECORDING.lock().unwrap_or_else(PoisonError::into_inner).take();
    sites.into_iter().flatten().collect()
}

/// From now on `site` runs with the ordering `with`; every other site as written.
pub fn weaken(site: Site, with: Ordering) {
    *WEAKENED.write().unwrap_or_else(PoisonError::into_inner) = Some((site, with));
}

/// The ordering that the caller's location runs with.
#[track_caller]
pub(super) fn order(kind: Kind, asked: Ordering) -> Ordering {
    let at = Location::caller();
    let site =
        Site { file: at.file(), line: at.line(), column: at.column(), kind, asked: name(asked) };
    if let Some(sites) = RECORDING.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        sites.insert(site);
    }
    match *WEAKENED.read().unwrap_or_else(PoisonError::into_inner) {
        Some((weakened, with)) if weakened == site => with,
        _ => asked,
    }
}

fn name(order: Ordering) -> &'static str {
    match order {
        Ordering::Relaxed => "Relaxed",
        Ordering::Acquire => "Acquire",
        Ordering::Release => "Release",
        Ordering::AcqRel => "AcqRel",
        Ordering::SeqCst => "SeqCst",
        _ => "unknown",
    }
}
