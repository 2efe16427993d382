// The fan-in of `src/raw/fan_in.rs`, `fan_in/line.rs`, `fan_in/many.rs` and `fan_in/one.rs`: bounded, many
// producers, and one consumer, which skips the slots of those that are late. Its batches are the chunks of
// `src/queue/chunk.rs`.

#include "bounded.hpp"
#include "grid.hpp"

using port::BELOW_LAP;
using port::By;
using port::edge;
using port::is_before;
using port::lap_of;
using port::Mixed;
using port::planted;
using port::ProducersAway;
using port::Replaced;
using port::saw;
using port::scenario;
using port::SLOT_BITS;
using port::STEP;
using port::Word;

constexpr Word OUT = 1, LINKED = 2, NONE = ~Word(0);

enum class Stage { before, now, spent };

struct Look {
    Word word;

    bool is_now(Word index) const {
        if (planted("a line that is out is used")) return lap_of(word) == lap_of(index);
        return word == lap_of(index);
    }

    bool is_out() const { return word & OUT; }

    Stage stage(Word index) const {
        auto ahead = std::int64_t(lap_of(word) - lap_of(index));
        return ahead < 0 ? Stage::before : ahead == 0 && !is_out() ? Stage::now : Stage::spent;
    }

    // `Link`: the number of the line that was put out before this one, and whether there is any.
    Word link() const { return word & BELOW_LAP & ~OUT; }
};

constexpr Word link_to(unsigned line) { return Word(line) << SLOT_BITS | LINKED; }

template <unsigned SLOTS> struct Line {
    rl::atomic<Word> word_;
    rl::atomic<unsigned> full_[SLOTS];
    rl::var<int> items_[SLOTS];
    // A bit per slot; the consumer's own.
    unsigned skipped = 0;

    void begin() {
        word_.store(0, rl::mo_relaxed, $);
        for (auto& full : full_) full.store(0, rl::mo_relaxed, $);
    }

    void write(unsigned slot, int item) { items_[slot]($) = item; }

    int show(unsigned slot) { return items_[slot]($); }

    int take(unsigned slot) {
        int item = items_[slot]($);
        items_[slot]($) = 0;
        return item;
    }

    Look look() { return Look{word_.load(edge("raw/fan_in/line::F5", rl::mo_acquire), $)}; }

    Look own() { return Look{word_.load(rl::mo_relaxed, $)}; }

    void fill(unsigned slot) { full_[slot].store(1, edge("raw/fan_in/line::F1", rl::mo_release), $); }

    bool is_full(unsigned slot) { return full_[slot].load(edge("raw/fan_in/line::F2", rl::mo_acquire), $); }

    // The first of those that were skipped and are full, or `SLOTS`: looked at after all behind it.
    unsigned first_to_take() {
        unsigned first = SLOTS;
        if (planted("the skipped slots of a line are looked at from the first on")) {
            for (unsigned slot = 0; slot < SLOTS; ++slot)
                if (skipped >> slot & 1 && is_full(slot)) return slot;
            return SLOTS;
        }
        for (unsigned slot = SLOTS; slot-- > 0;)
            if (skipped >> slot & 1 && is_full(slot)) first = slot;
        return first;
    }

    void vacate(Word index) {
        for (auto& full : full_) full.store(0, rl::mo_relaxed, $);
        word_.store(lap_of(index) + STEP, edge("raw/fan_in/line::F3", rl::mo_release), $);
    }

    void put_out(Word index, Word link) {
        saw("a line is put out");
        for (unsigned slot = 0; slot < SLOTS; ++slot) {
            bool is_ours = !(skipped >> slot & 1) || planted("the byte of a skipped slot is set back");
            if (is_ours) full_[slot].store(0, rl::mo_relaxed, $);
        }
        word_.store((lap_of(index) + STEP) | OUT | link, rl::mo_relaxed, $);
    }

    void pass() {
        saw("a line that is out is passed");
        word_.store(own().word + STEP, rl::mo_relaxed, $);
    }

    void relink(Word link) {
        saw("a line is taken from the middle of those out");
        word_.store(lap_of(own().word) | OUT | link, rl::mo_relaxed, $);
    }

    // Says whether there is no other.
    bool unskip(unsigned slot) {
        full_[slot].store(0, rl::mo_relaxed, $);
        skipped &= ~(1u << slot);
        return skipped == 0;
    }

    void come_back() {
        saw("a line comes back");
        Word next = lap_of(own().word) + STEP;
        if (planted("a line comes back for the lap that it is out for")) next -= STEP;
        word_.store(next, edge("raw/fan_in/line::F4", rl::mo_release), $);
    }
};

