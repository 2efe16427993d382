use raddle::spsc::bounded::Consumer;

fn pop(rx: &mut Consumer<u8>) {
    let _ = rx.pop();
}

fn main() {
    pop(&mut raddle::spsc::bounded(4).1);
}
