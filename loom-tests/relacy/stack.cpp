// The stacks of `src/stack/`: the Treiber stack of nodes, `treiber.rs`, and the stack of numbers with a tag,
// `indices.rs`.
//
// crossbeam-epoch's promise is the one that our models for loom rely on too, `src/reclaim/model.rs`: a node is reused
// at once when the guards that were there as it was retired are gone, and nothing is ordered that the epoch doesn't
// order. Spare nodes go over by the depot of `src/reclaim/local.rs`.
//
// Left out: chains that are pushed at once, and what bounds the number of spare nodes beyond one for each thread.

#include "port.hpp"

using port::edge;
using port::planted;
using port::saw;

constexpr unsigned THREADS = 3;

template <unsigned TURNS> struct Treiber : rl::test_suite<Treiber<TURNS>, THREADS> {
    struct Node {
        rl::atomic<Node*> next;
        rl::var<int> value;
    };

    rl::atomic<Node*> head, depot;
    rl::atomic<unsigned> in_depot;

    // `Local`: each its thread's own; the last one is for what goes on before and after.
    Node* spares[THREADS + 1] = {};

    // `reclaim/model.rs`. Guards and what waits for them are no part of the program: plain memory, exact at each step.
    rl::atomic<unsigned> words[THREADS + 1], turn;
    unsigned guards[8] = {}, guard_count = 0, guards_ever = 0;
    struct Retired {
        Node* node;
        unsigned waits_for[8], n;
    };
    Retired retired[16];
    unsigned retired_count = 0;

    unsigned pin() {
        turn.store(1, rl::mo_relaxed, $);
        guards[guard_count++] = ++guards_ever;
        unsigned number = guards_ever;
        rl::atomic_thread_fence(edge("reclaim/model::G1", rl::mo_seq_cst), $);
        return number;
    }

    void unpin(unsigned thread, unsigned number) {
        words[thread].store(number, edge("reclaim/model::G3", rl::mo_release), $);
        for (unsigned i = 0; i < guard_count; ++i)
            if (guards[i] == number) guards[i] = guards[--guard_count];
        collect(thread);
    }

    void retire(unsigned thread, Node* node) {
        if (planted("a node is reused at once")) return give(thread, node);
        rl::atomic_thread_fence(edge("reclaim/model::G2", rl::mo_seq_cst), $);
        words[thread].fetch_add(0, rl::mo_relaxed, $);
        turn.load(rl::mo_relaxed, $);
        RL_ASSERT(retired_count < 16);
        Retired& one = retired[retired_count++];
        one.node = node;
        one.n = guard_count;
        for (unsigned i = 0; i < guard_count; ++i) one.waits_for[i] = guards[i];
        if (guard_count > 0) saw("a node waits for a guard");
        collect(thread);
    }

    bool is_there(unsigned number) const {
        for (unsigned i = 0; i < guard_count; ++i)
            if (guards[i] == number) return true;
        return false;
    }

    // Takes a node whose grace period is over out of the list.
    Node* over() {
        for (unsigned i = 0; i < retired_count; ++i) {
            bool waits = false;
            for (unsigned j = 0; j < retired[i].n; ++j) waits |= is_there(retired[i].waits_for[j]);
            if (waits) continue;
            Node* node = retired[i].node;
            retired[i] = retired[--retired_count];
            return node;
        }
        return nullptr;
    }

    void collect(unsigned thread) {
        while (Node* node = over()) {
            for (auto& word : words) word.fetch_add(0, edge("reclaim/model::G4", rl::mo_acquire), $);
            give(thread, node);
        }
    }

    void give(unsigned thread, Node* node) {
        // As when a value is dropped with its node: nobody reads it any more.
        node->value($) = 0;
        if (!spares[thread]) {
            spares[thread] = node;
            node->next.store(nullptr, rl::mo_relaxed, $);
            return;
        }
        // `Depot::put`
        if (in_depot.load(rl::mo_relaxed, $) >= 2) return discard(node);
        in_depot.fetch_add(1, rl::mo_relaxed, $);
        for (Node* below = depot.load(rl::mo_relaxed, $);;) {
            node->next.store(below, rl::mo_relaxed, $);
            if (port::exchange_weak(depot, below, node, edge("reclaim/local::D1", rl::mo_release))) return;
        }
    }

    // A spare node, the depot's, or a new one.
    Node* take(unsigned thread) {
        if (!spares[thread] && depot.load(rl::mo_relaxed, $)) {
            spares[thread] = depot.exchange(nullptr, edge("reclaim/local::D2", rl::mo_acquire), $);
            in_depot.store(0, rl::mo_relaxed, $);
            if (spares[thread]) saw("nodes come from the depot");
        }
        Node* node = spares[thread];
        if (!node) return new Node;
        spares[thread] = node->next.load(rl::mo_relaxed, $);
        return node;
    }

    void discard(Node* node) {
        saw("a node is freed");
        delete node;
    }

    void push(unsigned thread, int item) {
        Node* node = take(thread);
        node->value($) = item;
        for (;;) {
            Node* below = head.load(rl::mo_relaxed, $);
            node->next.store(below, rl::mo_relaxed, $);
            if (port::exchange_weak(head, below, node, edge("stack/treiber::S1", rl::mo_release))) return;
        }
    }

    bool pop(unsigned thread, int& item) {
        for (;;) {
            unsigned guard = pin();
            Node* top = head.load(edge("stack/treiber::S2", rl::mo_acquire), $);
            if (!top) return unpin(thread, guard), false;
            Node* next = top->next.load(rl::mo_relaxed, $);
            Node* found = top;
            bool is_taken = port::exchange_weak(head, found, next, rl::mo_relaxed);
            unpin(thread, guard);
            if (is_taken) {
                item = top->value($);
                retire(thread, top);
                return true;
            }
        }
    }

    template <typename Each> void pop_all(unsigned thread, Each each) {
        if (!head.load(rl::mo_relaxed, $)) return;
        for (Node* node = head.exchange(nullptr, edge("stack/treiber::S3", rl::mo_acquire), $); node;) {
            Node* next = node->next.load(rl::mo_relaxed, $);
            each(int(node->value($)));
            retire(thread, node);
            node = next;
        }
    }

    void peek(unsigned thread) {
        unsigned guard = pin();
        if (Node* top = head.load(edge("stack/treiber::S4", rl::mo_acquire), $)) {
            saw("a peek");
            (void)int(top->value($));
        }
        unpin(thread, guard);
    }

    port::Ledger<THREADS, THREADS> ledger;

    void push_next(unsigned i) {
        int item = ledger.item(i);
        ledger.went_in(i);
        push(i, item);
    }

    void before() {
        head.store(nullptr, rl::mo_relaxed, $);
        depot.store(nullptr, rl::mo_relaxed, $);
        in_depot.store(0, rl::mo_relaxed, $);
        turn.store(0, rl::mo_relaxed, $);
        for (auto& word : words) word.store(0, rl::mo_relaxed, $);
        for (unsigned n = rl::rand(4); n > 0; --n) push_next(0);
    }

    void thread(unsigned i) {
        int item;
        for (unsigned n = 0; n < TURNS; ++n) switch (rl::rand(7)) {
            case 0: peek(i); break;
            case 1: pop_all(i, [this](int item) { ledger.came_out_anyhow(item); }); break;
            case 2: case 3: push_next(i); break;
            default: if (pop(i, item)) ledger.came_out_anyhow(item);
            }
    }

    void after() {
        pop_all(THREADS, [this](int item) { ledger.came_out_anyhow(item); });
        ledger.check();
        Node* last = depot.load(rl::mo_relaxed, $);
        for (Node* list : {spares[0], spares[1], spares[2], spares[3], last})
            for (Node* node = list; node;) {
                Node* next = node->next.load(rl::mo_relaxed, $);
                delete node;
                node = next;
            }
    }
};

