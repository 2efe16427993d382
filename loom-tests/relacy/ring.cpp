// The ring of lines of `src/raw/ring.rs`, `ring/view.rs` and `ring/runs.rs`: bounded, many at both ends, one slot to a
// line or several, and nobody waits for a slot that another thread has in hand. Its own edges are those of the indices;
// the line's are in `line.hpp`.
//
// Left out: chunks, which take the same steps, and lengths, which publish nothing.

#include "bounded.hpp"
#include "line.hpp"

using port::BothAway;
using port::By;
using port::ConsumersAway;
using port::edge;
using port::is_before;
using port::InTurn;
using port::Item;
using port::Look;
using port::Mixed;
using port::Ordered;
using port::planted;
using port::ProducersAway;
using port::Replaced;
using port::Room;
using port::saw;
using port::scenario;
using port::Seen;
using port::Stage;
using port::STEP;
using port::Way;
using port::Word;

// `Feed`, as a deque: what comes back is the next one.
struct Feed {
    int items[8];
    unsigned at = 0;

    int next() { return items[at++]; }
    void back(int item) { items[--at] = item; }
};

// For whoever is late at an index: it is not carried on to the next.
struct Patience {
    Word index = 0;
    port::Patience steps;

    port::Patience& at(Word index) {
        if (this->index != index) steps.reset();
        this->index = index;
        return steps;
    }
};

