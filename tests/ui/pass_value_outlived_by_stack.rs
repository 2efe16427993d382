struct Loud<'a>(&'a str);

impl Drop for Loud<'_> {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

fn main() {
    let word = String::from("dropped last");
    let stack = raddle::stack::Stack::new();
    stack.push(Loud(&word));
}
