/* SPDX-License-Identifier: Apache-2.0 */
/* Log-linear buckets: the octave is the position of the highest bit, the seven bits below it choose the bucket. */
#include "tuner/bench/histogram.h"

#include <math.h>
#include <stdbool.h>

static size_t index_of(uint64_t value)
{
        int octave;

        if (value < KT_HISTOGRAM_SUBS)
                return (size_t)value;

        octave = 63 - __builtin_clzll(value);
        return (size_t)(octave - KT_HISTOGRAM_SUB_BITS) * KT_HISTOGRAM_SUBS +
               (size_t)(value >> (octave - KT_HISTOGRAM_SUB_BITS));
}

/* The middle of a bucket: half a bucket is at most 2^-8 of its lower end, that is 0.39 %. */
static uint64_t middle_of(size_t index)
{
        size_t octave = index / KT_HISTOGRAM_SUBS;
        uint64_t width;

        if (octave < 2)
                return (uint64_t)index;

        width = UINT64_C(1) << (octave - 1);
        return ((uint64_t)(index % KT_HISTOGRAM_SUBS) + KT_HISTOGRAM_SUBS) * width + width / 2;
}

static void add_sum(struct kt_histogram *histogram, uint64_t low, uint64_t high)
{
        bool carry = __builtin_add_overflow(histogram->sum_low, low, &histogram->sum_low);

        histogram->sum_high += high + (carry ? 1 : 0);
}

static void take_bounds(struct kt_histogram *histogram, uint64_t min, uint64_t max)
{
        if (histogram->count == 0 || min < histogram->min)
                histogram->min = min;
        if (histogram->count == 0 || max > histogram->max)
                histogram->max = max;
}

void kt_histogram_record(struct kt_histogram *histogram, uint64_t value)
{
        take_bounds(histogram, value, value);
        histogram->counters[index_of(value)]++;
        histogram->count++;
        add_sum(histogram, value, 0);
}

void kt_histogram_merge(struct kt_histogram *into, const struct kt_histogram *from)
{
        if (from->count == 0)
                return;

        take_bounds(into, from->min, from->max);
        for (size_t i = 0; i < KT_HISTOGRAM_COUNTERS; i++)
                into->counters[i] += from->counters[i];
        into->count += from->count;
        add_sum(into, from->sum_low, from->sum_high);
}

/* The smallest rank that covers the share; the product is taken in long double, whose 64 bits of x86 hold any count. */
static uint64_t rank_of(uint64_t count, double percent)
{
        long double rank = ceill((long double)count * (long double)percent / 100.0L);

        if (rank < 1)
                return 1;
        return rank >= (long double)count ? count : (uint64_t)rank;
}

uint64_t kt_histogram_percentile(const struct kt_histogram *histogram, double percent)
{
        uint64_t rank;
        uint64_t seen = 0;
        size_t i = 0;
        uint64_t value;

        if (histogram->count == 0 || !(percent > 0))
                return kt_histogram_min(histogram);
        if (percent >= 100)
                return histogram->max;

        rank = rank_of(histogram->count, percent);
        if (rank == histogram->count)
                return histogram->max;
        for (; i < KT_HISTOGRAM_COUNTERS - 1; i++) {
                seen += histogram->counters[i];
                if (seen >= rank)
                        break;
        }

        value = middle_of(i);
        if (value < histogram->min)
                return histogram->min;
        return value > histogram->max ? histogram->max : value;
}

uint64_t kt_histogram_min(const struct kt_histogram *histogram)
{
        return histogram->count > 0 ? histogram->min : 0;
}

uint64_t kt_histogram_max(const struct kt_histogram *histogram)
{
        return histogram->count > 0 ? histogram->max : 0;
}

double kt_histogram_mean(const struct kt_histogram *histogram)
{
        if (histogram->count == 0)
                return 0;
        return (double)((ldexpl((long double)histogram->sum_high, 64) + (long double)histogram->sum_low) /
                        (long double)histogram->count);
}
