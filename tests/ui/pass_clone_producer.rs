use raddle::spsc;

fn main() {
    let (mut tx, _rx) = spsc::bounded::<u8>(4);
    let other = &mut tx;
    let _ = other.push(2);
    let _ = tx.push(1);
}
