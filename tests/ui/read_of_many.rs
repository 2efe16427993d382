fn main() {
    let (_tx, mut rx) = raddle::spmc::bounded::<u8>(4);
    let _ = rx.read(1).is_ok();
    let _ = rx.peek().is_ok();
}
