use raddle::spsc::bounded::Producer;

fn push(tx: &mut Producer<u8>) {
    let _ = tx.push(1);
}

fn main() {
    push(&mut raddle::spsc::bounded(4).0);
}
