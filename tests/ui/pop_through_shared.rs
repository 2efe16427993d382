use raddle::spsc::bounded::Consumer;

fn pop(rx: &Consumer<u8>) {
    let _ = rx.pop();
}

fn main() {
    pop(&raddle::spsc::bounded(4).1);
}
