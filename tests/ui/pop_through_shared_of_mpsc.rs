use raddle::mpsc::unbounded::Consumer;

fn pop(rx: &Consumer<u8>) {
    let _ = rx.pop();
}

fn main() {
    pop(&raddle::mpsc::unbounded().1);
}
