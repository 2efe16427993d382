// The ring of lines: what threads do to it.

#include "ring.hpp"

// What scenarios have in common: a ring, and a ledger of what went in and came out.
template <typename Derived, bool PRODUCERS, bool CONSUMERS, unsigned SLOTS, unsigned LINES, unsigned THREADS>
struct Test : rl::test_suite<Derived, THREADS> {
    using Queue = Ring<PRODUCERS, CONSUMERS, SLOTS, LINES>;

    // With several slots to a line, one line may not be vacant before its last item is out.
    static constexpr unsigned CAPACITY = Queue::CAPACITY, LEAST = SLOTS == 1 ? CAPACITY : CAPACITY - SLOTS + 1;

    Queue ring;
    port::Ledger<THREADS, THREADS> ledger;

    void before() {
        ring.begin();
        // Somewhere in a lap, and with this or that inside.
        unsigned inside = rl::rand(LEAST + 1);
        for (unsigned n = rl::rand(CAPACITY); n > 0; --n) push(0), pop(0);
        for (; inside > 0; --inside) push(0);
    }

    bool push(unsigned i, bool is_away = false) {
        if (!ring.push(ledger.item(i), is_away)) return false;
        return ledger.went_in(i), true;
    }

    bool push_several(unsigned i, bool is_away = false) {
        unsigned n = 2 + rl::rand(SLOTS - 1);
        Feed feed;
        for (unsigned k = 0; k < n; ++k) feed.items[k] = ledger.item(i) + int(k);
        unsigned done = ring.push_several(feed, n, is_away);
        RL_ASSERT(feed.at == done);
        for (unsigned k = 0; k < done; ++k) ledger.went_in(i);
        return done > 0;
    }

    bool pop(unsigned i, bool is_away = false) {
        int item;
        if (!ring.pop(item, is_away)) return false;
        return ledger.came_out(i, item), true;
    }

    bool pop_several(unsigned i) {
        int items[4];
        unsigned n = ring.pop_several(items, 3);
        for (unsigned k = 0; k < n; ++k) ledger.came_out(i, items[k]);
        return n > 0;
    }

    bool force(unsigned i) {
        int evicted = 0;
        using Replaced = typename Queue::Replaced;
        Replaced replaced = ring.replace(ledger.item(i), evicted);
        if (replaced == Replaced::oldest) ledger.went_in(i);
        if (replaced != Replaced::nothing) ledger.came_out(i, evicted);
        return replaced != Replaced::nothing;
    }

    void after() {
        while (pop(THREADS)) {}
        // It holds as much as ever.
        unsigned n = 0;
        while (push(0)) ++n;
        RL_ASSERT(LEAST <= n && n <= CAPACITY);
        while (pop(THREADS)) {}
        ledger.check();
    }
};

enum class By { one, several, force };

// Threads that push or pop, whatever chance says; an end of one is the first thread's.
template <bool PRODUCERS, bool CONSUMERS, unsigned SLOTS, unsigned LINES, unsigned THREADS, unsigned TURNS,
          By BY = By::one>
struct Mixed
    : Test<Mixed<PRODUCERS, CONSUMERS, SLOTS, LINES, THREADS, TURNS, BY>, PRODUCERS, CONSUMERS, SLOTS, LINES, THREADS> {
    bool turn(unsigned i) {
        bool is_producer = PRODUCERS || i == 0, is_consumer = CONSUMERS || i == 0;
        bool pushes = is_producer && !(is_consumer && rl::rand(2));
        if constexpr (BY == By::force && CONSUMERS)
            if (pushes && rl::rand(2)) return this->force(i);
        if constexpr (BY == By::several && PRODUCERS)
            if (pushes && rl::rand(2)) return this->push_several(i);
        if constexpr (BY == By::several && CONSUMERS)
            if (!pushes && rl::rand(2)) return this->pop_several(i);
        if (pushes) return this->push(i) || (saw("full"), false);
        return this->pop(i) || (saw("empty"), false);
    }

    void thread(unsigned i) {
        for (unsigned n = 0; n < TURNS; ++n)
            if (!turn(i)) rl::yield(1, $);
    }
};

