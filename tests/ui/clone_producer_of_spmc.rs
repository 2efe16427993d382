fn main() {
    let (tx, _rx) = raddle::spmc::unbounded::<u8>();
    let _other = tx.clone();
}
