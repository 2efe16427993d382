// The linked segments of `src/raw/segments/`: unbounded, one or many at either end. Segments are left, freed or used
// again while others may still be in them.
//
// A segment's `used` is read by all who look into it and written by who has it alone; so a segment that is made new, or
// freed, while somebody may still be there, is a race.
//
// Left out: batches of consumers and chunks, which take the same steps slot by slot (but that items of a chunk move up), and the count
// of segments that an end has left behind, which publishes nothing.

#include "slot.hpp"

using port::edge;
using port::FOLLOWS;
using port::FULL;
using port::planted;
using port::RETURNED;
using port::saw;
using port::Slot;
using port::SPOILT;
using port::TAGS;
using port::VACANT;
using port::Word;

template <bool PRODUCERS, bool CONSUMERS, unsigned N> struct Queue {
    // `segment.rs`. A word is an index, an address, and a bit that says that the producers have left.
    static constexpr Word ONE = Word(1) << 48, LEFT = 1, ADDRESS = ONE - 16;
    static constexpr Word DEBT = 1 << 17, STEP = TAGS + 1;

    struct Segment {
        rl::atomic<Word> next, lap, debts, behind;
        rl::var<int> used;
        // 0 or N.
        unsigned n;
        Slot slots[N];

        explicit Segment(unsigned n) : n(n) {
            next.store(0, rl::mo_relaxed, $);
            lap.store(0, rl::mo_relaxed, $);
            debts.store(3 * DEBT, rl::mo_relaxed, $);
            behind.store(0, rl::mo_relaxed, $);
            used($) = 1;
        }
    };

    static Word index(Word word) { return word >> 48; }
    static Word address(Word word) { return word & ADDRESS; }
    static Word word(Segment* segment) { return reinterpret_cast<Word>(segment); }
    static Segment* segment(Word word) { return reinterpret_cast<Segment*>(address(word)); }

    // `header`: whoever looks into a segment knows that it is not free.
    static Segment& in(Segment* segment) {
        (void)int(segment->used($));
        return *segment;
    }

    static Slot& slot(Segment* segment, Word i) { return in(segment).slots[i]; }
    static Slot& slot(Word word) { return slot(segment(word), index(word)); }
    static Word lap(Segment* segment) { return in(segment).lap.load(rl::mo_relaxed, $); }

    static bool pay(Segment* segment, Word debt) {
        return in(segment).debts.fetch_sub(debt, edge("raw/segments/segment::G1", rl::mo_acq_rel), $) == debt;
    }

    static Word next_lap(Segment* segment) { return lap(segment) + STEP; }

    // `batch.rs`
    enum class Found { full, vacant, spoilt, past };

    static Found look(Segment* segment, Word i) {
        Word lap = Queue::lap(segment);
        Slot& slot = Queue::slot(segment, i);
        Word state = slot.state_in(lap);
        if (state == FULL) return Found::full;
        if (FOLLOWS <= state && state <= TAGS) {
            if (planted("a consumer takes what follows without a look at the first")) return Found::full;
            Word first = Queue::slot(segment, i - (state - FOLLOWS)).state_in(lap);
            if (first == VACANT) return Found::vacant;
            if (first != SPOILT && first != RETURNED) return Found::full;
        }
        if (state > TAGS || slot.is_left(lap)) return Found::past;
        return state == VACANT || state == SPOILT ? Found::vacant : Found::spoilt;
    }

    static bool spoil(Segment* segment, Word i) {
        Word lap = Queue::lap(segment);
        for (Word at = i, last = 0;;) {
            Slot& slot = Queue::slot(segment, at);
            Word state = slot.state_in(lap);
            if (state == VACANT) {
                if (!slot.spoil(lap)) continue;
                saw("a slot is spoilt");
            } else if (FOLLOWS <= state && state <= TAGS) {
                saw("a batch is found from its middle");
                last = at -= state - FOLLOWS;
                continue;
            } else if (state != SPOILT && state != RETURNED) {
                break;
            }
            if (at-- == last || planted("a consumer spoils its own slot only")) break;
        }
        return look(segment, i) != Found::full;
    }

    static void leave_slot(Segment* segment, Word i) { slot(segment, i).leave(lap(segment)); }

    static void give_back(Segment* segment, Word first, Word len) {
        saw("a spoilt slot is given back");
        Word lap = Queue::lap(segment);
        for (Word i = first; i < first + len; ++i) slot(segment, i).give_back(lap);
    }

    static bool end_lap(Segment* segment) {
        if (planted("a segment is left without a look at its slots")) return true;
        Word lap = Queue::lap(segment), next = next_lap(segment), n = in(segment).n;
        bool is_past = true;
        for (Word i = n; is_past && i-- > 0;) is_past = slot(segment, i).state_in(lap) > TAGS;
        if (is_past) return true;
        bool were_given_up = false;
        for (Word i = 0; i < n; ++i) {
            Word state = slot(segment, i).state_in(lap);
            were_given_up |= state == RETURNED;
            bool is_over = state == RETURNED
                ? planted("a spoilt slot is used again with its consumer still there") || slot(segment, i).is_left(lap)
                : state > TAGS;
            if (!is_over) return false;
        }
        if (were_given_up) saw("a lap ends with slots that were given up");
        for (Word i = 0; i < n; ++i) slot(segment, i).renew(next);
        return true;
    }

    static void renew(Segment* segment) {
        segment->used($) = 1;
        segment->lap.store(next_lap(segment), rl::mo_relaxed, $);
        segment->next.store(0, rl::mo_relaxed, $);
        segment->debts.store(3 * DEBT, rl::mo_relaxed, $);
    }

    port::Allocator allocator;

    void discard(Segment* segment) {
        segment->used($) = 0;
        allocator.frees();
        delete segment;
    }

    Segment* allocate() {
        allocator.allocates();
        return new Segment(N);
    }

    // `mod.rs`. One spare, so that others are freed.
    rl::atomic<Word> head, head_steps, tail, spare, limbo;

    void begin() {
        Word start = word(new Segment(0)) + N * ONE;
        head.store(start, rl::mo_relaxed, $);
        head_steps.store(0, rl::mo_relaxed, $);
        tail.store(start, rl::mo_relaxed, $);
        spare.store(0, rl::mo_relaxed, $);
        limbo.store(0, rl::mo_relaxed, $);
        allocator.begin();
    }

    void end() {
        take_all([this](Segment* segment) { discard(segment); });
        for (Word next = address(head.load(rl::mo_relaxed, $)); next != 0;) {
            Segment* one = segment(next);
            next = one->next.load(rl::mo_relaxed, $);
            discard(one);
        }
        if (Word last = spare.load(rl::mo_relaxed, $)) discard(segment(last));
    }

    Segment* fresh() {
        if (spare.load(rl::mo_relaxed, $) != 0)
            if (Word word = spare.exchange(0, edge("raw/spares::R2", rl::mo_acquire), $)) {
                saw("a segment is used again");
                return segment(word);
            }
        return allocate();
    }

    void reuse(Segment* segment) {
        Word none = 0;
        auto order = edge("raw/spares::R1", rl::mo_release);
        if (in(segment).n > 0 && port::exchange(spare, none, word(segment), order)) return;
        saw("a segment is freed");
        discard(segment);
    }

    void reuse_if(bool is_paid, Segment* segment) {
        if (!is_paid) return;
        renew(segment);
        reuse(segment);
    }

    Segment* next(Segment* segment) {
        Word next = in(segment).next.load(edge("raw/segments/mod::L2", rl::mo_acquire), $);
        return next ? Queue::segment(next) : nullptr;
    }

    Segment* link(Segment* segment) {
        if (Segment* next = this->next(segment)) return next;
        Segment* fresh = this->fresh();
        Word none = 0;
        auto order = edge("raw/segments/mod::L1", rl::mo_release);
        if (port::exchange(in(segment).next, none, word(fresh), order)) return fresh;
        saw("two link the next segment");
        reuse(fresh);
        return next(segment);
    }

    // Says how many guests the end had, or -1 if somebody else has moved it on.
    long move_on(rl::atomic<Word>& end, Segment* from, Segment* next) {
        // (Those of the other end publish nothing.)
        if (&end == &head && !planted("a step is not counted"))
            head_steps.fetch_add(1, edge("raw/segments/mod::N1", rl::mo_release), $);
        Word word = end.load(rl::mo_relaxed, $);
        while (address(word) == Queue::word(from)) {
            Word found = word;
            if (port::exchange(end, found, Queue::word(next), edge("raw/segments/mod::T1", rl::mo_release)))
                return long(index(word) - N);
            word = found;
        }
        return -1;
    }

    template <typename Leave> void leave_behind(Word from, Word to, Leave leave) {
        for (Word word = from; address(word) != address(to);) {
            Segment* segment = Queue::segment(word);
            Segment* next = this->next(segment);
            leave(segment);
            word = Queue::word(next);
        }
    }

    // `limbo.rs`
    void wait(Segment* segment) {
        saw("a segment waits for a slot");
        for (Word first = limbo.load(rl::mo_relaxed, $);;) {
            in(segment).behind.store(first, rl::mo_relaxed, $);
            if (port::exchange_weak(limbo, first, word(segment), edge("raw/segments/limbo::W1", rl::mo_release))) return;
        }
    }

    template <typename Each> void take_all(Each each) {
        if (limbo.load(rl::mo_relaxed, $) == 0) return;
        for (Word next = limbo.exchange(0, edge("raw/segments/limbo::W2", rl::mo_acquire), $); next != 0;) {
            Segment* segment = Queue::segment(next);
            next = in(segment).behind.load(rl::mo_relaxed, $);
            each(segment);
        }
    }

    void reuse_or_wait(Segment* segment) {
        if (end_lap(segment)) reuse_if(pay(segment, DEBT), segment);
        else wait(segment);
    }

    // `push.rs`
    Word claim_to_push() {
        if (!PRODUCERS) {
            Word word = tail.load(rl::mo_relaxed, $);
            return index(word) < N ? word : Queue::word(link(segment(word)));
        }
        for (Word word = tail.load(rl::mo_relaxed, $);; word = tail.load(rl::mo_relaxed, $)) {
            while (!port::exchange_weak(tail, word, word + ONE, edge("raw/segments/push::T2", rl::mo_acquire))) {}
            if (index(word) < N) return word;
            // `show_the_way`, as a guest.
            Segment* segment = Queue::segment(word);
            Segment* next = link(segment);
            long guests = move_on(tail, segment, next);
            if (guests >= 0) reuse_if(pay(segment, DEBT - Word(guests)), segment);
            reuse_if(pay(segment, 1), segment);
        }
    }

    void settle_tail(Word to) {
        if (PRODUCERS) return;
        Word from = tail.load(rl::mo_relaxed, $);
        tail.store(to, edge("raw/segments/push::U1", rl::mo_release), $);
        if (address(from) != address(to))
            leave_behind(from, to, [this](Segment* segment) { reuse_if(pay(segment, DEBT), segment); });
    }

    // Claims up to `max` slots, and says how many.
    Word claim_to_push(Word max, Word& first) {
        Word word = tail.load(rl::mo_relaxed, $);
        if (!PRODUCERS) {
            first = claim_to_push();
            return std::min(max, N - index(first));
        }
        Word len = index(word) < N ? std::min(max, N - index(word)) : 0;
        if (len > 1 && port::exchange(tail, word, word + len * ONE, edge("raw/segments/push::T5", rl::mo_acquire)))
            return first = word, len;
        return first = claim_to_push(), 1;
    }

    void push(int const* items, Word n) {
        while (n > 0) {
            Word first, len = claim_to_push(n, first);
            Segment* segment = Queue::segment(first);
            for (Word i = 0; i < len; ++i) {
                slot(first + i * ONE).write(items[i]);
                if (i > 0) slot(first + i * ONE).follow(lap(segment), i);
            }
            bool is_filled = slot(first).fill(lap(segment));
            if (is_filled) {
                if (len > 1) saw("a batch is filled");
                settle_tail(first + len * ONE);
                items += len;
                n -= len;
                continue;
            }
            for (Word i = 0; i < len; ++i) RL_ASSERT(slot(first + i * ONE).take() == items[i]);
            give_back(segment, index(first), len);
            settle_tail(first + len * ONE);
        }
    }

    // `pop.rs`
    Word where_producers_are() { return tail.load(edge("raw/segments/pop::T3", rl::mo_acquire), $); }

    Found look(Word word) {
        Found found = look(segment(word), index(word));
        if (found == Found::spoilt) leave_slot(segment(word), index(word));
        return found;
    }

    Found wait_or_spoil(Word word, port::Patience& patience) {
        if (!patience.is_overdue()) return Found::vacant;
        if (planted("a consumer goes on past a slot that it has not spoilt")) return Found::spoilt;
        if (!spoil(segment(word), index(word))) return Found::vacant;
        leave_slot(segment(word), index(word));
        return Found::spoilt;
    }

    void leave_to_slots(Segment* segment, Word guests) {
        (void)pay(segment, DEBT - guests);
        take_all([this](Segment* earlier) {
            if (end_lap(earlier)) saw("a segment has waited");
            reuse_or_wait(earlier);
        });
        reuse_or_wait(segment);
    }

    bool is_passed_by_producers(Word word) {
        Word tail = where_producers_are();
        return address(tail) != address(word) || index(tail) > index(word) + 1;
    }

    // The only consumer's: the next full slot, and where the end is after it, or after spent ones.
    bool walk(Word& found, Word& place) {
        port::Patience patience;
        for (Word word = place;;) {
            if (index(word) == N) {
                // (Linked is not enough: the producers may not have got there yet.)
                if (PRODUCERS && address(where_producers_are()) == address(word)) return false;
                Segment* next = this->next(segment(word));
                if (!next) return false;
                word = Queue::word(next);
                continue;
            }
            switch (look(word)) {
            case Found::full:
                found = word;
                place = word + ONE;
                return true;
            case Found::spoilt:
            case Found::past:
                place = word = word + ONE;
                patience.reset();
                break;
            case Found::vacant:
                if (!PRODUCERS || !is_passed_by_producers(word)) return false;
                // (Spoilt or not, this end has not left the segment, and looks again.)
                wait_or_spoil(word, patience);
                break;
            }
        }
    }

    void settle_head(Word to) {
        if (CONSUMERS) return;
        Word from = head.load(rl::mo_relaxed, $);
        head.store(to, rl::mo_relaxed, $);
        if (address(from) != address(to))
            leave_behind(from, to, [this](Segment* segment) { leave_to_slots(segment, 0); });
    }

    bool claim_only(Word& found) {
        Word start = head.load(rl::mo_relaxed, $), place = start;
        if (walk(found, place)) return true;
        if (place != start) settle_head(place);
        return false;
    }

    bool have_producers_left(Word word) { return address(where_producers_are()) != address(word); }

    void say_that_producers_left(Word word) {
        if (!have_producers_left(word)) return;
        saw("a consumer says that the producers have left");
        port::exchange(head, word, word | LEFT, edge("raw/segments/pop::T7", rl::mo_release));
    }

    bool is_filled(Word word) {
        for (port::Patience patience;;) switch (look(word)) {
            case Found::full: return true;
            case Found::spoilt:
            case Found::past: return false;
            case Found::vacant:
                if (wait_or_spoil(word, patience) == Found::spoilt) return false;
            }
    }

    void show_consumers_the_way(Word word) {
        Word from = word;
        if (!port::exchange(head, from, word + ONE, edge("raw/segments/pop::T6", rl::mo_acquire))) return;
        Segment* segment = Queue::segment(word);
        if ((word & LEFT) || have_producers_left(word) || planted("a late guest moves on")) {
            Segment* next = this->next(segment);
            RL_ASSERT(next);
            long guests = move_on(head, segment, next);
            if (guests >= 0) leave_to_slots(segment, Word(guests));
        } else {
            saw("a late guest");
        }
        reuse_if(pay(segment, 1), segment);
    }

    Word steps() { return head_steps.load(edge("raw/segments/pop::N2", rl::mo_acquire), $); }

    bool is_still(Word word, Word steps) {
        Word now = head.load(edge("raw/segments/pop::T11", rl::mo_acquire), $);
        return now == word && head_steps.load(rl::mo_relaxed, $) == steps;
    }

    Word where_consumers_are() { return head.load(edge("raw/segments/pop::T9", rl::mo_acquire), $); }

    // One of many consumers': the next slot that producers have claimed.
    bool claim(Word& claimed, bool stalls) {
        for (bool is_first = true;; is_first = false) {
            Word steps = this->steps();
            Word word = where_consumers_are();
            if (stalls && is_first) stall();
        retry:
            Word end = N;
            bool left = true;
            if (!(word & LEFT)) {
                Word tail = where_producers_are();
                if (address(tail) == address(word)) {
                    end = index(tail) < N ? index(tail) : N;
                    left = false;
                }
            }
            if (stalls) stall();
            if (index(word) < end) {
                Word from = word, to = word + ONE;
                auto order = edge("raw/segments/pop::T4", rl::mo_acq_rel);
                auto failure = edge("raw/segments/pop::T10", rl::mo_acquire);
                if (!head.compare_exchange_weak(from, to, order, $, failure, $)) {
                    word = from;
                    goto retry;
                }
                if (left && !(word & LEFT)) say_that_producers_left(to);
                claimed = word;
                return true;
            }
            if (left) show_consumers_the_way(word);
            else if (is_still(word, steps)) return false;
        }
    }

    bool claim_to_pop(Word& word, bool stalls) {
        if (!CONSUMERS) return claim_only(word);
        while (claim(word, stalls))
            if (is_filled(word)) return true;
        return false;
    }

    // Between its looks at the ends, and before the claim, who `stalls` is away for some `turns` of another thread: as many as a segment
    // lives for, or two do. (Plain memory: fibers don't race.)
    unsigned turns = 0, last_turn = 0;

    void stall() {
        for (unsigned until = turns + 2 * rl::rand(3); turns < until && turns < last_turn;) rl::yield(1, $);
    }

    bool pop(int& item, bool stalls = false) {
        Word word;
        if (!claim_to_pop(word, stalls)) return saw("empty"), false;
        item = slot(word).take();
        // `take`
        Segment* segment = Queue::segment(word);
        slot(segment, index(word)).vacate(next_lap(segment));
        settle_head(word + ONE);
        return true;
    }
};

