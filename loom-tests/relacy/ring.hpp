// The ring of lines of `src/raw/ring.rs`, `ring/view.rs` and `ring/runs.rs`: bounded, one or many at either end, one
// slot to a line or several, and nobody waits for a slot that another thread has in hand. It has no edges of its own;
// those of a line are in `line.hpp`.
//
// Left out: chunks, which take the same steps, and lengths, which publish nothing.

#pragma once

#include "line.hpp"

using port::BELOW_LAP;
using port::Look;
using port::MOST;
using port::planted;
using port::saw;
using port::Stage;
using port::STEP;
using port::Word;

// `Feed`, as a deque: what comes back is the next one.
struct Feed {
    int items[4];
    unsigned at = 0;

    int next() { return items[at++]; }
    void back(int item) { items[--at] = item; }
};

template <bool PRODUCERS, bool CONSUMERS, unsigned SLOTS, unsigned LINES> struct Ring {
    using Line = port::Line<SLOTS>;

    static constexpr unsigned SLOT_BITS = SLOTS == 1 ? 0 : port::SLOT_BITS, CAPACITY = LINES * SLOTS;
    static constexpr Word END = Word(LINES) << SLOT_BITS;

    rl::atomic<Word> head, tail;
    Line lines[LINES];
    // `Known`, the only consumer's own.
    Word known = 0;

    void begin() {
        head.store(0, rl::mo_relaxed, $);
        tail.store(0, rl::mo_relaxed, $);
        for (auto& line : lines) line.begin();
    }

    // `view.rs`
    static unsigned slot(Word index) { return SLOTS == 1 ? 0 : unsigned(index & MOST); }
    Line& line(Word index) { return lines[(index & BELOW_LAP) >> SLOT_BITS]; }
    static bool is_before(Word a, Word b) { return std::int64_t(a - b) < 0; }

    static Word nth(Word index, unsigned n) { return slot(index) + n < SLOTS ? index + n : next_line(index); }

    static Word next_line(Word index) {
        Word next = (SLOTS == 1 ? index : index | MOST) + 1;
        return (next & BELOW_LAP) < END ? next : (index | BELOW_LAP) + 1;
    }

    bool is_vacant(Word index, Look& look) {
        look = line(index).look();
        if (SLOTS == 1 && !planted("a slot that was filled by force is vacant")) return look.is_fresh(index);
        return look.is_now(index);
    }

    unsigned full_from(Word index, Look& look) {
        look = line(index).look();
        return look.is_now(index) ? look.full_from(slot(index)) : 0;
    }

    bool is_full_at(Word index) {
        Word behind = next_line(index - STEP);
        return is_before(head.load(rl::mo_relaxed, $), SLOTS == 1 ? next_line(behind) : behind);
    }

    enum class Way { open, there, spent, closed };

    Way clear_for_push(Word index, Look look, port::Patience& patience) {
        switch (look.stage(index)) {
        case Stage::before: break;
        case Stage::back: return saw("a line is found back"), line(index).come_back(look), Way::open;
        case Stage::now:
        case Stage::spent: return Way::spent;
        }
        if (slot(index) != 0 || (!CONSUMERS && !look.is_spoilt() && !is_full_at(index))) {
            // We don't see yet what the producer saw that has entered the line, or that the only consumer has ended it.
            rl::yield(1, $);
        } else if (is_full_at(index)) {
            return Way::closed;
        } else if (patience.is_overdue()) {
            line(index).pass_over(look);
        }
        return Way::open;
    }

    Way clear_for_pop(Word index, Look look, port::Patience& patience) {
        Stage stage = look.stage(index);
        if (stage == Stage::spent) return Way::spent;
        Word next = nth(index, 1);
        if (!PRODUCERS || !is_before(next, tail.load(rl::mo_relaxed, $))) return Way::closed;
        if (stage != Stage::now) {
            // We don't see yet what the producer saw that has claimed it.
            rl::yield(1, $);
        } else if (patience.is_overdue() && claim<CONSUMERS>(head, index, next)) {
            port::stall();
            bool is_wrong = planted("the only consumer spoils a slot before it ends what it took");
            if (!CONSUMERS && !is_wrong) line(index).vacate_before(slot(index));
            if (planted("a consumer goes on past a slot that it has not spoilt")) return Way::open;
            if (!line(index).spoil(slot(index))) return Way::there;
            settle<CONSUMERS>(head, next);
            patience.reset();
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

    // Says how many slots from `first` on are the caller's; none if the queue is full.
    unsigned claim_to_push(unsigned max, Word& first) {
        for (port::Patience patience;;) {
            first = tail.load(rl::mo_relaxed, $);
            Look look;
            // The only producer has looked at a line that it has begun.
            if ((PRODUCERS || slot(first) == 0) && !is_vacant(first, look)) {
                switch (clear_for_push(first, look, patience)) {
                case Way::spent:
                    pass<PRODUCERS>(tail, first, next_line(first));
                    patience.reset();
                    break;
                case Way::closed: return 0;
                default: break;
                }
                continue;
            }
            unsigned n = 1;
            Word next = nth(first, 1);
            if (max > 1) n = vacant_after(first, max, next);
            if (claim<PRODUCERS>(tail, first, next)) return n;
        }
    }

    unsigned vacant_after(Word first, unsigned max, Word& next) {
        max = at_once(max);
        unsigned n = std::min(max, SLOTS - slot(first));
        next = nth(first, n);
        for (Look look; n < max && is_vacant(next, look);) {
            saw("a batch crosses lines");
            unsigned more = std::min(max - n, SLOTS);
            n += more;
            next = nth(next, more);
        }
        return n;
    }

    // Likewise; none if the queue is empty. The only consumer has all of the line.
    unsigned claim_to_pop(unsigned max, Word& first) {
        for (port::Patience patience;;) {
            first = head.load(rl::mo_relaxed, $);
            Look look;
            unsigned full = full_from(first, look);
            if (full == 0) {
                switch (clear_for_pop(first, look, patience)) {
                case Way::open: break;
                case Way::there: return 1;
                case Way::spent:
                    pass<CONSUMERS>(head, first, next_line(first));
                    patience.reset();
                    break;
                case Way::closed: return 0;
                }
                continue;
            }
            if (!CONSUMERS) return full;
            unsigned n = 1;
            Word next = nth(first, 1);
            if (max > 1) n = full_after(first, full, max, next);
            if (claim<true>(head, first, next)) return n;
        }
    }

    unsigned full_after(Word first, unsigned full, unsigned max, Word& next) {
        max = at_once(max);
        unsigned n = std::min(full, max);
        next = nth(first, n);
        while (n < max && slot(next) == 0) {
            Look look;
            unsigned more = std::min(full_from(next, look), max - n);
            if (more == 0) break;
            n += more;
            next = nth(next, more);
        }
        return n;
    }

    static unsigned at_once(unsigned max) { return std::min(max, (CAPACITY + 1) / 2); }

    void vacate(Word index, unsigned n) {
        Line& line = this->line(index);
        if (CONSUMERS) line.vacate(slot(index), n);
        else if (SLOTS == 1) line.end_alone((index & ~BELOW_LAP) + STEP);
        else if (slot(index) + n == SLOTS) line.vacate_before(SLOTS);
    }

    // `put`: false if the slot was spoilt.
    bool put(Word index) {
        Line& line = this->line(index);
        if (PRODUCERS) return line.fill(slot(index)) || planted("a producer does not look whether its slot is spoilt");
        // `publish`
        if (SLOTS == 1) line.fill_alone(index & ~BELOW_LAP);
        else line.fill_unspoilt(port::slots_from(slot(index), 1));
        settle<false>(tail, nth(index, 1));
        return true;
    }

    bool push(int item, bool is_away) {
        for (Word index;;) {
            if (claim_to_push(1, index) == 0) return false;
            line(index).write(slot(index), item);
            if (is_away) port::stall();
            if (put(index)) return true;
            // `retract`, and again.
            RL_ASSERT(line(index).take(slot(index)) == item);
            line(index).take_back(slot(index));
        }
    }

    bool front(Word& index) {
        if (CONSUMERS || SLOTS == 1) return claim_to_pop(1, index) > 0;
        index = head.load(rl::mo_relaxed, $);
        if (known - index - 1 < MOST) return true;
        unsigned n = claim_to_pop(MOST, index);
        known = index + n;
        return n > 0;
    }

    bool pop(int& item, bool is_away) {
        Word index;
        if (!front(index)) return false;
        item = line(index).take(slot(index));
        if (is_away) port::stall();
        // `take`
        vacate(index, 1);
        settle<CONSUMERS>(head, nth(index, 1));
        return true;
    }

    // `runs.rs`, and `queue/batch.rs`: says how many of the `n` items went in.
    unsigned push_several(Feed& feed, unsigned n, bool is_away) {
        unsigned done = 0;
        while (done < n) {
            Word index;
            unsigned left = claim_to_push(n - done, index);
            if (left == 0) break;
            if (is_away) port::stall();
            for (unsigned here; left > 0; left -= here, index = nth(index, here)) {
                here = std::min(left, SLOTS - slot(index));
                done += fill(index, here, feed);
            }
        }
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
    unsigned pop_several(int* items, unsigned max) {
        Word index;
        unsigned n = claim_to_pop(max, index);
        for (unsigned left = n, here; left > 0; left -= here, index = nth(index, here)) {
            here = std::min(left, SLOTS - slot(index));
            for (unsigned i = 0; i < here; ++i) *items++ = line(index).take(slot(index) + i);
            vacate(index, here);
        }
        return n;
    }

    // `Overwrite::replace`: pushes in place of the oldest item, if the ring is full or nearly so.
    enum class Replaced { nothing, oldest, oldest_only };

    Replaced replace(int item, int& evicted) {
        Word tail = this->tail.load(rl::mo_relaxed, $), first;
        if (slot(tail) != 0 || !is_full_at(tail) || claim_to_pop(1, first) == 0) return Replaced::nothing;
        Line& line = this->line(first);
        evicted = line.take(slot(first));
        Word index = first + STEP;
        bool is_next = this->tail.load(rl::mo_relaxed, $) == index;
        if (SLOTS > 1 || (!is_next && !planted("a forced item goes in though others were pushed meanwhile")))
            return vacate(first, 1), Replaced::oldest_only;
        line.write(0, item);
        if (line.refill()) {
            saw("an item is overwritten");
            pass<PRODUCERS>(this->tail, index, next_line(index));
            return Replaced::oldest;
        }
        saw("a forced item finds its line passed over");
        RL_ASSERT(line.take(0) == item);
        vacate(first, 1);
        return Replaced::oldest_only;
    }
};
