use raddle::spsc;

fn main() {
    let (_tx, mut rx) = spsc::bounded::<u8>(4);
    let mut drain = rx.drain();
    let _ = rx.pop();
    let _ = drain.next();
}
