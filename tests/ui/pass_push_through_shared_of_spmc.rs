use raddle::mpmc::bounded::Producer;

fn push(tx: &Producer<u8>) {
    let _ = tx.push(1);
}

fn main() {
    push(&raddle::mpmc::bounded(4).0);
}
