use std::rc::Rc;
use std::thread;

fn main() {
    let stack = raddle::stack::Stack::<Rc<u8>>::new();
    thread::scope(|scope| {
        scope.spawn(|| drop(stack.pop()));
    });
}
