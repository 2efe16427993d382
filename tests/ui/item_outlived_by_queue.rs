use raddle::spsc;

fn main() {
    let (mut tx, mut rx) = spsc::bounded::<&str>(4);
    {
        let text = String::from("gone too early");
        let _ = tx.push(&text);
    }
    let _ = rx.pop();
}
