use std::rc::Rc;

fn shared<T: Sync>(_: &T) {}

fn main() {
    let (_tx, rx) = raddle::spmc::unbounded::<Rc<u8>>();
    shared(&rx);
}
