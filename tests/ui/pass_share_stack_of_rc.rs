use std::sync::Arc;
use std::thread;

fn main() {
    let stack = raddle::stack::Stack::<Arc<u8>>::new();
    thread::scope(|scope| {
        scope.spawn(|| drop(stack.pop()));
    });
}
