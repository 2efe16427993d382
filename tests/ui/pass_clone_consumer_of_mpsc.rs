fn main() {
    let (tx, rx) = raddle::mpsc::bounded::<u8>(4);
    let _other = tx.clone();
    let _moved = rx;
}
