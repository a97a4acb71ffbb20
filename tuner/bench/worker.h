/* SPDX-License-Identifier: Apache-2.0 */
/* One thread of the engine: a request after the other, each counted when it is done. */
#ifndef KT_TUNER_BENCH_WORKER_H
#define KT_TUNER_BENCH_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "tuner/bench/engine.h"
#include "tuner/bench/files.h"
#include "tuner/bench/histogram.h"
#include "tuner/bench/pool.h"

enum kt_worker_kind { KT_WORKER_WRITE, KT_WORKER_READ, KT_WORKER_SYNC, KT_WORKER_KIND_COUNT_ };

/* A volume while a job runs on it. The coordinator reads what is atomic, the workers write it. */
struct kt_worker_volume {
        int dirfd;
        bool is_direct;
        struct kt_files sets[KT_SET_COUNT_];
        int sync_fd; /* for small appends, through the page cache */
        uint64_t sync_size;

        double rate;
        uint64_t byte_limit;
        atomic_bool stop;             /* workers end after their request */
        atomic_bool is_full;          /* byte_limit is reached */
        atomic_int error;             /* -errno of the first request that failed */
        atomic_int error_kind;        /* enum kt_worker_kind of it */
        atomic_uint running;          /* workers that have not ended */
        _Atomic uint64_t reserved;    /* bytes that were let go ahead */
        _Atomic uint64_t paced;       /* bytes that have had their turn, at a fixed rate */
        _Atomic uint64_t write_bytes; /* done, in this job */
        _Atomic uint64_t read_bytes;
        _Atomic uint64_t ops;
        _Atomic int64_t worst_ns; /* since the coordinator last looked */
        _Atomic int64_t last_ns;  /* when the last request ended */
        /* Where the window begins, and of the bytes done in it those that belong to the one before: a request that was
         * under way at the boundary counts in both, by its time in each. Otherwise a window of a slow volume is as
         * coarse as all requests in flight. */
        _Atomic int64_t window_ns;
        _Atomic uint64_t late_write_bytes;
        _Atomic uint64_t late_read_bytes;
};

struct kt_worker {
        pthread_t thread;
        enum kt_worker_kind kind;
        struct kt_worker_volume *volume;
        struct kt_pool *pool;
        const struct kt_job *job;
        int64_t begin_ns;      /* of the job */
        unsigned char *buffer; /* of a reader, owned */
        struct kt_histogram histogram;
};

/* CLOCK_MONOTONIC. */
int64_t kt_worker_now(void);

/* Starts the thread with all signals blocked. 0 or -errno. */
KT_MUST_CHECK int kt_worker_start(struct kt_worker *worker);

#endif