template <unsigned SLOTS_, unsigned LINES> struct FanIn {
    using Grid = port::Grid<SLOTS_, LINES>;
    using Line = ::Line<SLOTS_>;

    static constexpr bool PRODUCERS = true, CONSUMERS = false;
    static constexpr unsigned SLOTS = SLOTS_, CAPACITY = Grid::CAPACITY, BATCH = SLOTS == 1 ? 2 : SLOTS;

    rl::atomic<Word> tail;
    // `End`: the consumer's; the others may look at `head` and `skipped`.
    rl::atomic<Word> head, skipped;
    Word decided = 0, chosen = NONE, out = 0;
    // Only for those who test: whether a line ever was out.
    bool was_out = false;
    Line lines[LINES];

    void begin() {
        tail.store(0, rl::mo_relaxed, $);
        head.store(0, rl::mo_relaxed, $);
        skipped.store(0, rl::mo_relaxed, $);
        for (auto& line : lines) line.begin();
    }

    Line& line(Word index) { return lines[Grid::line(index)]; }
    static unsigned slot(Word index) { return Grid::slot(index); }

    // `many.rs`
    Stage stage(Word index, Look look) {
        Stage stage = look.stage(index);
        if (stage != Stage::before || planted("the queue is full at the first look")) return stage;
        port::fence(edge("raw/fan_in/many::F7", rl::mo_acquire));
        stage = line(index).look().stage(index);
        if (stage != Stage::before) saw("the second look finds more");
        return stage;
    }

    unsigned claim(unsigned max, Word& first) {
        for (;;) {
            first = tail.load(rl::mo_relaxed, $);
            Look look = line(first).look();
            if (!look.is_now(first)) {
                Stage stage = this->stage(first, look);
                if (stage == Stage::before) return 0;
                if (stage == Stage::spent) {
                    saw("the producers step over a line");
                    port::pass(tail, first, Grid::next_line(first));
                    continue;
                }
            }
            unsigned n = 1;
            Word next = Grid::nth(first, 1);
            if (max > 1) n = vacant_after(first, max, next);
            if (port::exchange_weak(tail, first, next, edge("raw/fan_in/many::F6", rl::mo_release))) return n;
        }
    }

    unsigned vacant_after(Word first, unsigned max, Word& next) {
        max = Grid::at_once(max);
        unsigned n = std::min(max, SLOTS - slot(first));
        next = Grid::nth(first, n);
        while (n < max && line(next).look().is_now(next)) {
            saw("a batch crosses lines");
            unsigned more = std::min(max - n, SLOTS);
            n += more;
            next = Grid::nth(next, more);
        }
        return n;
    }

    bool push(int item, bool is_away) { return push_several(&item, 1, is_away) == 1; }

    // `queue/batch.rs`: says how many of the `n` items went in.
    unsigned push_several(int const* items, unsigned n, bool is_away) {
        unsigned done = 0;
        while (done < n) {
            Word index;
            unsigned left = claim(n - done, index);
            if (left == 0) break;
            if (is_away) port::stall();
            for (unsigned here; left > 0; left -= here, index = Grid::nth(index, here)) {
                here = std::min(left, SLOTS - slot(index));
                for (unsigned i = slot(index); i < slot(index) + here; ++i) {
                    line(index).write(i, items[done++]);
                    if (is_away) port::stall();
                    line(index).fill(i);
                }
            }
        }
        return done;
    }

    // `one.rs`
    Word own_head() { return head.load(rl::mo_relaxed, $); }
    Word own_skipped() { return skipped.load(rl::mo_relaxed, $); }
    void go_to(Word index) { head.store(index, rl::mo_relaxed, $); }

    void set_skipped(Word n) {
        skipped.store(n, rl::mo_relaxed, $);
        port::fence(edge("raw/fan_in::F8", rl::mo_release));
    }

    unsigned full_from(Word index) {
        Line& line = this->line(index);
        if (!line.own().is_now(index)) return 0;
        unsigned first = slot(index), i = first;
        while (i < SLOTS && line.is_full(i)) ++i;
        return i - first;
    }

    bool is_next(Word head) {
        if (head != decided && !planted("what was shown need not come next")) return true;
        unsigned n = own_skipped() == 0 ? full_from(head) : 0;
        decided = Grid::nth(head, n);
        return n > 0;
    }

    Word decide() {
        if (chosen != NONE) return chosen;
        bool is_early = planted("what was skipped is looked at first");
        Word skipped = is_early ? find_skipped() : NONE, tail = this->tail.load(rl::mo_relaxed, $);
        unsigned n;
        for (port::Patience patience;;) {
            n = full_from(own_head());
            if (n > 0 || !clear(tail, patience)) break;
        }
        Word head = own_head();
        decided = head;
        if (!is_early) skipped = find_skipped();
        if (skipped != NONE) {
            if (n > 0) saw("a skipped slot comes first");
            return chosen = skipped;
        }
        decided = Grid::nth(head, n);
        return n > 0 ? head : NONE;
    }

    // Takes slot `head`, which is not full, out of the way, in time. False if nothing lies behind it, before `tail`.
    bool clear(Word tail, port::Patience& patience) {
        Word head = own_head();
        Line& line = this->line(head);
        Look look = line.own();
        Stage stage = look.stage(head);
        RL_ASSERT(stage != Stage::before);
        if (stage == Stage::spent) {
            if (!is_before(head, tail) && !planted("the consumer passes the producers")) return false;
            if (look.is_out()) line.pass();
            go_to(Grid::next_line(head));
        } else {
            bool is_last = !is_before(Grid::nth(head, 1), tail);
            if (is_last && !planted("a slot is skipped with nothing behind it")) return false;
            if (!patience.is_overdue()) return true;
            saw("a slot is skipped");
            line.skipped |= 1u << slot(head);
            set_skipped(own_skipped() + 1);
            leave(head, 1);
            go_to(Grid::nth(head, 1));
        }
        patience.reset();
        return true;
    }

    // The first of all skipped slots that is full, looked at after all behind it.
    Word find_skipped() {
        Word head = own_head(), found = NONE;
        auto look_at = [&](unsigned line) {
            unsigned slot = lines[line].first_to_take();
            if (slot < SLOTS) found = SLOTS == 1 ? Word(line) : Word(line) << SLOT_BITS | slot;
        };
        if (slot(head) != 0) look_at(Grid::line(head));
        for (Word link = out; link & LINKED;) {
            unsigned line = unsigned(link >> SLOT_BITS);
            look_at(line);
            link = lines[line].own().link();
        }
        return found == NONE ? NONE : (lap_of(head) - STEP) | found;
    }

    void leave(Word index, unsigned n) {
        if (slot(index) + n < SLOTS) return;
        Line& line = this->line(index);
        if (line.skipped == 0 || planted("a line is vacated with a slot that was skipped")) return line.vacate(index);
        line.put_out(index, out);
        was_out = true;
        out = link_to(Grid::line(index));
    }

    void take_skipped(Word number) {
        RL_ASSERT(number == chosen);
        chosen = NONE;
        set_skipped(own_skipped() - 1);
        Line& line = this->line(number);
        if (line.unskip(slot(number)) && line.own().is_out()) {
            unlink(Grid::line(number));
            line.come_back();
        }
    }

    void unlink(unsigned line) {
        Word after = lines[line].own().link(), link = out;
        if (link == link_to(line)) return void(out = after);
        if (planted("with a line that comes back go those put out after it")) return void(out = after);
        while (link & LINKED) {
            Line& other = lines[link >> SLOT_BITS];
            link = other.own().link();
            if (link == link_to(line)) return other.relink(after);
        }
    }

    // Gives `n` slots from `index` on, which are empty, back.
    void release(Word index, unsigned n) {
        if (index == own_head()) leave(index, n);
        else take_skipped(index);
    }

    bool pop(int& item, bool) {
        Word head = own_head(), index = is_next(head) ? head : decide();
        if (index == NONE) return false;
        item = line(index).take(slot(index));
        // `take`
        bool is_at_head = index == own_head();
        release(index, 1);
        if (is_at_head) go_to(Grid::nth(index, 1));
        return true;
    }

    struct Place {
        Word last, next;
    };

    unsigned filled_from(Place& place, unsigned max) {
        if (max == 0) return 0;
        Word index = place.next, head = own_head();
        if (index != head) {
            if (index == decided && !decide_more()) return 0;
        } else if (place.last == chosen) {
            return 0;
        } else if (!is_next(index)) {
            index = decide();
            if (index == NONE) return 0;
            head = own_head();
            if (index != head) return place = Place{index, head}, 1;
        }
        bool is_same_line = SLOTS > 1 && (decided ^ index) <= port::MOST;
        unsigned behind = is_same_line ? slot(decided) : SLOTS, n = std::min(max, behind - slot(index));
        place = Place{index, Grid::nth(index, n)};
        return n;
    }

    bool decide_more() {
        unsigned n = full_from(decided);
        if (n == 0) return false;
        bool is_wrong = planted("a walk goes on without a look at what was skipped");
        if (own_skipped() > 0 && !is_wrong && find_skipped() != NONE) return false;
        decided = Grid::nth(decided, n);
        return true;
    }

    // `ReadChunk`: shows up to `max` items, and takes all of them, or some.
    unsigned pop_several(int* items, unsigned max, bool) {
        unsigned n = 0;
        Place place{own_head(), own_head()};
        for (unsigned run; (run = filled_from(place, max - n)) > 0;)
            for (unsigned i = 0; i < run; ++i) items[n++] = line(place.last).show(slot(place.last) + i);
        if (n > 0 && rl::rand(4) == 0) n = rl::rand(n + 1);
        place = Place{own_head(), own_head()};
        for (unsigned done = 0, run; done < n; done += run) {
            run = filled_from(place, n - done);
            RL_ASSERT(run > 0);
            for (unsigned i = 0; i < run; ++i) {
                int item = line(place.last).take(slot(place.last) + i);
                RL_ASSERT(item == items[done + i]);
            }
            release(place.last, run);
            // `settle_pop`
            go_to(place.next);
        }
        return n;
    }

    Replaced replace(int, int&) { return Replaced::nothing; }

    // With `Grid::len`, if lines have one slot.
    std::int64_t len() {
        Word head = this->head.load(edge("raw/fan_in::F9", rl::mo_acquire), $), skipped = own_skipped();
        Word tail = this->tail.load(rl::mo_relaxed, $);
        auto laps = std::int64_t(lap_of(tail) - lap_of(head)) / std::int64_t(STEP);
        auto between = laps * LINES + Grid::line(tail) - Grid::line(head);
        return std::max<std::int64_t>(between, 0) + std::int64_t(skipped);
    }
};

