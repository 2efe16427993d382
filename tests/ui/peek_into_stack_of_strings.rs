use raddle::stack::Stack;

fn main() {
    let stack = Stack::<String>::from_iter([String::new()]);
    let _ = stack.peek();
}
