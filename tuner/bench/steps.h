/* SPDX-License-Identifier: Apache-2.0 */
/* Where a noisy rate changes its level: the detector below fit.h, on plain numbers. */
#ifndef KT_TUNER_BENCH_STEPS_H
#define KT_TUNER_BENCH_STEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "tuner/bench/series.h"

enum {
        KT_STEPS_MIN_WINDOWS = 5, /* that a level needs to be seen */
        KT_STEPS_MAX = KT_SERIES_MAX / KT_STEPS_MIN_WINDOWS,
};

/* Two levels that differ by less are one. */
#define KT_STEPS_MERGE 0.10

struct kt_steps {
        size_t ends[KT_STEPS_MAX];    /* level i is [ends[i - 1], ends[i]), the first begins at 0 */
        double medians[KT_STEPS_MAX]; /* of the rates */
        size_t count;                 /* levels; 1 without a change, 0 without rates */
        bool sloping;                 /* a line explains the rates better than these steps do */
        double noise;                 /* relative standard deviation of one rate; robust */
        double correlation;           /* of neighbouring rates, 0..0.7 */
};

/* Finds the levels of `count` rates, all finite and >= 0, count <= KT_SERIES_MAX. grain: the share of one I/O in a
 * rate, 0 when it is too small to see; nothing below half of it is taken for a signal. Time O(count^3): 0.13 s
 * for 600, 1 ms for 120. */
void kt_steps_find(const double *rates, size_t count, double grain, struct kt_steps *ret);

#endif