// Two threads pop, and are away for a while with a slot in hand; the third goes round.
template <bool PRODUCERS, unsigned SLOTS, unsigned TURNS>
struct ConsumersAway : Test<ConsumersAway<PRODUCERS, SLOTS, TURNS>, PRODUCERS, true, SLOTS, 2, 3> {
    void thread(unsigned i) {
        for (unsigned n = i < 2 ? 2 : TURNS; n > 0; --n)
            if (i < 2) this->pop(i, true);
            else if (!(rl::rand(2) ? this->push(i) : this->pop(i))) rl::yield(1, $);
    }
};

// Two threads push, and are away likewise.
template <bool CONSUMERS, unsigned SLOTS, unsigned TURNS>
struct ProducersAway : Test<ProducersAway<CONSUMERS, SLOTS, TURNS>, true, CONSUMERS, SLOTS, 2, 3> {
    bool push_away(unsigned i) {
        if constexpr (SLOTS > 1)
            if (rl::rand(2)) return this->push_several(i, true);
        return this->push(i, true);
    }

    void thread(unsigned i) {
        for (unsigned n = i < 2 ? 2 : TURNS; n > 0; --n)
            if (i < 2) push_away(i);
            else if (!(rl::rand(2) ? this->push(i) : this->pop(i))) rl::yield(1, $);
    }
};

// One of each, and a third that goes round: a consumer may be away before it has spoilt the slot that it has claimed.
template <unsigned SLOTS, unsigned TURNS>
struct BothAway : Test<BothAway<SLOTS, TURNS>, true, true, SLOTS, 2, 3> {
    void thread(unsigned i) {
        for (unsigned n = i < 2 ? 2 : TURNS; n > 0; --n)
            if (i == 0) this->push(i, true);
            else if (i == 1) this->pop(i, true);
            else if (!(rl::rand(2) ? this->push(i) : this->pop(i))) rl::yield(1, $);
    }
};

int main(int argc, char** argv) {
    return port::main(argc, argv, 5,
                      {port::scenario<Mixed<true, true, 1, 1, 2, 2>, 2>("two threads, one slot"),
                       port::scenario<Mixed<true, true, 1, 2, 3, 3>>("many and many"),
                       port::scenario<Mixed<true, false, 1, 2, 3, 4>>("many producers"),
                       port::scenario<Mixed<false, true, 1, 2, 3, 4>>("many consumers"),
                       port::scenario<Mixed<true, true, 1, 2, 3, 3, By::force>>("forced pushes"),
                       port::scenario<Mixed<true, true, 2, 2, 3, 3, By::several>>("many and many, lines of two"),
                       port::scenario<Mixed<true, false, 2, 2, 3, 4, By::several>>("many producers, lines of two"),
                       port::scenario<Mixed<false, true, 2, 2, 3, 4, By::several>>("many consumers, lines of two"),
                       port::scenario<Mixed<true, true, 3, 2, 2, 3, By::several>>("lines of three"),
                       port::scenario<ConsumersAway<true, 1, 20>>("consumers away", 2),
                       port::scenario<ConsumersAway<true, 2, 10>>("consumers away, lines of two", 2),
                       port::scenario<ConsumersAway<false, 1, 20>>("consumers away, one producer", 2),
                       port::scenario<ConsumersAway<false, 2, 10>>("consumers away, one producer, lines of two", 2),
                       port::scenario<BothAway<1, 20>>("both away", 2),
                       port::scenario<BothAway<2, 20>>("both away, lines of two", 2),
                       port::scenario<ProducersAway<true, 2, 10>>("producers away, lines of two", 2),
                       port::scenario<ProducersAway<false, 1, 10>>("producers away, one consumer", 2),
                       port::scenario<ProducersAway<false, 2, 10>>("producers away, one consumer, lines of two", 2)},
                      {"full", "empty", "a slot is spoilt", "a slot is full before it is spoilt",
                       "a slot is taken back", "a batch crosses lines", "a batch moves on from spoilt slots",
                       "a line is passed over", "a line is passed over again", "a line comes back",
                       "a line is found back", "an item is overwritten", "a forced item finds its line passed over"});
}
