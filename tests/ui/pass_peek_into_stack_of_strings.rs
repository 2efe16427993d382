use raddle::stack::Stack;

fn main() {
    let stack = Stack::<&str>::from_iter([""]);
    let _ = stack.peek();
}
