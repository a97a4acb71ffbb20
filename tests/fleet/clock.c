/* SPDX-License-Identifier: Apache-2.0 */
/* A heap of what is to happen, and the stand-ins for the two system calls that would let the real world in. The linker
 * puts them where the agent's code calls clock_gettime and getrandom (ld(1), --wrap). */
#include "tests/fleet/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { EPOCH_S = 1767225600 }; /* 2026-01-01: what the time of day is when it begins */

struct due {
        int64_t when_ms;
        uint64_t order;
        void (*act)(void *context, uint64_t value);
        void *context;
        uint64_t value;
};

static struct {
        int64_t now_ms;
        uint64_t asked;
        uint64_t seed;
        struct due *heap;
        size_t count;
        size_t cap;
} sim = { .now_ms = 1000 };

int64_t clock_now(void)
{
        return sim.now_ms;
}

static bool is_before(const struct due *left, const struct due *right)
{
        return left->when_ms != right->when_ms ? left->when_ms < right->when_ms : left->order < right->order;
}

static void swap(size_t i, size_t k)
{
        struct due due = sim.heap[i];

        sim.heap[i] = sim.heap[k];
        sim.heap[k] = due;
}

void clock_at(int64_t when_ms, void (*act)(void *context, uint64_t value), void *context, uint64_t value)
{
        size_t i = sim.count++;

        if (sim.count > sim.cap) {
                sim.cap = sim.cap ? sim.cap * 2 : 1024;
                sim.heap = reallocarray(sim.heap, sim.cap, sizeof(*sim.heap));
                if (!sim.heap) {
                        perror("fleet");
                        exit(2);
                }
        }
        sim.heap[i] = (struct due){ .when_ms = when_ms > sim.now_ms ? when_ms : sim.now_ms,
                                    .order = sim.asked++,
                                    .act = act,
                                    .context = context,
                                    .value = value };
        for (; i > 0 && is_before(&sim.heap[i], &sim.heap[(i - 1) / 2]); i = (i - 1) / 2)
                swap(i, (i - 1) / 2);
}

static struct due take_first(void)
{
        struct due first = sim.heap[0];
        size_t i = 0;

        sim.heap[0] = sim.heap[--sim.count];
        for (;;) {
                size_t least = i;

                for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++)
                        if (child < sim.count && is_before(&sim.heap[child], &sim.heap[least]))
                                least = child;
                if (least == i)
                        return first;
                swap(i, least);
                i = least;
        }
}

void clock_run(int64_t until_ms)
{
        while (sim.count > 0 && sim.heap[0].when_ms <= until_ms) {
                struct due due = take_first();

                sim.now_ms = due.when_ms;
                due.act(due.context, due.value);
        }
        sim.now_ms = until_ms;
}

/* ---- Random numbers (splitmix64, Steele and others 2014) ---- */

void clock_seed(uint64_t seed)
{
        sim.seed = seed;
}

uint32_t clock_random(void)
{
        uint64_t z = sim.seed += 0x9e3779b97f4a7c15u;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return (uint32_t)((z ^ (z >> 31)) >> 32);
}

int64_t clock_between(int64_t least, int64_t most)
{
        return least + (int64_t)((uint64_t)(most - least + 1) * clock_random() >> 32);
}

/* ---- What the agents' system calls come to ---- */

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
ssize_t __wrap_getrandom(void *buf, size_t size, unsigned flags);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
        *ret = (struct timespec){ .tv_sec = sim.now_ms / 1000 + (clock == CLOCK_REALTIME ? EPOCH_S : 0),
                                  .tv_nsec = sim.now_ms % 1000 * 1000000 };
        return 0;
}

ssize_t __wrap_getrandom(void *buf, size_t size, unsigned flags)
{
        (void)flags;
        for (size_t i = 0; i < size; i += sizeof(uint32_t)) {
                uint32_t bits = clock_random();

                memcpy((char *)buf + i, &bits, size - i < sizeof(bits) ? size - i : sizeof(bits));
        }
        return (ssize_t)size;
}
