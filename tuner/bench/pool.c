/* SPDX-License-Identifier: Apache-2.0 */
/* Random data. A generator that is quick and good enough for a compressor; the seed makes each run's data its own. */
#include "tuner/bench/pool.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): a bijection of the counter, so
 * that no two stamps of a run are alike. */
static uint64_t mix(uint64_t z)
{
        z += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
}

size_t kt_claim(atomic_flag *const *busy, size_t count, atomic_size_t *turn)
{
        for (size_t tries = 1;; tries++) {
                size_t i = atomic_fetch_add_explicit(turn, 1, memory_order_relaxed) % count;

                if (!atomic_flag_test_and_set_explicit(busy[i], memory_order_acquire))
                        return i;
                if (tries % count == 0)
                        (void)sched_yield(); /* never fails on Linux */
        }
}

static int add_slice(struct kt_pool *pool)
{
        unsigned char *slice = mmap(NULL, KT_POOL_SLICE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        uint64_t state;

        if (slice == MAP_FAILED)
                return -errno;
        if (getrandom(&state, sizeof(state), 0) != (ssize_t)sizeof(state)) {
                (void)munmap(slice, KT_POOL_SLICE); /* our own, whole mapping */
                return -EIO;
        }

        for (size_t at = 0; at < KT_POOL_SLICE; at += sizeof(state)) {
                uint64_t word = mix(state++);

                memcpy(slice + at, &word, sizeof(word));
        }
        if (pool->count == 0)
                atomic_store(&pool->stamp, state);
        atomic_flag_clear(&pool->busy[pool->count]);
        pool->busy_list[pool->count] = &pool->busy[pool->count];
        pool->slices[pool->count] = slice;
        atomic_fetch_add(&pool->count, 1);
        return 0;
}

int kt_pool_reserve(struct kt_pool *pool, size_t count)
{
        int r = 0;

        if (count > KT_POOL_SLICES_MAX)
                return -E2BIG;
        while (r == 0 && pool->count < count)
                r = add_slice(pool);
        return r;
}

void kt_pool_done(struct kt_pool *pool)
{
        for (size_t i = 0; i < pool->count; i++)
                (void)munmap(pool->slices[i], KT_POOL_SLICE); /* our own, whole mappings */
        pool->count = 0;
}

unsigned char *kt_pool_take(struct kt_pool *pool, size_t size, size_t *ret_index)
{
        size_t pages = (size + KT_POOL_PAGE - 1) / KT_POOL_PAGE;
        uint64_t stamp = atomic_fetch_add_explicit(&pool->stamp, pages, memory_order_relaxed);
        unsigned char *slice;

        *ret_index = kt_claim(pool->busy_list, pool->count, &pool->turn);
        slice = pool->slices[*ret_index];
        for (size_t page = 0; page < pages; page++) {
                uint64_t word = mix(stamp + page);

                memcpy(slice + page * KT_POOL_PAGE, &word, sizeof(word));
        }
        return slice;
}

void kt_pool_release(struct kt_pool *pool, size_t index)
{
        atomic_flag_clear_explicit(&pool->busy[index], memory_order_release);
}