// One thread pushes and pops by turns, others push one item each: there is always room, and always an item; unless a
// line was out, which is not back at once.
template <unsigned LINES, unsigned TURNS> struct Room : rl::test_suite<Room<LINES, TURNS>, LINES> {
    FanIn<1, LINES> queue;
    port::Ledger<LINES, 1> ledger;

    void before() { queue.begin(); }

    bool push(unsigned i) {
        bool is_in = queue.push(ledger.item(i), i > 0 && rl::rand(2));
        RL_ASSERT(is_in || queue.was_out);
        if (is_in) ledger.went_in(i);
        return is_in;
    }

    void thread(unsigned i) {
        if (i > 0) return void(push(i));
        for (unsigned n = TURNS; n > 0; --n) {
            if (!push(0)) continue;
            int item;
            bool is_out = queue.pop(item, false);
            RL_ASSERT(is_out);
            ledger.came_out(0, item);
        }
    }

    void after() {
        for (int item; queue.pop(item, false);) ledger.came_out(1, item);
        ledger.check();
    }
};

// Who has pushed an item that nobody has popped counts one at least.
struct Counted : rl::test_suite<Counted, 2> {
    FanIn<1, 3> queue;
    // (Plain memory: fibers don't race.)
    int popped = 0;
    std::int64_t len = 1;

