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

// Answers. In the scenarios that follow nothing but the queue connects the threads, and it is never empty, or there is
// always room: then no answer but success is right, however little a thread has seen of what others did.
template <typename Derived, typename Queue> struct Answers : Test<Derived, Queue, 2> {
    void before() {
        this->queue.begin();
        // Somewhere in a lap.
        for (unsigned n = rl::rand(Queue::CAPACITY); n > 0; --n) this->push(0), this->pop(0);
        for (unsigned n = Derived::INSIDE; n > 0; --n) this->push(0);
    }

    void must(bool is_done) { RL_ASSERT(is_done); }
};

// One item is inside, and another goes in before one comes out; so a pop beside that finds one.
template <typename Queue, unsigned TURNS> struct Item : Answers<Item<Queue, TURNS>, Queue> {
    static constexpr unsigned INSIDE = 1;

    void thread(unsigned i) {
        if (i > 0) return this->must(this->pop(i, rl::rand(2)));
        for (unsigned n = TURNS; n > 0; --n) this->must(this->push(i)), this->must(this->pop(i));
    }
};

// One item is inside, and comes out before another goes in; so a push beside that finds room. Unless a line was out, which
// is not back at once.
template <typename Queue, unsigned TURNS> struct Room : Answers<Room<Queue, TURNS>, Queue> {
    static constexpr unsigned INSIDE = 1;

    void thread(unsigned i) {
        if (i > 0) return this->must(this->push(i, rl::rand(2)) || this->queue.was_out);
        for (unsigned n = TURNS; n > 0; --n) {
            this->must(this->pop(i));
            if (!this->push(i)) return this->must(this->queue.was_out);
        }
        this->must(this->pop(i));
    }
};

// One item is inside, or two, and three have room, also for who only looks.
template <typename Queue, unsigned TURNS> struct Seen : Answers<Seen<Queue, TURNS>, Queue> {
    static_assert(Queue::CAPACITY == 3);
    static constexpr unsigned INSIDE = 1;

    void thread(unsigned i) {
        if (i > 0) return this->must(!this->queue.is_full() && !this->queue.is_empty());
        for (unsigned n = TURNS; n > 0; --n) this->must(this->push(i)), this->must(this->pop(i));
    }
};

// Of a full queue both take an item out, and then put one in. One line at most is out: there is always the other's.
template <typename Queue> struct InTurn : Answers<InTurn<Queue>, Queue> {
    static_assert(Queue::SLOTS == 1);
    static constexpr unsigned INSIDE = Queue::CAPACITY;

    void thread(unsigned i) {
        this->must(this->pop(i, rl::rand(2)));
        this->must(this->push(i));
    }
};

// Whatever threads that nothing else connects push and pop, there is an order of all of it, as each did it, in which the queue
// was empty where somebody found it so. (Full is not looked at: operations in flight count as items.)
template <typename Queue, unsigned THREADS, unsigned TURNS>
struct Ordered : Test<Ordered<Queue, THREADS, TURNS>, Queue, THREADS> {
    // Of each thread: what it pushed, what it popped with its sign changed, 0 where it found nothing; the last row drains.
    int steps[THREADS + 1][64];
    unsigned n[THREADS + 1] = {};
    int items[64];
    unsigned inside = 0;

    void note(unsigned i, int step) { steps[i][n[i]++] = step; }

    void before() {
        this->queue.begin();
        for (unsigned n = rl::rand(Queue::CAPACITY); n > 0; --n) this->push(0), this->pop(0);
        inside = rl::rand(2);
        items[0] = this->ledger.item(0);
        if (inside) this->push(0);
    }

    void put(unsigned i) {
        int item = this->ledger.item(i);
        if (this->push(i)) note(i, item);
    }

    void take(unsigned i) {
        int item = 0;
        if (this->queue.pop(item, false)) this->ledger.came_out(i, item);
        note(i, -item);
    }

    void thread(unsigned i) {
        for (unsigned n = TURNS; n > 0; --n) (Queue::PRODUCERS || i == 0) && rl::rand(2) ? put(i) : take(i);
    }

    void after() {
        do take(THREADS);
        while (steps[THREADS][n[THREADS] - 1] != 0);
        unsigned at[THREADS + 1] = {};
        RL_ASSERT(has_order(at, 0, inside));
        this->ledger.check();
    }

    // Whether there is one for what follows: `items` from `head` to `tail` are inside.
    bool has_order(unsigned (&at)[THREADS + 1], unsigned head, unsigned tail) {
        bool is_over = true;
        for (unsigned i = 0; i <= THREADS; ++i) {
            if (at[i] == n[i] || (i == THREADS && !is_over)) continue;
            is_over = false;
            int step = steps[i][at[i]];
            if (step > 0) items[tail] = step;
            bool fits = step > 0 || (step == 0 ? head == tail : head < tail && items[head] == -step);
            if (!fits) continue;
            ++at[i];
            bool has_one = has_order(at, head + (step < 0), tail + (step > 0));
            --at[i];
            if (has_one) return true;
        }
        return is_over;
    }
};

}  // namespace port