template <unsigned SLOTS_, unsigned LINES> struct Ring {
    using Grid = port::Grid<SLOTS_, LINES>;
    using Line = port::Line<SLOTS_>;

    static constexpr bool PRODUCERS = true, CONSUMERS = true;
    static constexpr unsigned SLOTS = SLOTS_, CAPACITY = Grid::CAPACITY, BATCH = SLOTS;

    rl::atomic<Word> head, tail;
    // Only for those who test: whether a line ever was out.
    bool was_out = false;
    Line lines[LINES];

    void begin() {
        head.store(0, rl::mo_relaxed, $);
        tail.store(0, rl::mo_relaxed, $);
        for (auto& line : lines) line.begin();
    }

    Word get_head() { return head.load(edge("raw/ring::R1", rl::mo_acquire), $); }
    Word get_tail() { return tail.load(edge("raw/ring::R2", rl::mo_acquire), $); }

    bool is_full() {
        bool is_early = planted("who asks for room looks at head first");
        Word early = is_early ? get_head() : 0, tail = get_tail();
        return Grid::is_full(is_early ? early : get_head(), tail);
    }

    bool is_empty() {
        Word head = get_head();
        return !is_before(head, get_tail());
    }

    // `view.rs`
    Line& line(Word index) { return lines[Grid::line(index)]; }
    static unsigned slot(Word index) { return Grid::slot(index); }

    bool is_vacant(Word index, Look& look) {
        look = line(index).look();
        if (SLOTS == 1 && !planted("a slot that was filled by force is vacant")) return look.is_fresh(index);
        return look.is_now(index);
    }

    unsigned full_from(Word index, Look& look) {
        look = line(index).look();
        return look.is_now(index) ? look.full_from(slot(index)) : 0;
    }

    bool is_full_at(Word index) { return Grid::is_full_at(get_head(), index); }

    Way clear_for_push(Word index, Look look, port::Patience& patience) {
        switch (look.stage(index)) {
        case Stage::before: break;
        case Stage::back: return saw("a line is found back"), line(index).come_back(look), Way::open;
        case Stage::now:
        case Stage::spent: return Way::spent;
        }
        // Who moved `tail` into a line had seen it of its lap.
        RL_ASSERT(slot(index) == 0);
        if (is_full_at(index) || planted("the ring is full wherever a line is not over")) return Way::closed;
        if (patience.is_overdue()) was_out |= line(index).pass_over(look);
        return Way::open;
    }

    Way clear_for_pop(Word index, Look look, port::Patience& patience) {
        Stage stage = look.stage(index);
        if (stage == Stage::spent) return Way::spent;
        Word next = Grid::nth(index, 1);
        bool is_wrong = planted("the ring is empty wherever a slot is not full");
        if (!is_before(next, get_tail()) || is_wrong) return Way::closed;
        if (stage != Stage::now) {
            // It was not before we looked, and is by now.
            rl::yield(1, $);
        } else if (patience.is_overdue() && port::claim(head, index, next)) {
            port::stall();
            if (planted("a consumer goes on past a slot that it has not spoilt")) return Way::open;
            if (!line(index).spoil(slot(index))) return Way::there;
        }
        return Way::open;
    }

    // Says how many slots from `first` on are the caller's; none if the queue is full.
    unsigned claim_to_push(unsigned max, Word& first) {
        for (Patience patience;;) {
            first = get_tail();
            Look look;
            if (!is_vacant(first, look)) {
                Way way = clear_for_push(first, look, patience.at(first));
                if (way == Way::closed) return 0;
                if (way == Way::spent) port::pass(tail, first, Grid::next_line(first));
                continue;
            }
            unsigned n = 1;
            Word next = Grid::nth(first, 1);
            if (max > 1) n = vacant_after(first, max, next);
            if (port::claim(tail, first, next)) return n;
        }
    }

    unsigned vacant_after(Word first, unsigned max, Word& next) {
        max = Grid::at_once(max);
        unsigned n = std::min(max, SLOTS - slot(first));
        next = Grid::nth(first, n);
        for (Look look; n < max && is_vacant(next, look);) {
            saw("a batch crosses lines");
            unsigned more = std::min(max - n, SLOTS);
            n += more;
            next = Grid::nth(next, more);
        }
        return n;
    }

    // Likewise; none if the queue is empty.
    unsigned claim_to_pop(unsigned max, Word& first) {
        for (Patience patience;;) {
            first = get_head();
            Look look;
            unsigned full = full_from(first, look);
            if (full == 0) {
                Way way = clear_for_pop(first, look, patience.at(first));
                if (way == Way::there) return 1;
                if (way == Way::closed) return 0;
                if (way == Way::spent) port::pass(head, first, Grid::next_line(first));
                continue;
            }
            unsigned n = 1;
            Word next = Grid::nth(first, 1);
            if (max > 1) n = full_after(first, full, max, next);
            if (port::claim(head, first, next)) return n;
        }
    }

    unsigned full_after(Word first, unsigned full, unsigned max, Word& next) {
        max = Grid::at_once(max);
        unsigned n = std::min(full, max);
        next = Grid::nth(first, n);
        while (n < max && slot(next) == 0) {
            Look look;
            unsigned more = std::min(full_from(next, look), max - n);
            if (more == 0) break;
            n += more;
            next = Grid::nth(next, more);
        }
        return n;
    }

    bool push(int item, bool is_away) {
        for (Word index;;) {
            if (claim_to_push(1, index) == 0) return false;
            if (put(index, item, is_away)) return true;
        }
    }

    // `put`, and `retract` if it fails.
    bool put(Word index, int item, bool is_away) {
        line(index).write(slot(index), item);
        if (is_away) port::stall();
        if (line(index).fill(slot(index))) return true;
        if (planted("a producer does not look whether its slot is spoilt")) return true;
        RL_ASSERT(line(index).take(slot(index)) == item);
        line(index).take_back(slot(index));
        return false;
    }

    bool pop(int& item, bool is_away) {
        Word index;
        if (claim_to_pop(1, index) == 0) return false;
        item = line(index).take(slot(index));
        if (is_away) port::stall();
        line(index).vacate(slot(index), 1);
        return true;
    }

    // `runs.rs`, and `queue/batch.rs`: says how many of the `n` items went in.
    unsigned push_several(int const* items, unsigned n, bool is_away) {
        Feed feed;
        std::copy_n(items, n, feed.items);
        unsigned done = 0;
        while (done < n) {
            Word index;
            unsigned left = claim_to_push(n - done, index);
            if (left == 0) break;
            if (is_away) port::stall();
            for (unsigned here; left > 0; left -= here, index = Grid::nth(index, here)) {
                here = std::min(left, SLOTS - slot(index));
                done += fill(index, here, feed);
            }
        }
        RL_ASSERT(feed.at == done);
        return done;
    }

    // So many slots of a line.
    unsigned fill(Word index, unsigned n, Feed& feed) {
        Line& line = this->line(index);
        unsigned first = slot(index), done = 0;
        for (unsigned i = first; i < first + n; ++i) line.write(i, feed.next());
        if (n > 1 && !planted("a batch fills slot by slot"))
            return port::count(line.fill_all(port::slots_from(first, n),
                                             [&](Word from, Word to) { move_up(line, from, to, feed); }));
        for (unsigned i = first; i < first + n; ++i) {
            if (line.fill(i)) {
                ++done;
            } else {
                feed.back(line.take(i));
                line.take_back(i);
            }
        }
        return done;
    }

    static void move_up(Line& line, Word from, Word to, Feed& feed) {
        saw("a batch moves on from spoilt slots");
        if (planted("what is in a spoilt slot goes back")) {
            for (unsigned i = SLOTS; i-- > 0;)
                if ((from & ~to) >> i & 1) feed.back(line.take(i));
            return;
        }
        // From the last on, so that a place is read before it is written.
        for (unsigned last = SLOTS; last-- > 0;) {
            if (!(from >> last & 1)) continue;
            int item = line.take(last);
            if (port::count(from) > port::count(to)) {
                feed.back(item);
            } else {
                unsigned place = SLOTS - 1;
                while (!(to >> place & 1)) --place;
                line.write(place, item);
                to &= ~(Word(1) << place);
            }
            from &= ~(Word(1) << last);
        }
    }

    // One claim's items; says how many.
    unsigned pop_several(int* items, unsigned max, bool is_away) {
        Word index;
        unsigned n = claim_to_pop(max, index);
        if (is_away) port::stall();
        for (unsigned left = n, here; left > 0; left -= here, index = Grid::nth(index, here)) {
            here = std::min(left, SLOTS - slot(index));
            for (unsigned i = 0; i < here; ++i) *items++ = line(index).take(slot(index) + i);
            line(index).vacate(slot(index), here);
        }
        return n;
    }

    // `Overwrite::replace`: pushes in place of the oldest item, if the ring is full or nearly so.
    Replaced replace(int item, int& evicted) {
        Word tail = get_tail(), first;
        if (slot(tail) != 0 || !is_full_at(tail) || claim_to_pop(1, first) == 0) return Replaced::nothing;
        Line& line = this->line(first);
        evicted = line.take(slot(first));
        Word index = first + STEP;
        bool is_next = get_tail() == index;
        if (SLOTS > 1 || (!is_next && !planted("a forced item goes in though others were pushed meanwhile")))
            return line.vacate(slot(first), 1), Replaced::oldest_only;
        line.write(0, item);
        if (line.refill()) {
            saw("an item is overwritten");
            port::pass(this->tail, index, Grid::next_line(index));
            return Replaced::oldest;
        }
        saw("a forced item finds its line passed over");
        RL_ASSERT(line.take(0) == item);
        line.vacate(slot(first), 1);
        return Replaced::oldest_only;
    }
};

