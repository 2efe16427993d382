// What the ports share: edges that can be weakened, bugs that can be planted, a scheduler whose threads stall, a main.
//
// A port is a mechanism of `src/` written again for relacy, a model checker for C++ that has nothing in common with
// loom: an independent opinion on the same algorithm. Each step that is stronger than relaxed names its edge in the
// Rust source and that edge's ordering, as in
//
//     line.filled.store(n, edge("raw/lines::P1", rl::mo_release), $);
//
// The suite `relacy` compares both with the labels in `src/`, so a port can't drift from what it follows.
//
//     PORT                            every scenario; fails if one does, or if something was never seen that must be
//     PORT --weaken LABEL ORDER       with this edge weakened: must fail
//     PORT --plant BUG                with this bug: must fail
//     ... --rounds N                  gives up after so many rounds
//     ... --only SCENARIO --show      prints the interleaving that failed
//
// relacy runs a scenario's threads as fibers, one step at a time, with a seed that is the iteration's number: the same
// iterations in each run.

#pragma once

#include <relacy/relacy.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <iostream>

namespace port {

// What the command line asks for.
struct Chosen {
    char const* edge = nullptr;
    rl::memory_order weaker = rl::mo_relaxed;
    char const* bug = nullptr;
    char const* scenario = nullptr;
    unsigned rounds = 0;
    bool show = false;
    // Whether the edge or the bug was come to.
    bool is_reached = false;
};
inline Chosen chosen;

inline bool is(char const* a, char const* b) { return a && std::strcmp(a, b) == 0; }

// The ordering of the edge `label`, which is `order` in the source.
inline rl::memory_order edge(char const* label, rl::memory_order order) {
    if (!is(chosen.edge, label)) return order;
    chosen.is_reached = true;
    return chosen.weaker;
}

// Compare-exchanges, which learn nothing where they fail; the weak one also fails by accident, one time in four.
template <typename T> bool exchange(rl::atomic<T>& word, T& from, T to, rl::memory_order order) {
    return word.compare_exchange_strong(from, to, order, $, rl::mo_relaxed, $);
}

template <typename T> bool exchange_weak(rl::atomic<T>& word, T& from, T to, rl::memory_order order) {
    return word.compare_exchange_weak(from, to, order, $, rl::mo_relaxed, $);
}

// (relacy knows no relaxed one.)
inline void fence(rl::memory_order order) {
    if (order != rl::mo_relaxed) rl::atomic_thread_fence(order, $);
}

// Whether to do the wrong thing here.
inline bool planted(char const* bug) {
    if (!is(chosen.bug, bug)) return false;
    chosen.is_reached = true;
    return true;
}

// What a run must have seen, or it has shown little.
struct Sight {
    char const* what;
    unsigned long times;
};
inline Sight sights[16];
inline unsigned known_sights = 0;

inline void saw(char const* what) {
    for (unsigned i = 0; i < known_sights; ++i)
        if (sights[i].what == what || is(sights[i].what, what)) return void(++sights[i].times);
    if (known_sights == 16) std::abort();
    sights[known_sights++] = Sight{what, 1};
}

inline unsigned long times_seen(char const* what) {
    for (unsigned i = 0; i < known_sights; ++i)
        if (is(sights[i].what, what)) return sights[i].times;
    return 0;
}

// An allocation that uses memory again comes after its deallocation (C11 7.22.3), which relacy's allocator doesn't know.
struct Allocator {
    rl::atomic<int> last;

    void begin() { last.store(0, rl::mo_relaxed, $); }
    void frees() { last.fetch_add(1, rl::mo_release, $); }
    void allocates() { last.fetch_add(1, rl::mo_acquire, $); }
};

// A bounded number of looks at something that another thread is to change: how many is left to chance.
struct Patience {
    unsigned looks = 0;

    void reset() { looks = 0; }

