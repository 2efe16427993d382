fn main() {
    let (tx, _rx) = raddle::mpmc::bounded::<u8>(1);
    let _ = tx.force_push(1);
}
