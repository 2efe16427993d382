use std::sync::Arc;

fn main() {
    let (tx, _rx) = raddle::mpmc::bounded::<Arc<u8>>(4);
    std::thread::spawn(move || tx.len());
}