    bool is_overdue() {
        if (looks == 2 || rl::rand(2)) return true;
        ++looks;
        rl::yield(1, $);
        return false;
    }
};

// Here a thread is away for long, now and then.
inline void stall() {
    for (unsigned n = 48 * rl::rand(4); n > 0; --n) rl::yield(1, $);
}

// Items by producer and number, each of which must come out once, and those of a producer in their order.
template <unsigned PRODUCERS, unsigned CONSUMERS> struct Ledger {
    // (Plain memory: fibers don't race.)
    unsigned pushed[PRODUCERS] = {};
    unsigned last[CONSUMERS + 1][PRODUCERS] = {};
    std::uint64_t out[PRODUCERS] = {};

    // The next item of `producer`.
    int item(unsigned producer) const { return int(producer * 64 + pushed[producer] + 1); }
    void went_in(unsigned producer) { ++pushed[producer]; }

    // Out of a stack, say.
    void came_out_anyhow(int item) {
        unsigned producer = unsigned(item) / 64, number = unsigned(item) % 64;
        RL_ASSERT(producer < PRODUCERS && number > 0);
        RL_ASSERT(!(out[producer] >> number & 1));
        out[producer] |= std::uint64_t(1) << number;
    }

    // `consumer` popped `item`. (The last row is for who drains.)
    void came_out(unsigned consumer, int item) {
        came_out_anyhow(item);
        unsigned producer = unsigned(item) / 64, number = unsigned(item) % 64;
        RL_ASSERT(number > last[consumer][producer]);
        last[consumer][producer] = number;
    }

    // All that went in has come out.
    void check() const {
        for (unsigned i = 0; i < PRODUCERS; ++i) RL_ASSERT(out[i] == (std::uint64_t(2) << pushed[i]) - 2);
    }
};

// relacy's own random scheduler gives each step to any thread, so one of three is away for twenty steps only once in
// three thousand tries. Here threads have weights that change now and then, so that one may run alone, and one may
// stall; in one run of four all weigh the same, as with relacy's own.
template <rl::thread_id_t N>
class Lopsided : public rl::scheduler<Lopsided<N>, rl::scheduler_thread_info, N> {
    using Base = rl::scheduler<Lopsided<N>, rl::scheduler_thread_info, N>;

public:
    using shared_context_t = typename Base::shared_context_t;
    struct task_t {};

    Lopsided(rl::test_params& params, shared_context_t& context, rl::thread_id_t dynamic)
        : Base(params, context, dynamic) {}

    rl::thread_id_t iteration_begin_impl() {
        state_ = (this->iter_ + 1) * 0x9e3779b97f4a7c15u;
        is_fair_ = below(4) == 0;
        for (auto& weight : weights_) weight = draw();
        rl::unpark_reason reason;
        return schedule_impl(reason, 0);
    }

    bool iteration_end_impl() { return this->iter_ >= this->params_.iteration_count; }

    rl::thread_id_t schedule_impl(rl::unpark_reason& reason, unsigned yield) {
        reason = rl::unpark_reason_normal;
        if (!is_fair_ && below(4) == 0) weights_[below(N)] = draw();
        unsigned sum = 0, n = unsigned(this->running_threads_count);
        for (unsigned i = 0; i < n; ++i) sum += weight(i, yield && n > 1);
        unsigned at = below(sum);
        for (unsigned i = 0;; ++i) {
            unsigned w = weight(i, yield && n > 1);
            if (at < w) return this->running_threads[i];
            at -= w;
        }
    }

    unsigned rand_impl(unsigned limit, rl::sched_type) { return below(limit); }
    rl::iteration_t iteration_count_impl() { return this->params_.iteration_count; }
    void get_state_impl(std::ostream&) {}
    void set_state_impl(std::istream&) {}
    void on_thread_block(rl::thread_id_t, bool) {}

private:
    std::uint64_t state_ = 0;
    bool is_fair_ = false;
    unsigned weights_[N];

    // xorshift64*
    unsigned below(unsigned limit) {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return unsigned((state_ * 0x2545f4914f6cdd1du) >> 33) % limit;
    }

    unsigned draw() {
        static unsigned const some[] = {1, 16, 256};
        return is_fair_ ? 1 : some[below(3)];
    }

