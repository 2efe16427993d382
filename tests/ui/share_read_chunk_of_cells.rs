use std::cell::Cell;
use std::thread;

fn main() {
    let (mut tx, mut rx) = raddle::spsc::bounded::<Cell<u8>>(4);
    let _ = tx.push(Cell::new(1));
    let chunk = rx.read(1).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| chunk.runs().flatten().for_each(|cell| cell.set(2)));
        scope.spawn(|| chunk.runs().flatten().for_each(|cell| cell.set(3)));
    });
}