    void before() { queue.begin(); }

    void thread(unsigned i) {
        if (i == 0) {
            queue.push(1, false);
            queue.pop(popped, false);
        } else {
            queue.push(2, true);
            len = queue.len();
        }
    }

    void after() { RL_ASSERT(popped == 2 || len > 0); }
};

int main(int argc, char** argv) {
    return port::main(argc, argv, 5,
                      {scenario<Mixed<FanIn<1, 1>, 2, 2>, 2>("two threads, one slot"),
                       scenario<Mixed<FanIn<1, 3>, 3, 4, By::several>>("lines of one"),
                       scenario<Mixed<FanIn<2, 2>, 3, 4, By::several>>("lines of two"),
                       scenario<Mixed<FanIn<3, 2>, 2, 4, By::several>>("lines of three"),
                       scenario<ProducersAway<FanIn<1, 2>, 12>>("producers away", 2),
                       scenario<ProducersAway<FanIn<1, 3>, 12, By::several>>("producers away, batches", 2),
                       scenario<ProducersAway<FanIn<2, 2>, 10, By::several>>("producers away, lines of two", 2),
                       scenario<Room<2, 6>>("room"),
                       scenario<Room<3, 6>>("room for three", 2),
                       scenario<Counted>("counted")},
                      {"full", "empty", "a slot is skipped", "a line is put out", "a line that is out is passed",
                       "a line comes back", "a line is taken from the middle of those out",
                       "a skipped slot comes first", "the producers step over a line", "the second look finds more",
                       "a batch crosses lines"});
}
