/* SPDX-License-Identifier: Apache-2.0 */
/* Latencies as a log-linear histogram: 128 buckets per octave over all of uint64_t, so no value is ever clamped. */
#ifndef KT_TUNER_BENCH_HISTOGRAM_H
#define KT_TUNER_BENCH_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
        KT_HISTOGRAM_SUB_BITS = 7,
        KT_HISTOGRAM_SUBS = 1 << KT_HISTOGRAM_SUB_BITS,
        /* Values below 128 have a counter each; the 57 octaves from 2^7 to 2^64 have 128 each. */
        KT_HISTOGRAM_COUNTERS = (64 - KT_HISTOGRAM_SUB_BITS + 1) * KT_HISTOGRAM_SUBS,
};

/* 58 KiB: one per thread, merged after the threads ended. Not locked: one writer at a time. All zero is empty. */
struct kt_histogram {
        uint64_t counters[KT_HISTOGRAM_COUNTERS];
        uint64_t count;
        uint64_t sum_low; /* the exact sum, 128 bits */
        uint64_t sum_high;
        uint64_t min; /* meaningless while count is 0; use the functions */
        uint64_t max;
};

void kt_histogram_record(struct kt_histogram *histogram, uint64_t value);
/* Adds what `from` holds; both stay usable. Order does not matter. */
void kt_histogram_merge(struct kt_histogram *into, const struct kt_histogram *from);

/* The value that `percent` of the recorded ones do not exceed (nearest rank): 50, 99, 99.9. At most 0.4 % off, and
 * never outside min..max; the lowest (0 and below) and the highest rank are exact. 0 when empty. */
uint64_t kt_histogram_percentile(const struct kt_histogram *histogram, double percent);

/* Exact; 0 when empty. */
uint64_t kt_histogram_min(const struct kt_histogram *histogram);
uint64_t kt_histogram_max(const struct kt_histogram *histogram);
double kt_histogram_mean(const struct kt_histogram *histogram);

#endif
