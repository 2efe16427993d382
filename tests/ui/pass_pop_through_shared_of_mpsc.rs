use raddle::mpmc::unbounded::Consumer;

fn pop(rx: &Consumer<u8>) {
    let _ = rx.pop();
}

fn main() {
    pop(&raddle::mpmc::unbounded().1);
}
