//! Errors are values: they hold the item, and say what happened whatever the item is.

use core::error::Error;

use raddle::{PopError, PushError};

/// Neither printable nor comparable nor clonable.
struct Opaque(u8);

#[test]
fn a_push_error_gives_the_item_back() {
    assert_eq!(PushError::Full(Opaque(1)).into_inner().0, 1);
    assert_eq!(PushError::Closed(Opaque(2)).into_inner().0, 2);
}

#[test]
fn errors_tell_whether_to_try_again() {
    assert!(PushError::Full(1).is_full() && !PushError::Full(1).is_closed());
    assert!(PushError::Closed(1).is_closed() && !PushError::Closed(1).is_full());
    assert!(PopError::Empty.is_empty() && !PopError::Empty.is_closed());
    assert!(PopError::Closed.is_closed() && !PopError::Closed.is_empty());
}

#[test]
fn errors_print_without_printing_the_item() {
    let (full, closed) = (PushError::Full(Opaque(0)), PushError::Closed(Opaque(0)));
    assert_eq!(format!("{full} {full:?}"), "the queue is full Full(..)");
    assert_eq!(
        format!("{closed} {closed:?}"),
        "the queue is closed: no consumer is left Closed(..)"
    );
    assert_eq!(format!("{0} {0:?}", PopError::Empty), "the queue is empty Empty");
    assert_eq!(
        format!("{0} {0:?}", PopError::Closed),
        "the queue is empty and closed: no producer is left Closed"
    );
}

#[test]
fn errors_go_through_a_question_mark() {
    fn push() -> Result<(), Box<dyn Error + Send + Sync>> {
        let (mut tx, _) = raddle::spsc::bounded(1);
        Ok(tx.push(1)?)
    }
    fn pop() -> Result<u8, Box<dyn Error + Send + Sync>> {
        let (_, mut rx) = raddle::spsc::bounded(1);
        Ok(rx.pop()?)
    }
    assert!(push().is_err_and(|error| error.is::<PushError<i32>>() && error.source().is_none()));
    assert!(pop().is_err_and(|error| error.is::<PopError>()));
}
