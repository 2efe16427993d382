use std::rc::Rc;
use std::thread;

fn main() {
    let (_tx, rx) = raddle::spsc::bounded::<Rc<u8>>(4);
    thread::spawn(move || drop(rx));
}
