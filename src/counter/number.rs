//! The numbers that can be counted: `u64` and `i64`, kept as 64 bits.

/// `u64` or `i64`. Sealed.
pub trait Number: Copy + sealed::Sealed + 'static {
    /// One.
    #[doc(hidden)]
    const ONE: Self;
    /// As bits that add up as the numbers do: two's complement.
    #[doc(hidden)]
    fn to_bits(self) -> u64;
    /// The number with these bits.
    #[doc(hidden)]
    fn from_bits(bits: u64) -> Self;
    /// As a number that compares as these do, 0 being the least.
    #[doc(hidden)]
    fn rank(self) -> u64;
    /// The number with this rank.
    #[doc(hidden)]
    fn from_rank(rank: u64) -> Self;
    /// The nearest `f64`.
    #[doc(hidden)]
    fn to_f64(self) -> f64;
}

impl Number for u64 {
    const ONE: Self = 1;

    #[inline(always)]
    fn to_bits(self) -> u64 {
        self
    }

    fn from_bits(bits: u64) -> Self {
        bits
    }

    #[inline(always)]
    fn rank(self) -> u64 {
        self
    }

    fn from_rank(rank: u64) -> Self {
        rank
    }

    fn to_f64(self) -> f64 {
        self as f64
    }
}

/// Moves the least `i64` to 0.
const SIGN: u64 = 1 << 63;

impl Number for i64 {
    const ONE: Self = 1;

    #[inline(always)]
    fn to_bits(self) -> u64 {
        self as u64
    }

    fn from_bits(bits: u64) -> Self {
        bits as i64
    }

    #[inline(always)]
    fn rank(self) -> u64 {
        self as u64 ^ SIGN
    }

    fn from_rank(rank: u64) -> Self {
        (rank ^ SIGN) as i64
    }

    fn to_f64(self) -> f64 {
        self as f64
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u64 {}
    impl Sealed for i64 {}
}
