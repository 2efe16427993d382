// The slot of `src/raw/slot.rs`, which `segments.cpp` is made of: an item, and a state beside it.
//
// Whoever has a slot in hand writes to its item, also to take it out; so two that think they have it race.

#pragma once

#include "port.hpp"

namespace port {

using Word = std::uintptr_t;

constexpr Word VACANT = 0, FULL = 1, HELD = 2, TAGS = 3;

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

    Word state_in(Word lap) { return state_.load(edge("raw/slot::S2", rl::mo_acquire), $) - lap; }

    bool pass_over_vacant(Word lap) {
        Word vacant = lap | VACANT;
        bool is_held = exchange(state_, vacant, lap | HELD, edge("raw/slot::S5", rl::mo_release));
        if (is_held) saw("a slot is passed over");
        return is_held;
    }

    bool fill(Word lap) {
        Word vacant = lap | VACANT;
        return exchange(state_, vacant, lap | FULL, edge("raw/slot::S1", rl::mo_release));
    }

    void vacate(Word next) { state_.store(next | VACANT, edge("raw/slot::S3", rl::mo_release), $); }

    void give_back(Word lap, Word next) {
        Word state = planted("a slot is given back without a look at who passed it over") ? HELD : state_in(lap);
        RL_ASSERT(state == HELD);
        saw("a held slot is given back");
        state_.store(next | VACANT, edge("raw/slot::S4", rl::mo_release), $);
    }
};

}  // namespace port
