//! Threads kept on few cores, where a scheduler may be asked for that; elsewhere they run as they do.

use std::thread;

/// Runs `f` on a thread of its own which, with all threads that it starts, has `cores` cores at most.
pub(crate) fn on_cores(cores: usize, f: impl FnOnce() + Send) {
    thread::scope(|scope| {
        let pinned = || {
            keep_to(cores);
            f();
        };
        if let Err(panic) = scope.spawn(pinned).join() {
            std::panic::resume_unwind(panic);
        }
    });
}

#[cfg(all(target_os = "linux", not(miri)))]
fn keep_to(cores: usize) {
    /// As large as the C library's `cpu_set_t`: 1024 bits.
    type Set = [u64; 16];
    // As declared in the C library's `sched.h`, which the standard library links.
    unsafe extern "C" {
        fn sched_getaffinity(thread: i32, size: usize, set: *mut Set) -> i32;
        fn sched_setaffinity(thread: i32, size: usize, set: *const Set) -> i32;
    }
    let mut allowed: Set = [0; 16];
    // SAFETY: a set of that size, for the calling thread.
    let got = unsafe { sched_getaffinity(0, size_of::<Set>(), &raw mut allowed) };
    assert_eq!(got, 0, "the scheduler doesn't tell where this thread may run");
    let mut kept: Set = [0; 16];
    let cpus = (0..1024).filter(|cpu| allowed[cpu / 64] >> (cpu % 64) & 1 == 1);
    cpus.take(cores).for_each(|cpu| kept[cpu / 64] |= 1 << (cpu % 64));
    // SAFETY: likewise.
    let set = unsafe { sched_setaffinity(0, size_of::<Set>(), &raw const kept) };
    assert_eq!(set, 0, "the scheduler doesn't keep this thread on {cores} cores");
    assert!(thread::available_parallelism().is_ok_and(|n| n.get() <= cores));
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn keep_to(_cores: usize) {}
