use raddle::stack::Stack;

fn push<'a>(stack: &Stack<&'a str>, value: &'a str) {
    stack.push(value);
}

fn main() {
    let stack = Stack::<&'static str>::new();
    let value = String::from("short-lived");
    push(&stack, &value);
    let leaked: Option<&'static str> = stack.pop();
    drop(value);
    println!("{leaked:?}");
}
