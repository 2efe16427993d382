// The ring of slots of `src/raw/ring.rs`: bounded, one or many at either end, and nobody waits for a slot that another
// thread has in hand. It has no edges of its own; those of a slot are in `slot.hpp`.
//
// Left out: batches and chunks, which take the same steps slot by slot.

#include "slot.hpp"

using port::FULL;
using port::planted;
using port::saw;
using port::Slot;
using port::TAGS;
using port::VACANT;
using port::Word;

template <bool PRODUCERS, bool CONSUMERS, Word CAPACITY> struct Ring {
    // Above all slots, and above a slot's tags.
    static constexpr Word STEP = TAGS + 1;

    rl::atomic<Word> head, tail;
    Slot slots[CAPACITY];

    void begin() {
        head.store(0, rl::mo_relaxed, $);
        tail.store(0, rl::mo_relaxed, $);
    }

    Slot& slot(Word index) { return slots[index & (STEP - 1)]; }
    static Word lap(Word index) { return index & ~(STEP - 1); }

    static Word next(Word index) {
        Word place = (index & (STEP - 1)) + 1;
        return place < CAPACITY ? index + 1 : lap(index) + STEP;
    }

    static std::intptr_t distance(Word from, Word to) {
        std::intptr_t laps = std::intptr_t(lap(to) - lap(from)) / std::intptr_t(STEP);
        return laps * std::intptr_t(CAPACITY) + std::intptr_t(to & (STEP - 1)) - std::intptr_t(from & (STEP - 1));
    }

    enum class Way { open, spent, closed };

    Way clear_for_push(Word index, Word state, port::Patience& patience) {
        if (std::intptr_t(state - lap(index)) >= 0) return Way::spent;
        if (distance(head.load(rl::mo_relaxed, $), index) >= std::intptr_t(CAPACITY) - 1) return Way::closed;
        if (!CONSUMERS && (state & TAGS) == FULL) {
            // The only consumer vacates before it moves `head`; we see the one, not yet the other.
            rl::yield(1, $);
        } else if (patience.is_overdue()) {
            if (slot(index).pass_over(state, lap(index))) saw("a producer passes over a consumer");
        }
        return Way::open;
    }

    Way clear_for_pop(Word index, Word state, port::Patience& patience) {
        bool is_vacant = state == (lap(index) | VACANT);
        if (!is_vacant && std::intptr_t(state - lap(index)) > 0) return Way::spent;
        if (!PRODUCERS || distance(index, tail.load(rl::mo_relaxed, $)) <= 1) return Way::closed;
        if (!is_vacant) {
            // Of the lap before: we don't see yet what the producer saw that has claimed it.
            rl::yield(1, $);
        } else if (patience.is_overdue()) {
            if (planted("a consumer goes on past a slot that it has not passed over")) return Way::spent;
            if (slot(index).pass_over(state, lap(index))) saw("a consumer passes over a producer");
        }
        return Way::open;
    }

    // `Cardinality::claim`, `settle` and `pass`.
    template <bool MANY> static bool claim(rl::atomic<Word>& word, Word index, Word next) {
        return !MANY || port::exchange_weak(word, index, next, rl::mo_relaxed);
    }

    template <bool MANY> static void settle(rl::atomic<Word>& word, Word next) {
        if (!MANY) word.store(next, rl::mo_relaxed, $);
    }

    template <bool MANY> static void pass(rl::atomic<Word>& word, Word index, Word next) {
        if (MANY) port::exchange(word, index, next, rl::mo_relaxed);
        else settle<false>(word, next);
    }

    // The claim on the index in `word` whose slot has the `tag`; false if `clear` says so.
    template <bool MANY, typename Clear> bool claim(rl::atomic<Word>& word, Word tag, Word& index, Clear clear) {
        port::Patience patience;
        for (;;) {
            index = word.load(rl::mo_relaxed, $);
            Word state = slot(index).state();
            if (state == (lap(index) | tag)) {
                if (claim<MANY>(word, index, next(index))) return true;
                continue;
            }
            switch (clear(index, state, patience)) {
            case Way::open: break;
            case Way::spent:
                pass<MANY>(word, index, next(index));
                patience.reset();
                break;
            case Way::closed: return false;
            }
        }
    }

    bool claim_to_push(Word& index) {
        return claim<PRODUCERS>(tail, VACANT, index,
                                [this](Word i, Word s, port::Patience& p) { return clear_for_push(i, s, p); });
    }

    bool claim_to_pop(Word& index) {
        return claim<CONSUMERS>(head, FULL, index,
                                [this](Word i, Word s, port::Patience& p) { return clear_for_pop(i, s, p); });
    }

    bool push(int item) {
        for (Word index;;) {
            if (!claim_to_push(index)) return saw("full"), false;
            // `put`
            slot(index).write(item);
            bool is_filled = slot(index).template fill<PRODUCERS>(lap(index));
            settle<PRODUCERS>(tail, next(index));
            if (is_filled || planted("a producer does not look whether it was passed over")) return true;
            // `retract`, and again.
            RL_ASSERT(slot(index).take() == item);
            slot(index).give_back(STEP);
        }
    }

    bool pop(int& item) {
        Word index;
        if (!claim_to_pop(index)) return saw("empty"), false;
        item = slot(index).take();
        vacate(index);
        return true;
    }

    void vacate(Word index) {
        slot(index).template vacate<CONSUMERS>(lap(index), STEP);
        settle<CONSUMERS>(head, next(index));
    }

    // `Overwrite::replace`: pushes in place of the oldest item, if the ring is full or nearly so.
    enum class Replaced { nothing, oldest, oldest_only };

    Replaced replace(int item, int& evicted) {
        if (distance(head.load(rl::mo_relaxed, $), tail.load(rl::mo_relaxed, $)) < std::intptr_t(CAPACITY) - 1)
            return Replaced::nothing;
        Word first;
        if (!claim_to_pop(first)) return Replaced::nothing;
        Slot& slot = this->slot(first);
        evicted = slot.take();
        Word index = first + STEP;
        if (tail.load(rl::mo_relaxed, $) != index) return vacate(first), Replaced::oldest_only;
        slot.write(item);
        if (slot.refill(lap(first), STEP)) {
            saw("an item is overwritten");
            pass<PRODUCERS>(tail, index, next(index));
            return Replaced::oldest;
        }
        RL_ASSERT(slot.take() == item);
        slot.give_back(STEP);
        return Replaced::oldest_only;
    }
};

