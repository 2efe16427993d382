use raddle::spmc::bounded::Producer;

fn push(tx: &Producer<u8>) {
    let _ = tx.push(1);
}

fn main() {
    push(&raddle::spmc::bounded(4).0);
}
