//! The models, one file per mechanism. A new file is a `mod` line and a line in [`all`].

pub mod answers;
pub mod biased;
pub mod bugs;
pub mod chain;
pub mod counter;
pub mod facade;
pub mod fan_in;
pub mod fan_out;
pub mod handles;
pub mod lines;
pub mod reuse;
pub mod ring;
pub mod segments;
pub mod spsc;
pub mod stack;
pub mod stalled;
pub mod stories;

/// Every model, by its short name.
pub fn all() -> Vec<(&'static str, fn())> {
    [
        biased::MODELS,
        counter::MODELS,
        facade::MODELS,
        spsc::MODELS,
        chain::MODELS,
        fan_in::MODELS,
        fan_out::MODELS,
        ring::MODELS,
        lines::MODELS,
        answers::MODELS,
        stalled::MODELS,
        segments::MODELS,
        reuse::MODELS,
        handles::MODELS,
        bugs::MODELS,
        stack::MODELS,
        stories::orders::MODELS,
        stories::updates::MODELS,
        stories::locks::MODELS,
        stories::news::MODELS,
    ]
    .concat()
    .into_iter()
    .map(|(name, run)| (short(name), run))
    .collect()
}

/// `facade::x` for a model of this folder; other names as they are.
pub(crate) fn short(name: &'static str) -> &'static str {
    name.strip_prefix(concat!(module_path!(), "::")).unwrap_or(name)
}
