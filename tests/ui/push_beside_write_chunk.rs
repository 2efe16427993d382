use raddle::spsc;

fn main() {
    let (mut tx, _rx) = spsc::bounded::<u8>(4);
    let mut chunk = tx.reserve(2).unwrap();
    let _ = tx.push(1);
    chunk.write(2);
    chunk.commit(1);
}