// What scenarios have in common: a queue, and a ledger of what went in and came out.
template <typename Derived, bool PRODUCERS, bool CONSUMERS, unsigned N, unsigned THREADS>
struct Test : rl::test_suite<Derived, THREADS> {
    Queue<PRODUCERS, CONSUMERS, N> queue;
    port::Ledger<THREADS, THREADS> ledger;

    void push(unsigned i, unsigned n = 1) {
        int items[N];
        for (unsigned at = 0; at < n; ++at) {
            items[at] = ledger.item(i);
            ledger.went_in(i);
        }
        queue.push(items, n);
    }

    bool pop(unsigned i, bool stalls = false) {
        int item;
        if (!queue.pop(item, stalls)) return false;
        return ledger.came_out(i, item), true;
    }

    void before() {
        queue.begin();
        // Somewhere in a segment, with a spare one or none, and with this or that inside.
        for (unsigned n = rl::rand(2 * N + 1); n > 0; --n) push(0), pop(0);
        for (unsigned n = rl::rand(N + 2); n > 0; --n) push(0);
    }

    void after() {
        while (pop(THREADS)) {}
        queue.end();
        ledger.check();
    }
};

// Threads that push or pop, whatever chance says; an end of one is the first thread's.
template <bool PRODUCERS, bool CONSUMERS, unsigned N, unsigned THREADS, unsigned TURNS>
struct Mixed : Test<Mixed<PRODUCERS, CONSUMERS, N, THREADS, TURNS>, PRODUCERS, CONSUMERS, N, THREADS> {
    void thread(unsigned i) {
        for (unsigned n = 0; n < TURNS; ++n) {
            bool is_producer = PRODUCERS || i == 0, is_consumer = CONSUMERS || i == 0;
            if (is_producer && !(is_consumer && rl::rand(2))) this->push(i, N > 1 ? 1 + rl::rand(N) : 1);
            else if (!this->pop(i)) rl::yield(1, $);
        }
    }
};

