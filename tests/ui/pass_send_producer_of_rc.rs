use std::sync::Arc;
use std::thread;

fn main() {
    let (tx, _rx) = raddle::spsc::bounded::<Arc<u8>>(4);
    let _ = thread::spawn(move || drop(tx)).join();
}