template <unsigned TURNS> struct Indices : rl::test_suite<Indices<TURNS>, THREADS> {
    static constexpr unsigned CAPACITY = 3;
    static constexpr std::uint32_t NONE = ~0u, OUT = ~0u - 1;

    // { tag, index }
    rl::atomic<std::uint64_t> head;
    rl::atomic<std::uint32_t> links[CAPACITY];
    // What the indices stand for: written by whoever has one out.
    rl::var<int> slots[CAPACITY];

    static std::uint64_t word(std::uint32_t tag, std::uint32_t index) { return std::uint64_t(tag) << 32 | index; }
    static std::uint32_t tag(std::uint64_t word) { return std::uint32_t(word >> 32); }
    static std::uint32_t index(std::uint64_t word) { return std::uint32_t(word); }

    void push(std::uint32_t index) {
        RL_ASSERT(links[index].load(rl::mo_relaxed, $) == OUT);
        for (;;) {
            std::uint64_t head = this->head.load(rl::mo_relaxed, $);
            links[index].store(Indices::index(head), rl::mo_relaxed, $);
            std::uint32_t next = planted("the tag is not counted") ? tag(head) : tag(head) + 1;
            auto order = edge("stack/indices::I1", rl::mo_release);
            if (port::exchange_weak(this->head, head, word(next, index), order)) return;
        }
    }

    std::uint32_t pop() {
        for (;;) {
            std::uint64_t head = this->head.load(edge("stack/indices::I2", rl::mo_acquire), $);
            std::uint32_t index = Indices::index(head);
            if (index == NONE) return saw("no index"), NONE;
            std::uint64_t next = word(tag(head), links[index].load(rl::mo_relaxed, $));
            std::uint64_t found = head;
            if (port::exchange_weak(this->head, found, next, rl::mo_relaxed)) {
                links[index].store(OUT, rl::mo_relaxed, $);
                return index;
            }
            if (Indices::index(found) == index && tag(found) != tag(head)) saw("a tag tells");
        }
    }

    void before() {
        head.store(word(0, 0), rl::mo_relaxed, $);
        for (std::uint32_t i = 0; i < CAPACITY; ++i) {
            links[i].store(i + 1 < CAPACITY ? i + 1 : NONE, rl::mo_relaxed, $);
            slots[i]($) = 0;
        }
    }

    void thread(unsigned) {
        std::uint32_t mine[CAPACITY], n = 0;
        for (unsigned i = 0; i < TURNS; ++i) {
            if (n == 0 || rl::rand(2)) {
                std::uint32_t index = pop();
                if (index == NONE) continue;
                slots[index]($) = 1;
                mine[n++] = index;
            } else {
                std::uint32_t at = rl::rand(n), index = mine[at];
                mine[at] = mine[--n];
                slots[index]($) = 0;
                push(index);
            }
        }
        while (n > 0) slots[mine[--n]]($) = 0, push(mine[n]);
    }

    void after() {
        unsigned seen = 0;
        for (unsigned n = 0; n < CAPACITY; ++n) {
            std::uint32_t index = pop();
            RL_ASSERT(index < CAPACITY && !(seen >> index & 1));
            seen |= 1u << index;
        }
        RL_ASSERT(pop() == NONE);
    }
};

int main(int argc, char** argv) {
    return port::main(argc, argv, 5,
                      {port::scenario<Treiber<3>>("nodes"), port::scenario<Indices<4>>("indices"),
                       port::scenario<Indices<6>>("indices, longer")},
                      {"a node waits for a guard", "nodes come from the depot", "a node is freed", "a peek",
                       "a tag tells", "no index"});
}
