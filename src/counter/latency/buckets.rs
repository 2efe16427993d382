//! Log-scaled buckets: 32 to each doubling, so that a bucket is at most a 32nd of its values wide.
//!
//! ```text
//!   value      0 1 2 .. 31 | 32 33 .. 63 | 64 66 .. 126 | 128 132 .. 252 | 256 ..          2^42 - 1 | more
//!   width      1           | 1           | 2            | 4              | 8               2^36     |
//!   bucket     0 1 2 .. 31 | 32 33 .. 63 | 64 65 .. 95  | 96 97 .. 127   | 128 ..              1215 | 1215
//! ```
//!
//! Those of HdrHistogram (G. Tene, 2012), with five bits of each value.

/// Bits of a value that count: the error is at most one in 2^`BITS`.
const BITS: u32 = 5;

/// Values from here on share the last bucket: 2^42 ns are 73 minutes.
const TOP: u32 = 42;

/// How many buckets there are.
pub(super) const BUCKETS: usize = ((TOP - BITS + 1) as usize) << BITS;

/// The bucket of `value`.
#[inline(always)]
pub(super) fn bucket(value: u64) -> usize {
    let value = if value >> TOP == 0 { value } else { (1 << TOP) - 1 };
    // How many of its bits don't count.
    let shift = (value | 1 << BITS).ilog2() - BITS;
    ((shift as usize) << BITS) + (value >> shift) as usize
}

/// The greatest value of bucket `i`, but for the last bucket's, which has none.
pub(super) fn greatest(i: usize) -> u64 {
    let (row, column) = (i >> BITS, i as u64 & ((1 << BITS) - 1));
    match row.checked_sub(1) {
        None => column,
        Some(shift) => ((((1 << BITS) + column) + 1) << shift) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every bucket begins where the one before it ends, and is narrow.
    #[test]
    fn buckets_are_seamless_and_narrow() {
        let mut least = 0;
        for i in 0..BUCKETS {
            let greatest = greatest(i);
            assert_eq!((bucket(least), bucket(greatest)), (i, i));
            assert!((greatest - least) << BITS <= least, "bucket {i}: {least} to {greatest}");
            least = greatest + 1;
        }
        assert_eq!(least, 1 << TOP);
        assert_eq!((bucket(least), bucket(u64::MAX)), (BUCKETS - 1, BUCKETS - 1));
    }
}
