use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::thread;

fn main() {
    let (mut tx, mut rx) = raddle::spsc::bounded::<AtomicU8>(4);
    let _ = tx.push(AtomicU8::new(1));
    let chunk = rx.read(1).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| chunk.runs().flatten().for_each(|byte| byte.store(2, Relaxed)));
        scope.spawn(|| chunk.runs().flatten().for_each(|byte| byte.store(3, Relaxed)));
    });
}
