fn main() {
    let (tx, rx) = raddle::spmc::unbounded::<u8>();
    let _other = rx.clone();
    let _moved = tx;
}
