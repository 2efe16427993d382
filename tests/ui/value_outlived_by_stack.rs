struct Loud<'a>(&'a str);

impl Drop for Loud<'_> {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

fn main() {
    let stack = raddle::stack::Stack::new();
    let word = String::from("dropped first");
    stack.push(Loud(&word));
}
