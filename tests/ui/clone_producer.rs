use raddle::spsc;

fn main() {
    let (mut tx, _rx) = spsc::bounded::<u8>(4);
    let mut other = tx.clone();
    let _ = (tx.push(1), other.push(2));
}
