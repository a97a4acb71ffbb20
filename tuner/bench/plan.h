/* SPDX-License-Identifier: Apache-2.0 */
/* Which phases a run has, how long each may take and how much it may write: data, made before anything is written. */
#ifndef KT_TUNER_BENCH_PLAN_H
#define KT_TUNER_BENCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tuner/bench/engine.h"
#include "tuner/bench/result.h"

enum { KT_DISK_PLAN_COMPARED_MOST = 30 }; /* seconds that a noisy volume may be measured alone, or all once more */

/* What is wanted of each phase; rows in the order they are run. */
struct kt_disk_phase_row {
        enum kt_disk_phase_id id;
        double want_seconds;  /* 0: what the others leave */
        double least_seconds; /* shorter it says nothing and is left out */
        unsigned byte_weight; /* of the bytes that may be written */
        bool is_each;         /* one volume after the other */
        bool needs_several;   /* volumes */
        bool is_extra;        /* only with time that others left */
        bool is_compared;     /* with others, for a cap of the node: longer where there is more time than usual */
        double load;          /* share of the sustained rate that is written; 0: as fast as it goes */
        bool writes, reads, syncs, is_buffered;
        enum kt_engine_set set;
};

extern const struct kt_disk_phase_row kt_disk_phase_rows[KT_PHASE_COUNT_];

struct kt_disk_plan {
        double seconds; /* of the whole run */
        struct {
                double seconds;    /* 0: left out */
                const char *why;   /* static, when it is left out */
                double byte_share; /* 0..1 of the bytes that are left when it begins */
        } phases[KT_PHASE_COUNT_];
};

/* 60 s for one volume and 30 s more for each further one. */
double kt_disk_plan_usual_seconds(size_t volumes);

/* The bytes that one volume may take: 10 % of what is free, 16 GiB at most, or as asked for (0: not asked). */
uint64_t kt_disk_plan_bytes(uint64_t free_bytes, uint64_t asked);

void kt_disk_plan_make(size_t volumes, double seconds, struct kt_disk_plan *ret);

/* The time of a whole run whose phases that are compared last phase_seconds; 0 when none is long enough for that. */
double kt_disk_plan_seconds_for(size_t volumes, double phase_seconds);

/* How large the writes are that the kernel's writeback makes of a broker with that many partitions, which takes rate
 * bytes per second: what 30 s bring to one of them, at most what the disk takes at once and 1 MiB. */
uint32_t kt_disk_plan_block(double rate, uint64_t partitions, uint64_t max_sectors_kib);

/* Windows that tell two rates apart that differ by a tenth, given the noise of one window and the correlation of
 * neighbours (99 % sure, found 95 times of 100). */
double kt_disk_plan_windows(double noise, double correlation);

#endif
