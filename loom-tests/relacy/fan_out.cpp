// The fan-out of `src/raw/fan_out.rs` and `fan_out/line.rs`: bounded, one producer, which says with stores what is
// filled, and many consumers, who count what they have emptied. The producer's batches are the chunks of `src/queue/chunk.rs`.
//
// Left out: lengths, which publish nothing.

#include "bounded.hpp"
#include "grid.hpp"

using port::By;
using port::ConsumersAway;
using port::edge;
using port::Item;
using port::lap_of;
using port::Mixed;
using port::MOST;
using port::Ordered;
using port::planted;
using port::Replaced;
using port::saw;
using port::scenario;
using port::Seen;
using port::STEP;
using port::Way;
using port::Word;

constexpr Word PASSED_BY = MOST + 1;

template <unsigned SLOTS> struct Line {
    rl::atomic<Word> filled_, ended_;
    rl::var<int> items_[SLOTS];

    void begin() {
        // The lap before the first.
        filled_.store(~Word(0), rl::mo_relaxed, $);
        ended_.store(SLOTS, rl::mo_relaxed, $);
    }

    void write(unsigned slot, int item) { items_[slot]($) = item; }

    int take(unsigned slot) {
        int item = items_[slot]($);
        items_[slot]($) = 0;
        return item;
    }

    void fill(Word lap, unsigned first, unsigned end) {
        if (first == 0 && !planted("the count does not begin anew")) ended_.store(0, rl::mo_relaxed, $);
        filled_.store(lap | end, edge("raw/fan_out/line::G1", rl::mo_release), $);
    }

    void pass_by(Word lap) {
        bool is_again = said() == ((lap - STEP) | PASSED_BY);
        saw(is_again ? "a line is passed by again" : "a line is passed by");
        if (planted("the count begins anew also where a line is passed by")) ended_.store(0, rl::mo_relaxed, $);
        filled_.store(lap | PASSED_BY, rl::mo_relaxed, $);
    }

    Word said() { return filled_.load(rl::mo_relaxed, $); }

    Word filled() { return filled_.load(edge("raw/fan_out/line::G2", rl::mo_acquire), $); }

    void end(unsigned n) { ended_.fetch_add(n, edge("raw/fan_out/line::G3", rl::mo_release), $); }

    bool is_over() { return ended_.load(edge("raw/fan_out/line::G4", rl::mo_acquire), $) == SLOTS; }
};