    // That of the thread at `i` of those that can run; who yields comes last.
    unsigned weight(unsigned i, bool yield) {
        rl::thread_id_t thread = this->running_threads[i];
        bool is_out = yield && this->thread_ && thread == this->thread_->index_;
        return is_out ? 0 : weights_[thread];
    }
};

// relacy prints progress; nobody reads it.
struct Nowhere : std::streambuf {
    int overflow(int c) override { return c == EOF ? 0 : c; }
};

struct Scenario {
    char const* name;
    // Fewer iterations of one that takes long.
    unsigned share;
    // The context bound under which a full search ends soon; 0: none does.
    unsigned bound;
    rl::test_result_e (*run)(rl::test_params&);
};

template <typename Test, unsigned BOUND> rl::test_result_e simulate(rl::test_params& params) {
    constexpr rl::thread_id_t N = Test::params::thread_count;
    rl::ostringstream state;
    if constexpr (BOUND > 0)
        if (params.search_type == rl::sched_bound)
            return rl::run_test<Test, rl::context_bound_scheduler<N>>(params, state, false);
    return rl::run_test<Test, Lopsided<N>>(params, state, false);
}

template <typename Test, unsigned BOUND = 0> Scenario scenario(char const* name, unsigned share = 1) {
    return Scenario{name, share, BOUND, &simulate<Test, BOUND>};
}

// Runs `n` iterations of `scenario` from `first` on, or, if there are none, all within its bound. Returns how many
// there were; 0 if one failed, which it prints.
inline unsigned long run(Scenario const& scenario, unsigned long first, unsigned long n) {
    static Nowhere nowhere;
    static std::ostream quiet(&nowhere);
    rl::test_params params;
    params.output_stream = params.progress_stream = &quiet;
    params.search_type = n > 0 ? rl::sched_random : rl::sched_bound;
    params.context_bound = scenario.bound;
    // (More than 2000: threads that stall take steps.)
    params.execution_depth_limit = 10000;
    params.iteration_count = first + n - 1;
    auto start_at = [&params](unsigned long iteration) {
        char text[24];
        std::snprintf(text, sizeof text, "%lu", iteration);
        params.initial_state = text;
    };
    if (n > 0) start_at(first);
    auto result = scenario.run(params);
    unsigned long last = params.stop_iteration;
    if (result == rl::test_result_success) return last - first + 1;
    std::printf("failed\t%s\t%lu\t%s\n", scenario.name, last, rl::test_result_str(result));
    if (chosen.show && n > 0) {
        start_at(last);
        params.collect_history = true;
        params.output_stream = &std::cout;
        scenario.run(params);
    }
    return 0;
}

inline rl::memory_order parse(char const* name) {
    for (auto order : {rl::mo_relaxed, rl::mo_acquire, rl::mo_release, rl::mo_acq_rel})
        if (is(name, rl::format(order))) return order;
    std::fprintf(stderr, "no weaker order `%s`\n", name);
    std::exit(2);
}

// Iterations of a scenario in the first round; each further round has twice as many.
inline unsigned long const FIRST_ROUND = 1000;

// `rounds` rounds over all scenarios, all that end soon searched in full, and everything in `must_see` seen.
inline int main(int argc, char** argv, unsigned rounds, std::initializer_list<Scenario> scenarios,
                std::initializer_list<char const*> must_see) {
    chosen.rounds = rounds;
    for (int i = 1; i < argc; ++i) {
        bool one = i + 1 < argc, two = i + 2 < argc;
        if (is(argv[i], "--weaken") && two) chosen.edge = argv[i + 1], chosen.weaker = parse(argv[i + 2]), i += 2;
        else if (is(argv[i], "--plant") && one) chosen.bug = argv[++i];
        else if (is(argv[i], "--only") && one) chosen.scenario = argv[++i];
        else if (is(argv[i], "--rounds") && one) chosen.rounds = unsigned(std::atoi(argv[++i]));
        else if (is(argv[i], "--show")) chosen.show = true;
        else return std::fprintf(stderr, "what is `%s`?\n", argv[i]), 2;
    }
    auto is_chosen = [](Scenario const& one) { return !chosen.scenario || is(chosen.scenario, one.name); };
    unsigned long total = 0, first = 1, n = FIRST_ROUND;
    for (unsigned round = 0; round < chosen.rounds; ++round, first += n, n *= 2) {
        // What is not come to by then is in another port.
        if (round == 3 && (chosen.edge || chosen.bug) && !chosen.is_reached) return std::printf("unreached\n"), 0;
        for (auto const& one : scenarios) {
            if (!is_chosen(one)) continue;
            unsigned long ran = run(one, first, n / one.share);
            if (ran == 0) return 1;
            total += ran;
        }
    }
    for (auto const& one : scenarios) {
        if (!is_chosen(one) || one.bound == 0) continue;
        unsigned long ran = run(one, 1, 0);
        if (ran == 0) return 1;
        std::printf("searched\t%s\t%u\t%lu\n", one.name, one.bound, ran);
    }
    if (chosen.edge || chosen.bug) return std::printf(chosen.is_reached ? "survived\n" : "unreached\n"), 0;
    for (auto what : must_see) {
        std::printf("saw\t%s\t%lu\n", what, times_seen(what));
        if (times_seen(what) == 0 && !chosen.scenario) return std::printf("failed\tnever seen\t0\t%s\n", what), 1;
    }
    return std::printf("ran\t%zu\t%lu\n", scenarios.size(), total), 0;
}

}  // namespace port
