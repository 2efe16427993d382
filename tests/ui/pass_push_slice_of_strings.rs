use raddle::spsc;

fn main() {
    let (mut tx, _rx) = spsc::bounded::<String>(4);
    let _ = tx.push_from(&mut [String::new()].into());
}
