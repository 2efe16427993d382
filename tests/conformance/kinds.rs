//! What a kind promises, and how it is put through its properties.

use raddle::cacheline::Lines;

/// The promises in which kinds differ.
#[derive(Clone, Copy)]
pub(crate) struct Spec {
    /// Up to here, the capacity is exactly what was asked for.
    pub(crate) exact_up_to: usize,
    /// Beyond, it is at most two lines' worth more; `None`: as many items to a line as fit.
    pub(crate) items_per_line: Option<usize>,
}

impl Spec {
    /// The largest capacity that `asked` may come to.
    pub(crate) fn most<T>(&self, asked: usize) -> usize {
        let line = self.items_per_line.unwrap_or(Lines::<usize, T>::FIT);
        if asked <= self.exact_up_to { asked } else { asked + 2 * line }
    }
}

/// `name: path of its handles, |capacity| constructor, Spec, has { properties };` for each kind.
///
/// A property finds `make`, `SPEC` and the handles' types in `super`.
macro_rules! kinds {
    ($(
        $name:ident: $($door:ident)::+,
        |$capacity:ident| $make:expr,
        $spec:expr,
        has { $($property:ident)+ };
    )+) => {$(
        #[path = "."]
        mod $name {
            use $($door)::+::{Consumer, Producer};

            use crate::kinds::Spec;

            const SPEC: Spec = $spec;

            fn make<T>($capacity: usize) -> (Producer<T>, Consumer<T>) {
                $make
            }

            $(mod $property;)+
        }
    )+};
}
