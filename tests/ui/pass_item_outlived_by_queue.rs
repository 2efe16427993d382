use raddle::spsc;

fn main() {
    let text = String::from("long enough");
    let (mut tx, mut rx) = spsc::bounded::<&str>(4);
    {
        let _ = tx.push(&text);
    }
    let _ = rx.pop();
}
