//! temp
#[cfg(not(shuttle))]
fn main() {}
#[cfg(shuttle)]
fn main() {
    use raddle_progress_tests::{case::*, kind::*};
    fn all<K: Kind>() {
        if std::env::var("K").is_ok_and(|k| !K::NAME.contains(&k)) { return }
        let t = std::time::Instant::now();
        let mut steps = Steps::new();
        let mut total = 0;
        let mut problems: std::collections::BTreeMap<(Op, Op, String), String> = Default::default();
        for &size in K::SIZES { for victim in Op::ALL { for live in Op::ALL {
            if !victim.is_of::<K>() || !live.is_of::<K>() { continue }
            if victim.is_producers() == live.is_producers() && !(if victim.is_producers() { K::MANY.0 } else { K::MANY.1 }) { continue }
            let insides: Vec<usize> = if K::BOUNDED { (0..=size).collect() } else { vec![0, 1, 2] };
            for inside in insides { for (warm, full) in [(0, true), (1, false)] { {
                if std::env::var_os("V").is_some() { eprintln!("{size} {warm} {inside} {victim} {live} {full} {total} {:?}", t.elapsed()); }
 let case = Case { size, warm, inside, victim, live: vec![live], full };
                for (at, found) in freeze::<K>(&case, 1, &mut steps) {
                    total += found.schedules;
                    if let Some(w) = found.wrong { problems.entry((victim, live, w.chars().filter(|c| !c.is_ascii_digit()).take(40).collect())).or_insert_with(|| format!("{case}: frozen before step {at}: {w}")); }
                }
            }}}
        }}}
        println!("{}: {total} schedules in {:?}, {steps:?}", K::NAME, t.elapsed());
        for p in problems.values() { println!("   {p}"); }
    }
    std::panic::set_hook(Box::new(|_| {}));
    all::<SpscBounded>(); all::<SpscLines>(); all::<SpscUnbounded>(); all::<MpscBounded>(); all::<MpscUnbounded>(); all::<SpmcBounded>(); all::<SpmcUnbounded>(); all::<MpmcBounded>(); all::<MpmcUnbounded>();
}
