use raddle::stack::Stack;

fn push<'a>(stack: &Stack<&'a str>, value: &'a str) {
    stack.push(value);
}

fn main() {
    let stack = Stack::<&'static str>::new();
    push(&stack, "long-lived");
    let kept: Option<&'static str> = stack.pop();
    println!("{kept:?}");
}
