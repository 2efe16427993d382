use raddle::spsc;

fn main() {
    let (mut tx, mut rx) = spsc::bounded::<String>(4);
    let _ = tx.push(String::new());
    let chunk = rx.read(1).unwrap();
    drop(rx);
    chunk.release(1);
}
