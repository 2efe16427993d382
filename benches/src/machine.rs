//! What is known of this machine; what can't be read is unknown, never guessed.

use core::time::Duration;
use std::collections::BTreeSet;
use std::fs;

use serde::Serialize;

use crate::cell::Cores;

/// The machine, as far as it can be read.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: Option<String>,
    /// The architecture this was compiled for.
    pub arch: &'static str,
    /// CPUs this process may run on.
    pub cpus_allowed: Option<usize>,
    /// CPUs that are online.
    pub cpus_online: Option<usize>,
    /// Physical cores.
    pub cores: Option<usize>,
    /// CPUs per physical core.
    pub threads_per_core: Option<usize>,
    /// Caches that the first CPU sees.
    pub caches: Option<Vec<Cache>>,
    /// The hypervisor; "none" if the processor denies that there is one.
    pub hypervisor: Option<String>,
    /// The frequency governor.
    pub governor: Option<String>,
    /// CPU time that the control group may use, in cores.
    pub quota: Option<f64>,
    /// Operating system.
    pub os: &'static str,
    /// Its kernel's release.
    pub kernel: Option<String>,
    /// The compiler.
    pub rustc: &'static str,
    /// Optimised, without debug assertions.
    pub optimised: bool,
}

/// A cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cache {
    /// 1 is nearest.
    pub level: u32,
    /// Data, Instruction or Unified.
    pub kind: String,
    /// As the kernel writes it, such as 32K.
    pub size: String,
    /// CPUs that share it.
    pub shared_by: usize,
}

/// How busy the machine is, apart from what we do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Load {
    /// Load average over the last minute; it lags.
    pub average: Option<f64>,
    /// Threads that run or want to, this one excepted.
    pub running: Option<u64>,
    /// Time that the hypervisor gave to others since boot, in ticks.
    pub steal: Option<u64>,
}

fn read(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The value of `key` in text of lines such as `key : value`.
fn field<'a>(text: &'a str, key: &str, separator: char) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(separator)?;
        (name.trim() == key).then_some(value.trim())
    })
}

/// Numbers of a list such as `0-3,8`.
fn cpu_list(text: &str) -> Option<Vec<usize>> {
    let mut cpus = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            Some((first, last)) => cpus.extend(first.parse().ok()?..=last.parse::<usize>().ok()?),
            None => cpus.push(part.parse().ok()?),
        }
    }
    Some(cpus)
}

const CPUS: &str = "/sys/devices/system/cpu";

/// The physical core of a CPU: package and core.
fn core_of(cpu: usize) -> Option<(String, String)> {
    let topology = |file| read(&format!("{CPUS}/cpu{cpu}/topology/{file}"));
    Some((topology("physical_package_id")?, topology("core_id")?))
}

impl Machine {
    /// Reads what can be read.
    pub fn read() -> Self {
        let online = read(&format!("{CPUS}/online")).and_then(|list| cpu_list(&list));
        let cores = online.as_ref().and_then(|cpus| {
            let cores: Option<BTreeSet<_>> = cpus.iter().map(|&cpu| core_of(cpu)).collect();
            cores.map(|cores| cores.len()).filter(|&n| n > 0)
        });
        let cpus_online = online.map(|cpus| cpus.len());
        Self {
            cpu: cpu_name(),
            arch: std::env::consts::ARCH,
            cpus_allowed: std::thread::available_parallelism().ok().map(Into::into),
            cpus_online,
            cores,
            threads_per_core: cpus_online.zip(cores).map(|(cpus, cores)| cpus / cores),
            caches: caches(),
            hypervisor: hypervisor(),
            governor: read(&format!("{CPUS}/cpu0/cpufreq/scaling_governor")),
            quota: quota(),
            os: std::env::consts::OS,
            kernel: read("/proc/sys/kernel/osrelease"),
            rustc: env!("RADDLE_BENCH_RUSTC"),
            optimised: !cfg!(debug_assertions),
        }
    }
}

impl Load {
    /// Reads it now.
    pub fn read() -> Self {
        let stat = read("/proc/stat");
        let stat = stat.as_deref();
        Self {
            average: read("/proc/loadavg").and_then(|text| text.split(' ').next()?.parse().ok()),
            running: stat
                .and_then(|stat| field(stat, "procs_running", ' ')?.parse::<u64>().ok())
                .map(|n| n.saturating_sub(1)),
            steal: stat.and_then(|stat| {
                let total = stat.lines().find(|line| line.starts_with("cpu "))?;
                total.split_whitespace().nth(8)?.parse().ok()
            }),
        }
    }
}

