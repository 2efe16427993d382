// What threads do to a bounded queue in lines, of which each port gives:
//
//     PRODUCERS, CONSUMERS            whether there are many
//     SLOTS, CAPACITY, BATCH          to a line, in all, at most in a batch that is pushed
//     begin, push, push_several, pop, pop_several, replace
//
// A thread that is said to be away is so, now and then, with what it has claimed in hand.

#pragma once

#include "port.hpp"

namespace port {

// What became of a forced push: nothing, since there was room; in place of the oldest item; only that came out.
enum class Replaced { nothing, oldest, oldest_only };

// What scenarios have in common: a queue, and a ledger of what went in and came out.
template <typename Derived, typename Queue, unsigned THREADS> struct Test : rl::test_suite<Derived, THREADS> {
    // With several slots to a line, one line may not be vacant before its last item is out.
    static constexpr unsigned SLOTS = Queue::SLOTS, CAPACITY = Queue::CAPACITY,
                              LEAST = SLOTS == 1 ? CAPACITY : CAPACITY - SLOTS + 1;

    Queue queue;
    Ledger<THREADS, THREADS> ledger;

    void before() {
        queue.begin();
        // Somewhere in a lap, and with this or that inside.
        unsigned inside = rl::rand(LEAST + 1);
        for (unsigned n = rl::rand(CAPACITY); n > 0; --n) push(0), pop(0);
        for (; inside > 0; --inside) push(0);
    }

    bool push(unsigned i, bool is_away = false) {
        if (!queue.push(ledger.item(i), is_away)) return false;
        return ledger.went_in(i), true;
    }

    bool push_several(unsigned i, bool is_away = false) {
        static_assert(Queue::BATCH <= 8);
        unsigned n = 2 + rl::rand(Queue::BATCH - 1);
        int items[8];
        for (unsigned k = 0; k < n; ++k) items[k] = ledger.item(i) + int(k);
        unsigned done = queue.push_several(items, n, is_away);
        for (unsigned k = 0; k < done; ++k) ledger.went_in(i);
        return done > 0;
    }

    bool pop(unsigned i, bool is_away = false) {
        int item;
        if (!queue.pop(item, is_away)) return false;
        return ledger.came_out(i, item), true;
    }

    bool pop_several(unsigned i, bool is_away = false) {
        int items[3];
        unsigned n = queue.pop_several(items, 3, is_away);
        for (unsigned k = 0; k < n; ++k) ledger.came_out(i, items[k]);
        return n > 0;
    }

    bool force(unsigned i) {
        int evicted = 0;
        Replaced replaced = queue.replace(ledger.item(i), evicted);
        if (replaced == Replaced::oldest) ledger.went_in(i);
        if (replaced != Replaced::nothing) ledger.came_out(i, evicted);
        return replaced != Replaced::nothing;
    }

    // Either.
    bool go_round(unsigned i) {
        if (rl::rand(2)) return push(i) || (saw("full"), false);
        return pop(i) || (saw("empty"), false);
    }

    void after() {
        while (pop(THREADS)) {}
        // When it is empty there is room; and once both ends have gone round, so that lines which a walk has passed by
        // ahead of `tail` are back, it holds as much as ever.
        for (unsigned n = CAPACITY; n > 0; --n) RL_ASSERT(push(0) && pop(THREADS));
        unsigned n = 0;
        while (push(0)) ++n;
        RL_ASSERT(LEAST <= n && n <= CAPACITY);
        while (pop(THREADS)) {}
        ledger.check();
    }
};

enum class By { one, several, force };

// Threads that push or pop, whatever chance says; an end of one is the first thread's.
template <typename Queue, unsigned THREADS, unsigned TURNS, By BY = By::one>
struct Mixed : Test<Mixed<Queue, THREADS, TURNS, BY>, Queue, THREADS> {
    bool turn(unsigned i) {
        bool is_producer = Queue::PRODUCERS || i == 0, is_consumer = Queue::CONSUMERS || i == 0;
        bool pushes = is_producer && !(is_consumer && rl::rand(2));
        if constexpr (BY == By::force)
            if (pushes && rl::rand(2)) return this->force(i);
        if constexpr (BY == By::several)
            if (rl::rand(2)) return pushes ? this->push_several(i) : this->pop_several(i);
        if (pushes) return this->push(i) || (saw("full"), false);
        return this->pop(i) || (saw("empty"), false);
    }

    void thread(unsigned i) {
        for (unsigned n = 0; n < TURNS; ++n)
            if (!turn(i)) rl::yield(1, $);
    }
};

// Two threads pop, and are away for a while with a slot in hand; the third goes round.
template <typename Queue, unsigned TURNS, By BY = By::one>
struct ConsumersAway : Test<ConsumersAway<Queue, TURNS, BY>, Queue, 3> {
    void thread(unsigned i) {
        for (unsigned n = i < 2 ? 2 : TURNS; n > 0; --n) {
            bool by_several = BY == By::several && rl::rand(2);
            if (i < 2) by_several ? this->pop_several(i, true) : this->pop(i, true);
            else if (!(by_several ? this->push_several(i) : this->go_round(i))) rl::yield(1, $);
        }
    }
};

// Two threads push, and are away likewise.
template <typename Queue, unsigned TURNS, By BY = By::one>
struct ProducersAway : Test<ProducersAway<Queue, TURNS, BY>, Queue, 3> {
    void thread(unsigned i) {
        for (unsigned n = i < 2 ? 2 : TURNS; n > 0; --n) {
            bool by_several = BY == By::several && rl::rand(2);
            if (i < 2) by_several ? this->push_several(i, true) : this->push(i, true);
            else if (!this->go_round(i)) rl::yield(1, $);
        }
    }
};

// One of each, and a third that goes round: a consumer may be away before it has spoilt the slot that it has claimed.
template <typename Queue, unsigned TURNS> struct BothAway : Test<BothAway<Queue, TURNS>, Queue, 3> {
    void thread(unsigned i) {
        for (unsigned n = i < 2 ? 2 : TURNS; n > 0; --n)
            if (i == 0) this->push(i, true);
            else if (i == 1) this->pop(i, true);
            else if (!this->go_round(i)) rl::yield(1, $);
    }
};

}  // namespace port
