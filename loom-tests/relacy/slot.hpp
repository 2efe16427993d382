// The slot of `src/raw/slot.rs`, which `segments.cpp` is made of: an item, and a state beside it.
//
// Whoever has a slot in hand writes to its item, also to take it out; so two that think they have it race.

#pragma once

#include "port.hpp"

namespace port {

using Word = std::uintptr_t;

constexpr Word VACANT = 0, FULL = 1, HELD = 2, WATCHED = 4, TAGS = 7;

// `Cardinality::hand_over`.
template <bool MANY> bool hand_over(rl::atomic<Word>& state, Word& from, Word to, rl::memory_order order) {
    if (MANY) return exchange(state, from, to, order);
    state.store(to, order, $);
    return true;
}

struct Slot {
    rl::atomic<Word> state_;
    rl::var<int> item_;

    Slot() { state_.store(VACANT, rl::mo_relaxed, $); }

    void write(int item) { item_($) = item; }

    int take() {
        int item = item_($);
        item_($) = 0;
        return item;
    }

    Word state() { return state_.load(edge("raw/slot::S2", rl::mo_acquire), $); }

    // `state_in`.
    Word state_in(Word lap) { return (state() & ~WATCHED) - lap; }

    bool pass_over_vacant(Word lap) {
        Word state = this->state();
        return (state & ~WATCHED) == (lap | VACANT) && hold(state, lap, edge("raw/slot::S8", rl::mo_release));
    }

    template <bool MANY> bool fill(Word lap) {
        Word found = lap | VACANT;
        if (hand_over<MANY>(state_, found, lap | FULL, edge("raw/slot::S1", rl::mo_release))) return true;
        return found == (lap | VACANT | WATCHED) && fill_watched(lap);
    }

    bool fill_watched(Word lap) {
        saw("a watched slot is filled");
        Word from = lap | VACANT | WATCHED;
        return exchange(state_, from, lap | FULL | WATCHED, edge("raw/slot::S6", rl::mo_release));
    }

    // Says whether it is watched.
    template <bool MANY> bool vacate(Word lap, Word step) {
        Word from = lap | FULL;
        return !hand_over<MANY>(state_, from, (lap + step) | VACANT, edge("raw/slot::S3", rl::mo_release)) &&
               give_back(step);
    }

    // Says whether it is watched.
    bool give_back(Word step) {
        Word state = state_.load(rl::mo_relaxed, $);
        for (;;) {
            Word next = ((state & ~TAGS) + step) | VACANT;
            if (exchange_weak(state_, state, next, edge("raw/slot::S4", rl::mo_acq_rel))) {
                if (state & HELD) saw("a held slot is given back");
                return state & WATCHED;
            }
        }
    }

    bool hold(Word state, Word lap, rl::memory_order order) {
        Word watched = planted("passing over forgets who watches the slot") ? 0 : state & WATCHED;
        bool is_held = exchange(state_, state, lap | HELD | watched, order);
        if (is_held) saw("a slot is passed over");
        return is_held;
    }

    bool watch(Word lap, Word step) {
        Word state = this->state();
        while (state != ((lap + step) | VACANT)) {
            Word found = state;
            if (exchange(state_, found, state | WATCHED, edge("raw/slot::S7", rl::mo_release)))
                return saw("a slot is watched"), false;
            state = this->state();
        }
        return true;
    }
};

}  // namespace port