// As `Room`; the other has a slot in hand from the start, which may be spoilt, and then pushes again.
struct Again : port::Answers<Again, Ring<1, 2>> {
    static constexpr unsigned INSIDE = 1;
    Word index;

    void before() {
        Answers::before();
        must(queue.claim_to_push(1, index) == 1);
    }

    void thread(unsigned i) {
        if (i == 0) must(pop(0)), must(push(0)), must(pop(0, true));
        else if (queue.put(index, ledger.item(1), false)) ledger.went_in(1);
        else must(push(1));
    }
};

int main(int argc, char** argv) {
    return port::main(argc, argv, 5,
                      {scenario<Mixed<Ring<1, 1>, 2, 2>, 2>("two threads, one slot"),
                       scenario<Mixed<Ring<1, 2>, 3, 3>>("lines of one"),
                       scenario<Mixed<Ring<1, 2>, 3, 3, By::force>>("forced pushes"),
                       scenario<Mixed<Ring<2, 2>, 3, 3, By::several>>("lines of two"),
                       scenario<Mixed<Ring<3, 2>, 2, 3, By::several>>("lines of three"),
                       scenario<ConsumersAway<Ring<1, 2>, 20>>("consumers away", 2),
                       scenario<ConsumersAway<Ring<2, 2>, 10>>("consumers away, lines of two", 2),
                       scenario<ProducersAway<Ring<2, 2>, 10, By::several>>("producers away, lines of two", 2),
                       scenario<BothAway<Ring<1, 2>, 20>>("both away", 2),
                       scenario<BothAway<Ring<2, 2>, 20>>("both away, lines of two", 2),
                       scenario<Item<Ring<1, 3>, 3>>("an item"),
                       scenario<Item<Ring<2, 2>, 3>>("an item, lines of two"),
                       scenario<Room<Ring<1, 2>, 3>>("room"),
                       scenario<Room<Ring<2, 2>, 4>>("room, lines of two"),
                       scenario<InTurn<Ring<1, 2>>>("in turn"),
                       scenario<Again>("again"),
                       scenario<Seen<Ring<1, 3>, 3>>("seen"),
                       scenario<Ordered<Ring<1, 3>, 3, 3>>("ordered"),
                       scenario<Ordered<Ring<2, 2>, 3, 3>>("ordered, lines of two")},
                      {"full", "empty", "a slot is spoilt", "a slot is full before it is spoilt",
                       "a slot is taken back", "a batch crosses lines", "a batch moves on from spoilt slots",
                       "a line is passed over", "a line is passed over again", "a line comes back",
                       "a line is found back", "an item is overwritten", "a forced item finds its line passed over"});
}
