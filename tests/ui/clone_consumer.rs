use raddle::spsc;

fn main() {
    let (_tx, mut rx) = spsc::bounded::<u8>(4);
    let mut other = rx.clone();
    let _ = (rx.pop(), other.pop());
}