template <unsigned SLOTS_, unsigned LINES> struct FanOut {
    using Grid = port::Grid<SLOTS_, LINES>;
    using Line = ::Line<SLOTS_>;

    static constexpr bool PRODUCERS = false, CONSUMERS = true;
    // A batch may ask for more than there are.
    static constexpr unsigned SLOTS = SLOTS_, CAPACITY = Grid::CAPACITY, BATCH = CAPACITY + 1;

    rl::atomic<Word> head, tail;
    Line lines[LINES];

    void begin() {
        head.store(0, rl::mo_relaxed, $);
        tail.store(0, rl::mo_relaxed, $);
        for (auto& line : lines) line.begin();
    }

    Line& line(Word index) { return lines[Grid::line(index)]; }
    static unsigned slot(Word index) { return Grid::slot(index); }

    Word get_head() { return head.load(edge("raw/fan_out::G5", rl::mo_acquire), $); }

    Word seen_tail() { return tail.load(edge("raw/fan_out::G6", rl::mo_acquire), $); }

    bool is_full() {
        Word tail = seen_tail();
        return Grid::is_full(get_head(), tail);
    }

    bool is_empty() {
        Word head = get_head();
        return !port::is_before(head, seen_tail());
    }

    bool is_full_at(Word index) { return Grid::is_full_at(get_head(), index); }

    Way way_to_push(Word index, port::Patience& patience) {
        // A line that was begun, was looked at.
        if (slot(index) != 0) return Way::there;
        Line& line = this->line(index);
        bool is_over = line.is_over() || planted("the producer does not look at the count");
        Word said = line.said();
        bool is_of_lap_before = lap_of(said) == lap_of(index) - STEP;
        if (planted("a line is vacant though this lap passes it by")) is_of_lap_before = true;
        if (planted("a walk goes on where it began")) is_of_lap_before = said != (lap_of(index) | PASSED_BY);
        if (!is_over || !is_of_lap_before) return clear_for_push(index, patience);
        if (said == ((lap_of(index) - STEP) | PASSED_BY)) saw("a line comes back");
        return Way::there;
    }

    Way clear_for_push(Word index, port::Patience& patience) {
        Word lap = lap_of(index);
        Word said = line(index).said();
        // Or for a lap behind: a walk may have gone round, and have passed it by again.
        bool is_spent = !port::is_before(said, lap | PASSED_BY);
        if (planted("a line is passed by that was passed by for two laps")) is_spent = said == (lap | PASSED_BY);
        if (is_spent) {
            saw(lap_of(said) == lap ? "a line is found passed by" : "a line is found passed by a lap ahead");
            return Way::spent;
        }
        if (is_full_at(index) && !planted("a line is passed by with items in it")) return Way::closed;
        if (!patience.is_overdue()) return Way::open;
        line(index).pass_by(lap);
        patience.reset();
        return Way::spent;
    }

    // And how many slots from `index` on are filled.
    Way way_to_pop(Word index, unsigned& full) {
        Word filled = line(index).filled();
        auto ahead = std::int64_t(lap_of(filled) - lap_of(index));
        bool is_passed_by = filled & PASSED_BY;
        if (ahead == 0 && is_passed_by && planted("a consumer waits for a line that is passed by")) return Way::closed;
        if (ahead < 0) return Way::closed;
        if (ahead > 0 || is_passed_by) return saw("a consumer steps over a line"), Way::spent;
        full = unsigned(filled & MOST);
        full -= std::min(full, slot(index));
        return full == 0 ? Way::closed : Way::there;
    }

    unsigned claim_to_pop(unsigned max, Word& first) {
        for (;;) {
            first = get_head();
            unsigned full = 0;
            Way way = way_to_pop(first, full);
            if (way == Way::closed) return 0;
            if (way == Way::spent) {
                port::pass(head, first, Grid::next_line(first));
                continue;
            }
            Word next;
            unsigned n = full_after(first, full, max, next);
            if (port::claim(head, first, next)) return n;
        }
    }

    unsigned full_after(Word first, unsigned full, unsigned max, Word& next) {
        if (max > 1) max = Grid::at_once(max);
        unsigned n = std::min(full, max);
        next = Grid::nth(first, n);
        while (n < max && slot(next) == 0 && way_to_pop(next, full) == Way::there) {
            saw("a batch crosses lines");
            unsigned more = std::min(full, max - n);
            n += more;
            next = Grid::nth(next, more);
        }
        return n;
    }

    // Fills the slots of a line from `first` to before `next`.
    void fill(Word first, Word next) { line(first).fill(lap_of(first), slot(first), slot(next) ? slot(next) : SLOTS); }

    bool push(int item, bool) {
        Word index = tail.load(rl::mo_relaxed, $);
        for (port::Patience patience;;) {
            Way way = way_to_push(index, patience);
            if (way == Way::there) break;
            if (way == Way::closed) return false;
            if (way == Way::spent) port::settle(tail, index = Grid::next_line(index));
        }
        Word next = Grid::nth(index, 1);
        bool is_early = planted("a slot is filled before it is written");
        if (is_early) fill(index, next);
        line(index).write(slot(index), item);
        if (!is_early) fill(index, next);
        port::settle(tail, next);
        return true;
    }

    bool pop(int& item, bool is_away) { return pop_several(&item, 1, is_away) == 1; }

    // One claim's items; says how many.
    unsigned pop_several(int* items, unsigned max, bool is_away) {
        Word index;
        unsigned n = claim_to_pop(max, index);
        if (is_away) port::stall();
        for (unsigned left = n, here; left > 0; left -= here, index = Grid::nth(index, here)) {
            Line& line = this->line(index);
            here = std::min(left, SLOTS - slot(index));
            bool is_early = planted("a slot is counted before its item is out");
            if (is_early) line.end(here);
            for (unsigned i = 0; i < here; ++i) *items++ = line.take(slot(index) + i);
            if (is_away) port::stall();
            if (!is_early) line.end(here);
        }
        return n;
    }

    // `Place`
    struct Place {
        Word last, next;
    };

    unsigned vacant_from(Place& place, unsigned max) {
        bool has_passed = false;
        for (port::Patience patience;;) {
            Way way = way_to_push(place.next, patience);
            if (way == Way::there) break;
            if (way == Way::closed) {
                if (has_passed) saw("a walk passes lines by for nothing");
                return 0;
            }
            if (way == Way::open) continue;
            place.last = place.next = Grid::next_line(place.next);
            has_passed = true;
        }
        place.last = place.next;
        unsigned n = std::min(max, SLOTS - slot(place.last));
        place.next = Grid::nth(place.last, n);
        return n;
    }

    // `WriteChunk`: walks over slots to count them, to write them, and to fill them; or some of them.
    unsigned push_several(int const* items, unsigned n, bool) {
        Word start = tail.load(rl::mo_relaxed, $);
        unsigned len = 0;
        for (Place place{start, start}; len < n;) {
            unsigned run = vacant_from(place, n - len);
            if (run == 0) break;
            len += run;
        }
        int const* item = items;
        over(Place{start, start}, len, [&](Place& place, unsigned run) {
            for (unsigned i = 0; i < run; ++i) line(place.last).write(slot(place.last) + i, *item++);
        });
        unsigned done = rl::rand(4) ? len : rl::rand(len + 1);
        Place place = over(Place{start, start}, done, [&](Place& place, unsigned) { fill(place.last, place.next); });
        if (done > 0) port::settle(tail, place.next);
        // `drop_written`
        item = items + done;
        over(place, len - done, [&](Place& place, unsigned run) {
            for (unsigned i = 0; i < run; ++i) RL_ASSERT(line(place.last).take(slot(place.last) + i) == *item++);
        });
        return done;
    }

    template <typename Do> Place over(Place place, unsigned n, Do with) {
        for (unsigned run; n > 0; n -= run) {
            run = vacant_from(place, n);
            RL_ASSERT(run > 0);
            with(place, run);
        }
        return place;
    }

    // `Overwrite::replace`: makes room at most.
    Replaced replace(int, int& evicted) {
        Word tail = this->tail.load(rl::mo_relaxed, $);
        if (slot(tail) != 0 || !is_full_at(tail) || !pop(evicted, false)) return Replaced::nothing;
        return saw("an item is evicted"), Replaced::oldest_only;
    }
};

