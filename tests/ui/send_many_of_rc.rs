use std::rc::Rc;

fn main() {
    let (tx, _rx) = raddle::mpmc::bounded::<Rc<u8>>(4);
    std::thread::spawn(move || tx.len());
}
