// The slot of `src/raw/slot.rs`, which `segments.cpp` is made of: an item, and a state beside it.
//
// Whoever has a slot in hand writes to its item, also to take it out; so two that think they have it race.

#pragma once

#include "port.hpp"

namespace port {

using Word = std::uintptr_t;

constexpr Word VACANT = 0, FULL = 1, SPOILT = 2, RETURNED = 3, FOLLOWS = 32, TAGS = 63;

struct Slot {
    static constexpr Word LEFT = 1;

    rl::atomic<Word> state_, left_;
    rl::var<int> item_;

    Slot() {
        state_.store(VACANT, rl::mo_relaxed, $);
        left_.store(0, rl::mo_relaxed, $);
    }

    void write(int item) { item_($) = item; }

    int take() {
        int item = item_($);
        item_($) = 0;
        return item;
    }

    Word state_in(Word lap) { return state_.load(edge("raw/slot::S2", rl::mo_acquire), $) - lap; }

    bool fill(Word lap) {
        Word vacant = lap | VACANT;
        if (exchange(state_, vacant, lap | FULL, edge("raw/slot::S1", rl::mo_release))) return true;
        return planted("a producer fills a slot that was spoilt") && (state_.store(lap | FULL, edge("raw/slot::S1", rl::mo_release), $), true);
    }

    void follow(Word lap, Word before) { state_.store(lap | (FOLLOWS + before), rl::mo_relaxed, $); }

    bool spoil(Word lap) {
        Word vacant = lap | VACANT;
        return exchange(state_, vacant, lap | SPOILT, rl::mo_relaxed);
    }

    void vacate(Word next) { state_.store(next | VACANT, edge("raw/slot::S3", rl::mo_release), $); }
    void give_back(Word lap) { state_.store(lap | RETURNED, edge("raw/slot::S4", rl::mo_release), $); }
    void leave(Word lap) { left_.store(lap | LEFT, edge("raw/slot::S5", rl::mo_release), $); }
    bool is_left(Word lap) { return left_.load(edge("raw/slot::S6", rl::mo_acquire), $) == (lap | LEFT); }

    void renew(Word next) {
        state_.store(next | VACANT, rl::mo_relaxed, $);
        left_.store(0, rl::mo_relaxed, $);
    }
};

}  // namespace port
