//! The oracle for every kind: `kinds::spsc_bounded::run_ops(bytes)` and so on.

#![allow(clippy::duplicate_mod, reason = "compiled once per kind")]
#![allow(dead_code, reason = "a fuzzer's target uses one of them")]

macro_rules! kinds {
    ($(
        $name:ident: $door:ident::$bound:ident, [$($ends:ident)+],
        |$layout:ident, $asked:ident| $make:expr, exact: $exact:expr;
    )+) => {
        /// All of them by name.
        pub(crate) const ALL: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name::run_ops)),+];

        $(
            #[path = "."]
            #[allow(unused_mut, reason = "where there may be many handles, they act through `&self`")]
            #[allow(unused_variables, reason = "not every kind has layouts and capacities")]
            pub(crate) mod $name {
                use raddle::$door::$bound::{Consumer, Producer};

                $(mod $ends;)+
                mod run_ops;

                pub(crate) use run_ops::run_ops;

                fn make<T>($layout: usize, $asked: usize) -> (Producer<T>, Consumer<T>) {
                    $make
                }

                fn is_exact($layout: usize, $asked: usize) -> bool {
                    $exact
                }
            }
        )+
    };
}

kinds! {
    spsc_bounded: spsc::bounded, [one_producer one_consumer],
    |layout, asked| match layout {
        0 => raddle::spsc::bounded(asked),
        items => raddle::spsc::bounded_in_lines_of(items, asked),
    }, exact: layout <= 1 && asked <= 64;

    spsc_unbounded: spsc::unbounded, [one_producer one_consumer],
    |layout, asked| match layout {
        0 => raddle::spsc::unbounded(),
        slots => raddle::spsc::unbounded_in_segments_of(slots),
    }, exact: false;

    mpsc_bounded: mpsc::bounded, [many_producers one_consumer],
    |layout, asked| match layout {
        0 => raddle::mpsc::bounded(asked),
        slots => raddle::mpsc::bounded_in_lines_of(slots, asked),
    }, exact: layout == 1 || layout == 0 && asked <= 64;

    mpsc_unbounded: mpsc::unbounded, [many_producers one_consumer],
    |layout, asked| match layout {
        0 => raddle::mpsc::unbounded(),
        slots => raddle::mpsc::unbounded_in_segments_of(slots),
    }, exact: false;

    spmc_bounded: spmc::bounded, [one_producer many_consumers force],
    |layout, asked| match layout {
        0 => raddle::spmc::bounded(asked),
        slots => raddle::spmc::bounded_in_lines_of(slots, asked),
    }, exact: layout == 1 || layout == 0 && asked <= 64;

    spmc_unbounded: spmc::unbounded, [one_producer many_consumers nothing_in_front],
    |layout, asked| match layout {
        0 => raddle::spmc::unbounded(),
        slots => raddle::spmc::unbounded_in_segments_of(slots),
    }, exact: false;

    mpmc_bounded: mpmc::bounded, [many_producers many_consumers force],
    |layout, asked| match layout {
        0 => raddle::mpmc::bounded(asked),
        slots => raddle::mpmc::bounded_in_lines_of(slots, asked),
    }, exact: layout == 1 || layout == 0 && asked <= 64;

    mpmc_unbounded: mpmc::unbounded, [many_producers many_consumers nothing_in_front],
    |layout, asked| match layout {
        0 => raddle::mpmc::unbounded(),
        slots => raddle::mpmc::unbounded_in_segments_of(slots),
    }, exact: false;
}

/// rustfmt doesn't look into macros; it does look here.
#[cfg(any())]
#[path = "."]
mod for_rustfmt {
    mod force;
    mod many_consumers;
    mod many_producers;
    mod nothing_in_front;
    mod one_consumer;
    mod one_producer;
    mod run_ops;
}