fn caches() -> Option<Vec<Cache>> {
    let caches: Vec<Cache> = (0..16)
        .map_while(|index| {
            let file = |name| read(&format!("{CPUS}/cpu0/cache/index{index}/{name}"));
            Some(Cache {
                level: file("level")?.parse().ok()?,
                kind: file("type")?,
                size: file("size")?,
                shared_by: cpu_list(&file("shared_cpu_list")?)?.len(),
            })
        })
        .collect();
    Some(caches).filter(|caches| !caches.is_empty())
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn cpu_name() -> Option<String> {
    let brand = raw_cpuid::CpuId::new().get_processor_brand_string()?;
    Some(brand.as_str().trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn cpu_name() -> Option<String> {
    let info = read("/proc/cpuinfo")?;
    field(&info, "model name", ':').map(str::to_owned)
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn hypervisor() -> Option<String> {
    let cpuid = raw_cpuid::CpuId::new();
    if !cpuid.get_feature_info()?.has_hypervisor() {
        return Some("none".to_owned());
    }
    cpuid.get_hypervisor_info().map(|info| format!("{:?}", info.identify()))
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn hypervisor() -> Option<String> {
    read("/sys/hypervisor/type")
}

/// The quota of this process's own control group (version 2); a quota further up stays unseen.
fn quota() -> Option<f64> {
    let groups = read("/proc/self/cgroup")?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let max = read(&format!("/sys/fs/cgroup{path}/cpu.max"))?;
    let (quota, period) = max.split_once(' ')?;
    Some(quota.parse::<f64>().ok()? / period.parse::<f64>().ok()?)
}

/// Where threads go: distinct physical cores first, then the siblings of those already taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Placement {
    /// CPUs in the order in which threads take them; empty if threads can't be pinned.
    pub cpus: Vec<usize>,
}

impl Placement {
    /// From the CPUs this process may use.
    pub fn read() -> Self {
        let allowed = core_affinity::get_core_ids().unwrap_or_default();
        let mut taken = BTreeSet::new();
        let (first, siblings): (Vec<_>, Vec<_>) = allowed
            .into_iter()
            .map(|core| core.id)
            .partition(|&cpu| core_of(cpu).is_none_or(|core| taken.insert(core)));
        Self { cpus: first.into_iter().chain(siblings).collect() }
    }

    /// The CPU of one of `threads` threads; none if they are more than the CPUs, where the scheduler knows better, unless
    /// all have to be on one.
    pub fn core(&self, thread: usize, threads: usize, cores: Cores) -> Option<usize> {
        match cores {
            Cores::One => self.cpus.first().copied(),
            Cores::All if threads > self.cpus.len() => None,
            Cores::All => self.cpus.get(thread).copied(),
        }
    }

    /// Whether so many threads have to share CPUs, as far as that is known.
    pub fn oversubscribed(&self, threads: usize) -> bool {
        let cpus = match self.cpus.len() {
            0 => std::thread::available_parallelism().map_or(usize::MAX, Into::into),
            n => n,
        };
        threads > cpus
    }
}

/// Puts the calling thread on `cpu` and says whether it is seen there.
pub fn pin(cpu: Option<usize>) -> bool {
    let Some(id) = cpu else { return false };
    core_affinity::set_for_current(core_affinity::CoreId { id }) && is_pinned(id)
}

#[cfg(target_os = "linux")]
fn is_pinned(cpu: usize) -> bool {
    rustix::thread::sched_getaffinity(None).is_ok_and(|set| set.count() == 1 && set.is_set(cpu))
}

#[cfg(not(target_os = "linux"))]
fn is_pinned(_cpu: usize) -> bool {
    // Nobody to ask: what can't be verified doesn't count as pinned.
    false
}

/// The CPU time of the calling thread.
#[cfg(target_os = "linux")]
pub fn thread_cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}

/// The CPU time of the calling thread.
#[cfg(not(target_os = "linux"))]
pub fn thread_cpu_time() -> Option<Duration> {
    None
}

/// The version of a package in the lock file this was built with.
pub fn locked_version(package: &str) -> Option<&'static str> {
    const LOCK: &str = include_str!("../../Cargo.lock");
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK.lines();
    lines.find(|line| *line == name)?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_list_is_numbers_and_ranges() {
        assert_eq!(cpu_list("0-3,8"), Some(vec![0, 1, 2, 3, 8]));
        assert_eq!(cpu_list("5"), Some(vec![5]));
        assert_eq!(cpu_list("a-b"), None);
    }

    #[test]
    fn the_lock_file_tells_versions() {
        assert_eq!(locked_version("raddle-bench"), Some(env!("CARGO_PKG_VERSION")));
        assert_eq!(locked_version("no-such-package"), None);
    }

    #[test]
    fn more_threads_than_cpus_are_not_pinned() {
        let placement = Placement { cpus: vec![4, 2] };
        let core = |thread, threads| placement.core(thread, threads, Cores::All);
        assert_eq!([core(0, 2), core(1, 2)], [Some(4), Some(2)]);
        assert_eq!(core(0, 3), None);
        assert!(placement.oversubscribed(3) && !placement.oversubscribed(2));
    }

    #[test]
    fn on_one_core_all_threads_are_pinned_to_the_same() {
        let placement = Placement { cpus: vec![4, 2] };
        assert!((0..8).all(|thread| placement.core(thread, 8, Cores::One) == Some(4)));
    }
}
