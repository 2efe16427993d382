use std::cell::Cell;

static QUEUE: raddle::mpmc::Fixed<Cell<u8>, 4> = raddle::mpmc::Fixed::new();

fn main() {
    let _ = QUEUE.len();
}
