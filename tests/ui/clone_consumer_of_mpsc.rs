fn main() {
    let (_tx, rx) = raddle::mpsc::bounded::<u8>(4);
    let _other = rx.clone();
}