int main(int argc, char** argv) {
    return port::main(argc, argv, 5,
                      {scenario<Mixed<FanOut<1, 1>, 2, 2>, 2>("two threads, one slot"),
                       scenario<Mixed<FanOut<1, 2>, 3, 4, By::force>>("lines of one, forced pushes"),
                       scenario<Mixed<FanOut<1, 3>, 3, 4, By::several>>("lines of one"),
                       scenario<Mixed<FanOut<2, 2>, 3, 4, By::several>>("lines of two"),
                       scenario<Mixed<FanOut<3, 2>, 2, 4, By::several>>("lines of three"),
                       scenario<ConsumersAway<FanOut<1, 2>, 12>>("consumers away", 2),
                       scenario<ConsumersAway<FanOut<1, 3>, 8, By::several>>("consumers away, batches", 2),
                       scenario<ConsumersAway<FanOut<2, 2>, 10>>("consumers away, lines of two", 2),
                       scenario<ConsumersAway<FanOut<2, 3>, 8, By::several>>("batches, lines of two", 2),
                       scenario<Item<FanOut<1, 3>, 3>>("an item"),
                       scenario<Item<FanOut<2, 2>, 3>>("an item, lines of two"),
                       scenario<Seen<FanOut<1, 3>, 3>>("seen"),
                       scenario<Ordered<FanOut<1, 3>, 3, 3>>("ordered"),
                       scenario<Ordered<FanOut<2, 2>, 3, 3>>("ordered, lines of two")},
                      {"full", "empty", "a line is passed by", "a line is passed by again", "a line comes back",
                       "a line is found passed by", "a line is found passed by a lap ahead",
                       "a walk passes lines by for nothing", "a consumer steps over a line", "a batch crosses lines",
                       "an item is evicted"});
}
