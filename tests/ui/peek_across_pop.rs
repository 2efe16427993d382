use raddle::spsc;

fn main() {
    let (_tx, mut rx) = spsc::bounded::<String>(4);
    let peeked = rx.peek();
    let popped = rx.pop();
    let _ = (peeked, popped);
}
