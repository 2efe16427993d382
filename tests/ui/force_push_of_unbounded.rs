fn main() {
    let (tx, _rx) = raddle::mpmc::unbounded::<u8>();
    let _ = tx.force_push(1);
}
