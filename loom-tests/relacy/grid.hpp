// Where an index leads: `src/raw/grid.rs`; and how one of many takes its turn at one: `Many` of `src/cardinality.rs`.

#pragma once

#include "port.hpp"

namespace port {

using Word = std::uint64_t;

// Of an index: lap, line, slot. A line's state may use all bits below the lap.
constexpr unsigned MOST = 7, SLOT_BITS = 3, LAP = 2 + 2 * MOST + SLOT_BITS;
constexpr Word STEP = Word(1) << LAP, BELOW_LAP = STEP - 1;

constexpr Word lap_of(Word index) { return index & ~BELOW_LAP; }

constexpr bool is_before(Word a, Word b) { return std::int64_t(a - b) < 0; }

template <unsigned SLOTS, unsigned LINES> struct Grid {
    static constexpr unsigned BITS = SLOTS == 1 ? 0 : SLOT_BITS, CAPACITY = LINES * SLOTS;
    static constexpr Word END = Word(LINES) << BITS;

    static unsigned slot(Word index) { return SLOTS == 1 ? 0 : unsigned(index & MOST); }
    static unsigned line(Word index) { return unsigned((index & BELOW_LAP) >> BITS); }

    static Word nth(Word index, unsigned n) { return slot(index) + n < SLOTS ? index + n : next_line(index); }

    static Word next_line(Word index) {
        Word next = (SLOTS == 1 ? index : index | MOST) + 1;
        return (next & BELOW_LAP) < END ? next : (index | BELOW_LAP) + 1;
    }

    // If the line of `index`, where `tail` is, is not over in the lap before.
    static bool is_full_at(Word head, Word index) {
        Word behind = next_line(index - STEP);
        return is_before(head, SLOTS == 1 ? next_line(behind) : behind);
    }

    // By what the ends say.
    static bool is_full(Word head, Word tail) { return slot(tail) == 0 && is_before(head, next_line(tail - STEP)); }

    static unsigned at_once(unsigned max) { return std::min(max, (CAPACITY + 1) / 2); }
};

enum class Way { open, there, spent, closed };

inline bool claim(rl::atomic<Word>& word, Word index, Word next) {
    return exchange_weak(word, index, next, edge("cardinality::M1", rl::mo_release));
}

inline void pass(rl::atomic<Word>& word, Word index, Word next) {
    exchange(word, index, next, edge("cardinality::M2", rl::mo_release));
}

// `One`: the word is of a single writer.
inline void settle(rl::atomic<Word>& word, Word next) {
    word.store(next, edge("cardinality::M3", rl::mo_release), $);
}

}  // namespace port