// One producer and one consumer.
template <unsigned N, unsigned TURNS> struct Pair : Test<Pair<N, TURNS>, false, false, N, 2> {
    void thread(unsigned i) {
        for (unsigned n = 0; n < TURNS; ++n)
            if (i == 0) this->push(i);
            else if (!this->pop(i)) rl::yield(1, $);
    }
};

// There is always an item: one thread pushes one and pops one by turns, the other pops one, and may be away meanwhile.
template <bool PRODUCERS, unsigned N, unsigned TURNS, bool STALLS = false>
struct Never : Test<Never<PRODUCERS, N, TURNS, STALLS>, PRODUCERS, true, N, 2> {
    void before() {
        Never::Test::before();
        this->push(0);
        this->queue.last_turn = TURNS;
    }

    void thread(unsigned i) {
        for (unsigned n = i == 0 ? TURNS : 1; n > 0; --n) {
            if (i == 0) this->push(0);
            bool is_out = this->pop(i, STALLS && i != 0);
            RL_ASSERT(is_out);
            if (i == 0) ++this->queue.turns;
        }
    }
};

// Two consumers are away with what they saw, while the first thread pushes and pops, over several lives of a segment.
template <bool PRODUCERS, unsigned N, unsigned TURNS> struct Away : Test<Away<PRODUCERS, N, TURNS>, PRODUCERS, true, N, 3> {
    void before() {
        Away::Test::before();
        this->queue.last_turn = TURNS;
    }

    void thread(unsigned i) {
        if (i > 0) return void(this->pop(i, true));
        while (this->queue.turns < TURNS) {
            this->push(0);
            this->pop(0);
            ++this->queue.turns;
        }
    }
};

