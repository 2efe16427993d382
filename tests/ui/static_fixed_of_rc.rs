use std::rc::Rc;

static QUEUE: raddle::mpmc::Fixed<Rc<u8>, 4> = raddle::mpmc::Fixed::new();

fn main() {
    let _ = QUEUE.len();
}
