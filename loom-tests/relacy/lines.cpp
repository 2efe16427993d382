// The lines of `src/raw/lines.rs` in a ring (`src/raw/lines/ring.rs`): one producer, one consumer, and a count beside the
// items of each line.
//
// Left out: chunks, which take the same steps, and what the producer reads of `popped`, a count that publishes nothing.

#include "port.hpp"

using port::edge;
using port::planted;
using port::saw;

template <unsigned LINES, unsigned ITEMS> struct Ring {
    struct Line {
        rl::atomic<unsigned> filled;
        rl::var<int> slots[ITEMS];
    };
    // With more than one item to a line.
    rl::atomic<unsigned> popped;
    Line lines[LINES];

    // `PushSeat` and `PopSeat`: each its thread's own.
    unsigned push_line = LINES - 1, push_number = ITEMS;
    unsigned pop_line = 0, pop_start = 0, pop_ready = 0;

    void begin() {
        popped.store(0, rl::mo_relaxed, $);
        for (auto& line : lines) line.filled.store(0, rl::mo_relaxed, $);
    }

    static unsigned after(unsigned line) { return (line + 1) % LINES; }

    bool is_vacant(unsigned line) {
        return lines[line].filled.load(edge("raw/lines::P2", rl::mo_acquire), $) == 0;
    }

    unsigned filled(unsigned line) { return lines[line].filled.load(edge("raw/lines::C1", rl::mo_acquire), $); }

    void show(unsigned line, unsigned n) { lines[line].filled.store(n, edge("raw/lines::P1", rl::mo_release), $); }

    void vacate(unsigned line) { lines[line].filled.store(0, edge("raw/lines::C2", rl::mo_release), $); }

    bool push(int item) {
        // `vacancy`
        unsigned number = push_number;
        if (number == ITEMS) {
            unsigned line = after(push_line);
            if (!is_vacant(line)) {
                if (!planted("a line is entered that is not vacant")) return saw("full"), false;
            }
            number = 0;
            push_line = line;
        }
        // `put`
        if (planted("an item is counted before it is written")) show(push_line, number + 1);
        lines[push_line].slots[number]($) = item;
        push_number = number + 1;
        show(push_line, push_number);
        return true;
    }

    bool pop(int& item) {
        // `front`
        unsigned number = popped.load(rl::mo_relaxed, $) - pop_start;
        if (number == pop_ready) {
            unsigned n = filled(pop_line);
            if (number == n) return saw("empty"), false;
            if (ITEMS > 1) pop_ready = n;
        }
        // `take`, whose parts a planted bug turns round.
        bool is_early = planted("a line is vacated before its last item is out") && number + 1 == ITEMS;
        if (is_early) vacate(pop_line);
        auto& slot = lines[pop_line].slots[number];
        item = slot($);
        slot($) = 0;
        if (ITEMS > 1) popped.store(pop_start + number + 1, rl::mo_relaxed, $);
        bool is_last = number + 1 == ITEMS || planted("a line is vacated with items in it");
        if (is_last) {
            if (!is_early) vacate(pop_line);
            pop_line = after(pop_line);
            if (pop_line == 0) saw("a lap");
            if (ITEMS > 1) {
                pop_start += number + 1;
                pop_ready = 0;
            }
        }
        return true;
    }
};

// More items than two laps have room for, each end with a try too few now and then.
template <unsigned LINES, unsigned ITEMS, unsigned TRIES> struct Laps : rl::test_suite<Laps<LINES, ITEMS, TRIES>, 2> {
    Ring<LINES, ITEMS> ring;
    port::Ledger<1, 1> ledger;

    void before() { ring.begin(); }

    void thread(unsigned i) {
        for (unsigned n = 0; n < TRIES; ++n) {
            int item;
            bool is_done = false;
            if (i == 0) {
                is_done = ring.push(ledger.item(0));
                if (is_done) ledger.went_in(0);
            } else {
                is_done = ring.pop(item);
                if (is_done) ledger.came_out(0, item);
            }
            if (!is_done) rl::yield(1, $);
        }
    }

    void after() {
        for (int item; ring.pop(item);) ledger.came_out(0, item);
        ledger.check();
    }
};

int main(int argc, char** argv) {
    return port::main(argc, argv, 5,
                      {port::scenario<Laps<1, 1, 3>, 3>("one slot"),
                       port::scenario<Laps<2, 1, 5>, 2>("an item to a line"),
                       port::scenario<Laps<2, 2, 9>, 1>("two items to a line"),
                       port::scenario<Laps<3, 3, 20>>("three items to a line", 2)},
                      {"full", "empty", "a lap"});
}
