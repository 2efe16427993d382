// The line of `src/raw/ring/line.rs`, which `ring.cpp` is made of: up to seven items, and a word that tells their
// state.
//
// Whoever has a slot in hand writes to its item, also to take it out; so two that think they have it race.

#pragma once

#include "grid.hpp"

namespace port {

// Of a word: lap, ended, full, held, odd, out.
constexpr Word OUT = 1, ODD = 2, ALL = (1 << MOST) - 1;
constexpr unsigned HELD = 2, FULL = HELD + MOST;

// `bits`
constexpr Word slots_from(unsigned slot, unsigned n) { return ((Word(1) << n) - 1) << slot; }

constexpr unsigned count(Word bits) { return bits == 0 ? 0 : unsigned(bits & 1) + count(bits >> 1); }

enum class Stage { before, now, back, spent };

struct Look {
    Word word;

    bool is_now(Word index) const {
        if (planted("a line that is out is used")) return (word ^ index) <= BELOW_LAP;
        return (word ^ index) <= BELOW_LAP && !(word & OUT);
    }

    bool is_fresh(Word index) const { return word == lap_of(index); }

    Stage stage(Word index) const {
        auto ahead = std::int64_t(lap_of(word) - lap_of(index));
        if (ahead == 0 && !(word & OUT)) return Stage::now;
        if (ahead == 0 && (has_ended() || planted("a line is back before its slots have ended"))) return Stage::back;
        return ahead < 0 ? Stage::before : Stage::spent;
    }

    unsigned full_from(unsigned slot) const {
        unsigned n = 0;
        for (Word full = (word >> FULL & ALL) >> slot; full & 1; full >>= 1) ++n;
        return n;
    }

    // Of a line that is out: the lap that it was put out for is over.
    bool has_ended() const {
        bool is_wrong = planted("a line is back when none of its slots is full or spoilt");
        return is_wrong ? !(word & (ALL << FULL | ALL << HELD)) : bool(word & ODD) != bool(word & STEP);
    }
};

template <unsigned SLOTS> struct Line {
    rl::atomic<Word> word_;
    rl::var<int> items_[SLOTS];

    void begin() { word_.store(0, rl::mo_relaxed, $); }

    void write(unsigned slot, int item) { items_[slot]($) = item; }

    int take(unsigned slot) {
        int item = items_[slot]($);
        items_[slot]($) = 0;
        return item;
    }

    // `places` and `places_of`.
    static Word places(unsigned slot, unsigned n) { return slot + n == SLOTS ? n + MOST + 1 - SLOTS : n; }

    static Word places_of(Word bits) {
        Word last = Word(1) << (SLOTS - 1);
        return count(bits & ~last) + places(SLOTS - 1, bits & last ? 1 : 0);
    }

    Look look() { return Look{word_.load(edge("raw/ring/line::L4", rl::mo_acquire), $)}; }

    // False if it was spoilt.
    bool fill(unsigned slot) {
        Word full = Word(1) << slot << FULL, held = Word(1) << slot << HELD;
        return !(word_.fetch_add(full, edge("raw/ring/line::L1", rl::mo_release), $) & held);
    }

    // Says which slots are full at last.
    template <typename Leave> Word fill_all(Word bits, Leave leave) {
        Word word = word_.load(rl::mo_relaxed, $), mine = bits;
        do {
            Word unspoilt = bits & ~(word >> HELD);
            if (unspoilt != mine) {
                leave(mine, unspoilt);
                mine = unspoilt;
            }
        } while (!exchange_weak(word_, word, word + (mine << FULL), edge("raw/ring/line::L2", rl::mo_release)));
        if (Word spoilt = bits & ~mine) end_spoilt(places_of(spoilt), spoilt << HELD);
        return mine;
    }

    void take_back(unsigned slot) {
        saw("a slot is taken back");
        bool is_wrong = planted("a slot that was spoilt does not end");
        end_spoilt(is_wrong ? 0 : places(slot, 1), Word(1) << slot << FULL | Word(1) << slot << HELD);
    }

    void end_spoilt(Word places, Word marks) {
        word_.load(edge("raw/ring/line::L8", rl::mo_acquire), $);
        end(places, marks);
    }

    void vacate(unsigned slot, unsigned n) { end(places(slot, n), slots_from(slot, n) << FULL); }

    void end(Word places, Word marks) {
        Word change = places * (STEP >> SLOT_BITS) - marks;
        Word before = word_.fetch_add(change, edge("raw/ring/line::L3", rl::mo_release), $);
        Word after = before + change;
        bool is_over = (after ^ before) > BELOW_LAP || planted("any slot that ends brings its line back");
        if (before & OUT && is_over) come_back(Look{after});
    }

    void come_back(Look look) {
        stall();
        if (planted("a line is brought back whatever it is by now"))
            return void(word_.fetch_and(~(OUT | ODD), rl::mo_relaxed, $));
        Word found = look.word;
        if (exchange(word_, found, look.word & ~(OUT | ODD), rl::mo_relaxed)) saw("a line comes back");
    }

    // Whether it did.
    bool pass_over(Look look) {
        if (planted("a line is passed over whatever it is by now"))
            return word_.fetch_add(STEP | OUT, rl::mo_relaxed, $), true;
        Word found = look.word, lap = (look.word + STEP) & ~(OUT | ODD);
        Word out = lap | OUT | (lap & STEP ? ODD : 0);
        if (!exchange(word_, found, out, edge("raw/ring/line::L7", rl::mo_release))) return false;
        return saw(look.word & OUT ? "a line is passed over again" : "a line is passed over"), true;
    }

    // False if it is full by now.
    bool spoil(unsigned slot) {
        Word full = Word(1) << slot << FULL, held = Word(1) << slot << HELD;
        bool is_full = word_.fetch_add(held, edge("raw/ring/line::L5", rl::mo_acq_rel), $) & full;
        if (!is_full || planted("a slot is spoilt though it is full")) return saw("a slot is spoilt"), true;
        saw("a slot is full before it is spoilt");
        if (!planted("a full slot stays marked")) word_.fetch_sub(held, rl::mo_relaxed, $);
        return false;
    }

    bool refill() {
        Word word = word_.load(rl::mo_relaxed, $);
        bool is_there = !(word & OUT) || planted("a forced item goes into a line that was passed over");
        return is_there && exchange(word_, word, word + STEP, edge("raw/ring/line::L6", rl::mo_release));
    }
};

}  // namespace port
