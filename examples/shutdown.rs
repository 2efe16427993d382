//! A service that stops: nothing that was accepted is lost, nothing is accepted after. `cargo run --example shutdown`
//!
//! `mpsc::bounded`: many clients, one service. Clients that go close the queue behind them, and the service ends when it has
//! seen every request; a service that goes first closes it before them, and each client gets its request back.

use std::thread;

use raddle::{Backoff, PopError, PushError, mpsc};

const CLIENTS: usize = 3;
const REQUESTS: usize = 1_000;

/// Serves until all clients are gone, or until it has served so many; says how many.
fn serve(mut requests: mpsc::bounded::Consumer<usize>, at_most: usize) -> usize {
    let (mut served, backoff) = (0, Backoff::new());
    while served < at_most {
        match requests.pop() {
            Ok(_) => {
                served += 1;
                backoff.reset();
            }
            Err(PopError::Empty) => backoff.snooze(),
            Err(PopError::Closed) => break,
        }
    }
    served
}

/// Asks until all is asked or the service is gone; says how many requests it took.
fn ask(service: &mpsc::bounded::Producer<usize>) -> usize {
    let backoff = Backoff::new();
    for i in 0..REQUESTS {
        let mut request = i;
        loop {
            match service.push(request) {
                Ok(()) => break,
                Err(PushError::Full(back)) => request = back,
                Err(PushError::Closed(back)) => return back, // so many were taken before
            }
            backoff.snooze();
        }
        backoff.reset();
    }
    REQUESTS
}

fn run(at_most: usize) -> (usize, usize) {
    let (client, requests) = mpsc::bounded(16);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let client = client.clone();
                scope.spawn(move || ask(&client))
            })
            .collect();
        drop(client);
        let served = serve(requests, at_most);
        let asked = clients.into_iter().map(|client| client.join().expect("no panic")).sum();
        (asked, served)
    })
}

fn main() {
    let (asked, served) = run(usize::MAX);
    assert_eq!((asked, served), (CLIENTS * REQUESTS, CLIENTS * REQUESTS));
    println!("the clients went first: {served} of {asked} requests served");

    let (asked, served) = run(500);
    assert!(served == 500 && asked >= served, "accepted, and dropped with the queue: the rest");
    println!("the service went first: {served} served, {} accepted and dropped", asked - served);
}
