fn main() {
    let (mut tx, _rx) = raddle::mpsc::bounded::<u8>(4);
    let _ = tx.reserve(1).is_ok();
}
