/* SPDX-License-Identifier: Apache-2.0 */
/* What is written: random bytes that no backend can compress, stamped so that it cannot share them either. */
#ifndef KT_TUNER_BENCH_POOL_H
#define KT_TUNER_BENCH_POOL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"

enum {
        KT_POOL_SLICE = 1 << 20, /* the largest request */
        KT_POOL_PAGE = 4096,     /* each of these is unlike any other ever written */
        KT_POOL_SLICES = 16,     /* 16 MiB: more than a compressor looks back */
        KT_POOL_SLICES_MAX = 512,
};

/* Picks one of count free things for as long as the flag is set: turn after turn, so that all are used. */
size_t kt_claim(atomic_flag *const *busy, size_t count, atomic_size_t *turn);

struct kt_pool {
        unsigned char *slices[KT_POOL_SLICES_MAX]; /* page-aligned, owned */
        atomic_flag busy[KT_POOL_SLICES_MAX];
        atomic_flag *busy_list[KT_POOL_SLICES_MAX];
        atomic_size_t count;
        atomic_size_t turn;
        _Atomic uint64_t stamp;
};

/* At least count slices, each filled. 0 or -errno. Others may use the pool meanwhile, but only one
 * may call this. */
KT_MUST_CHECK int kt_pool_reserve(struct kt_pool *pool, size_t count);
void kt_pool_done(struct kt_pool *pool);

/* A slice whose first size bytes are new in every page; give it back with kt_pool_release. */
unsigned char *kt_pool_take(struct kt_pool *pool, size_t size, size_t *ret_index);
void kt_pool_release(struct kt_pool *pool, size_t index);

#endif