// Threads that push or pop, whatever chance says; an end of one is the first thread's.
template <bool PRODUCERS, bool CONSUMERS, Word CAPACITY, unsigned THREADS, unsigned TURNS, bool FORCE = false>
struct Mixed : rl::test_suite<Mixed<PRODUCERS, CONSUMERS, CAPACITY, THREADS, TURNS, FORCE>, THREADS> {
    Ring<PRODUCERS, CONSUMERS, CAPACITY> ring;
    port::Ledger<THREADS, THREADS> ledger;

    void before() {
        ring.begin();
        // Somewhere in a lap, and with this or that inside.
        unsigned inside = rl::rand(CAPACITY + 1);
        for (unsigned n = rl::rand(CAPACITY); n > 0; --n) push(0), pop(0);
        for (; inside > 0; --inside) push(0);
    }

    bool push(unsigned i) {
        if (!ring.push(ledger.item(i))) return false;
        return ledger.went_in(i), true;
    }

    bool pop(unsigned i) {
        int item;
        if (!ring.pop(item)) return false;
        return ledger.came_out(i, item), true;
    }

    bool force(unsigned i) {
        int evicted = 0;
        using Replaced = typename Ring<PRODUCERS, CONSUMERS, CAPACITY>::Replaced;
        Replaced replaced = ring.replace(ledger.item(i), evicted);
        if (replaced == Replaced::oldest) ledger.went_in(i);
        if (replaced != Replaced::nothing) ledger.came_out(i, evicted);
        return replaced != Replaced::nothing;
    }

    void thread(unsigned i) {
        for (unsigned n = 0; n < TURNS; ++n) {
            bool is_producer = PRODUCERS || i == 0, is_consumer = CONSUMERS || i == 0;
            bool pushes = is_producer && !(is_consumer && rl::rand(2));
            if (FORCE && pushes && rl::rand(2)) force(i);
            else if (pushes ? !push(i) : !pop(i)) rl::yield(1, $);
        }
    }

    void after() {
        while (pop(THREADS)) {}
        ledger.check();
    }
};

int main(int argc, char** argv) {
    return port::main(argc, argv, 5,
                      {port::scenario<Mixed<true, true, 1, 2, 2>, 2>("two threads, one slot"),
                       port::scenario<Mixed<true, true, 2, 3, 3>>("many and many"),
                       port::scenario<Mixed<true, false, 2, 3, 4>>("many producers"),
                       port::scenario<Mixed<false, true, 2, 3, 4>>("many consumers"),
                       port::scenario<Mixed<false, true, 3, 3, 5>>("many consumers, three slots"),
                       port::scenario<Mixed<true, true, 2, 3, 3, true>>("forced pushes")},
                      {"full", "empty", "a producer passes over a consumer", "a consumer passes over a producer",
                       "a held slot is given back", "an item is overwritten"});
}
