use raddle::spsc;

fn main() {
    let (_tx, mut rx) = spsc::bounded::<u8>(4);
    let other = &mut rx;
    let _ = other.pop();
    let _ = rx.pop();
}
