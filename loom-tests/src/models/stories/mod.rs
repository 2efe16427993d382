//! The stories of the guide (`docs/`), as models: the smallest program that needs each ordering, and what goes wrong.
//!
//! Each program takes its orderings as arguments, so that it has a right form, which is a model here, and wrong ones,
//! which must fail in `tests/must_fail/stories.rs`. To see one fail, weaken an ordering in the line of the model that
//! calls the program, and run `cargo xtask model stories`. The pages quote the programs word by word; the suite `links`
//! compares.
//!
//! | file | stories |
//! |---|---|
//! | `orders` | a row for each memory ordering |
//! | `updates` | the lost update, and two numbers that belong together |
//! | `locks` | a spin lock, and the last drop of a reference count |
//! | `news` | how to know that something is new: a special value, a version, a sequence lock; a status |
#![expect(
    clippy::missing_panics_doc,
    reason = "a thread of a story panics only if its model fails"
)]

pub mod locks;
pub mod news;
pub mod orders;
pub mod updates;
