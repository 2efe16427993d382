// The lines of `src/raw/lines.rs` in a chain of segments (`src/raw/lines/chain.rs`), which go over by `src/raw/spares.rs`.
//
// Left out: what the consumer does for `len`, counts that publish nothing, and that segments grow.

#include "port.hpp"

using port::edge;
using port::exchange;
using port::planted;
using port::saw;

template <unsigned LINES, unsigned ITEMS> struct Chain {
    struct Line {
        rl::atomic<unsigned> filled;
        rl::var<int> slots[ITEMS];
    };
    struct Segment {
        // The number of the next segment, from 1 on, or 0.
        rl::atomic<unsigned> next;
        // Read by users, written by who has it alone.
        rl::var<int> tracked;
        Line lines[LINES];
    };
    // So many are allocated at most.
    Segment segments[10];
    rl::atomic<unsigned> spare;

    // `PushSeat` and `PopSeat`: each its thread's own. The first segment is number 1.
    unsigned push_segment = 1, push_line = 0, push_number = 0, allocated = 1;
    unsigned pop_segment = 1, pop_line = 0, pop_number = 0, pop_ready = 0;

    void begin() {
        spare.store(0, rl::mo_relaxed, $);
        make(1);
    }

    void make(unsigned n) {
        Segment& segment = segments[n - 1];
        segment.next.store(0, rl::mo_relaxed, $);
        segment.tracked($) = 0;
        for (auto& line : segment.lines) line.filled.store(0, rl::mo_relaxed, $);
    }

    Segment& used(unsigned n) {
        Segment& segment = segments[n - 1];
        (void)int(segment.tracked($));
        return segment;
    }

    unsigned filled(unsigned segment, unsigned line) {
        return used(segment).lines[line].filled.load(edge("raw/lines::C1", rl::mo_acquire), $);
    }

    void show(unsigned segment, unsigned line, unsigned n) {
        used(segment).lines[line].filled.store(n, edge("raw/lines::P1", rl::mo_release), $);
    }

    void vacate(unsigned segment, unsigned line) {
        used(segment).lines[line].filled.store(0, edge("raw/lines::C2", rl::mo_release), $);
    }

    unsigned link(unsigned n) {
        Segment& segment = used(n);
        if (unsigned next = segment.next.load(rl::mo_relaxed, $)) return next;
        unsigned next = 0;
        // `Spares::take`
        if (spare.load(rl::mo_relaxed, $)) next = spare.exchange(0, edge("raw/spares::R2", rl::mo_acquire), $);
        if (next) {
            saw("a spare");
        } else {
            next = ++allocated;
            make(next);
        }
        (void)int(used(next).tracked($));
        segment.next.store(next, edge("raw/lines/chain::N1", rl::mo_release), $);
        return next;
    }

    // What `reserve` does at the end of a segment, if nothing comes of it.
    void look_ahead() {
        if (push_number < ITEMS || push_line + 1 < LINES) return;
        saw("a look ahead");
        link(push_segment);
    }

    void push(int item) {
        // `vacancy`
        if (push_number == ITEMS) {
            push_number = 0;
            if (++push_line == LINES) {
                push_segment = link(push_segment);
                push_line = 0;
            }
        }
        used(push_segment).lines[push_line].slots[push_number]($) = item;
        show(push_segment, push_line, ++push_number);
    }

    // `Chain::reuse`
    void reuse(unsigned n) {
        Segment& segment = segments[n - 1];
        segment.tracked($) = 0;
        if (!planted("a spare segment has a line that is not vacant"))
            segment.lines[LINES - 1].filled.store(0, rl::mo_relaxed, $);
        segment.next.store(0, rl::mo_relaxed, $);
        // `Spares::keep`
        unsigned none = 0;
        if (!exchange(spare, none, n, edge("raw/spares::R1", rl::mo_release))) {
            saw("a free");
            segment.tracked($) = 1;
        }
    }

    bool pop(int& item) {
        // `front`
        if (pop_number == pop_ready) {
            unsigned n = filled(pop_segment, pop_line);
            if (pop_number == n) {
                if (n < ITEMS) return saw("empty"), false;
                unsigned next = used(pop_segment).next.load(edge("raw/lines/chain::N2", rl::mo_acquire), $);
                if (!next) return saw("empty"), false;
                n = filled(next, 0);
                if (n == 0 && !planted("a segment is left before an item is in the next"))
                    return saw("a link without an item"), false;
                reuse(pop_segment);
                pop_segment = next;
                pop_line = pop_number = 0;
            }
            pop_ready = n;
            if (n == 0) return false;
        }
        auto& slot = used(pop_segment).lines[pop_line].slots[pop_number];
        item = slot($);
        slot($) = 0;
        // `take_on`
        if (++pop_number == ITEMS && pop_line + 1 < LINES) {
            vacate(pop_segment, pop_line);
            ++pop_line;
            pop_number = pop_ready = 0;
        }
        return true;
    }
};

// The producer looks ahead now and then; the consumer has a try too few.
template <unsigned LINES, unsigned ITEMS, unsigned TRIES> struct Along : rl::test_suite<Along<LINES, ITEMS, TRIES>, 2> {
    Chain<LINES, ITEMS> chain;
    port::Ledger<1, 1> ledger;

    void before() { chain.begin(); }

    void thread(unsigned i) {
        for (unsigned n = 0; n < TRIES; ++n) {
            if (i == 0) {
                if (rl::rand(2)) chain.look_ahead();
                chain.push(ledger.item(0));
                ledger.went_in(0);
            } else {
                int item;
                if (chain.pop(item)) ledger.came_out(0, item);
                else rl::yield(1, $);
            }
        }
    }

    void after() {
        for (int item; chain.pop(item);) ledger.came_out(0, item);
        ledger.check();
    }
};

int main(int argc, char** argv) {
    return port::main(argc, argv, 5,
                      {port::scenario<Along<1, 1, 4>, 2>("an item to a segment"),
                       port::scenario<Along<1, 2, 7>>("a line to a segment"),
                       port::scenario<Along<2, 1, 6>>("an item to a line"),
                       port::scenario<Along<2, 2, 9>>("lines of two", 2)},
                      {"empty", "a spare", "a free", "a look ahead", "a link without an item"});
}