// Two consumers come to the last slot of a segment, which is not filled, and may think that the producer has left.
struct Late : Test<Late, false, true, 2, 3> {
    void before() {
        queue.begin();
        for (unsigned n = 0; n < 2; ++n) push(0), pop(0);
    }

    void thread(unsigned i) {
        if (i == 0) push(0);
        pop(i);
    }
};

int main(int argc, char** argv) {
    return port::main(argc, argv, 5,
                      {port::scenario<Pair<1, 2>, 1>("one and one"),
                       port::scenario<Pair<2, 5>>("one and one, slots by two"),
                       port::scenario<Late>("late consumers"),
                       port::scenario<Mixed<true, true, 1, 3, 3>>("many and many"),
                       port::scenario<Mixed<true, true, 2, 3, 3>>("many and many, slots by two"),
                       port::scenario<Mixed<true, true, 4, 3, 3>>("many and many, slots by four"),
                       port::scenario<Mixed<true, false, 2, 3, 4>>("many producers"),
                       port::scenario<Mixed<true, false, 4, 3, 3>>("many producers, slots by four"),
                       port::scenario<Mixed<false, true, 2, 3, 4>>("many consumers"),
                       port::scenario<Away<true, 2, 12>>("consumers away"),
                       port::scenario<Away<false, 2, 7>>("consumers away, one producer"),
                       port::scenario<Never<true, 1, 4>>("never empty"),
                       port::scenario<Never<true, 2, 6>>("never empty, slots by two"),
                       port::scenario<Never<false, 2, 6>>("never empty, one producer"),
                       port::scenario<Never<true, 2, 16, true>>("never empty to who was away"),
                       port::scenario<Never<false, 2, 16, true>>("never empty to who was away, one producer")},
                      {"a slot is spoilt", "a spoilt slot is given back", "a batch is filled", "a batch is found from its middle",
                       "a lap ends with slots that were given up", "a segment waits for a slot",
                       "a segment has waited", "a segment is used again", "a segment is freed", "two link the next segment",
                       "a consumer says that the producers have left", "a late guest", "empty"});
}
