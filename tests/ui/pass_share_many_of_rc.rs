use std::cell::Cell;

fn shared<T: Sync>(_: &T) {}

fn main() {
    let (tx, rx) = raddle::mpmc::unbounded::<Cell<u32>>();
    shared(&tx);
    shared(&rx);
}
