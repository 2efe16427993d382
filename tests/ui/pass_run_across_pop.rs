use raddle::spsc;

fn main() {
    let (mut tx, mut rx) = spsc::bounded::<String>(4);
    let _ = tx.push(String::new());
    let chunk = rx.read(1).unwrap();
    let run = chunk.runs().next();
    let _ = run.map(<[_]>::len);
    let _ = rx.pop();
}
