/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes that exist only as arithmetic: a generator with fixed seeds, noise as disks make it, and token buckets. */
#ifndef KT_TESTS_UNIT_TUNER_BENCH_NOISE_H
#define KT_TESTS_UNIT_TUNER_BENCH_NOISE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/text/num.h"
#include "tuner/bench/series.h"

#define MB 1e6

struct noise {
        double cv;     /* of one window */
        double r;      /* of neighbouring windows: AR(1) */
        bool dips;     /* to 30 %, every fifteenth window */
        bool outliers; /* one window in twenty at 0.3 or 1.7 of its rate */
};

struct source {
        uint64_t state;
        double last;
};

/* SplitMix64 (Steele, Lea, Flood 2014); 0 <= u < 1. */
static inline double next_uniform(struct source *source)
{
        uint64_t z = source->state += UINT64_C(0x9E3779B97F4A7C15);

        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static inline double next_normal(struct source *source)
{
        double radius = sqrt(-2 * log(1 - next_uniform(source)));

        return radius * cos(2 * M_PI * next_uniform(source));
}

static inline struct source source_of(size_t seed)
{
        struct source source = { .state = (uint64_t)seed * UINT64_C(1000003) };

        source.last = next_normal(&source);
        return source;
}

/* What a window of the given number gets of its rate. */
static inline double next_share(struct source *source, const struct noise *noise, size_t number)
{
        double share;

        source->last = noise->r * source->last + sqrt(1 - noise->r * noise->r) * next_normal(source);
        share = fmax(0.05, 1 + noise->cv * source->last);
        if (noise->dips && number % 15 == 14)
                share *= 0.3;
        if (noise->outliers && next_uniform(source) < 0.05)
                share *= next_uniform(source) < 0.5 ? 0.3 : 1.7;
        return share;
}

/* One second, in I/Os of 1 MiB. */
static inline void add_second(struct kt_series *series, double bytes)
{
        int64_t begin = 0;

        if (series->count > 0) {
                const struct kt_window *last = &series->windows[series->count - 1];

                begin = last->begin_ns + last->length_ns;
        }
        kt_series_add(series, &(struct kt_window){ .begin_ns = begin,
                                                   .length_ns = 1000000000,
                                                   .bytes = (uint64_t)bytes,
                                                   .ops = (uint64_t)(bytes / 1048576) });
}

/* B(t) = min over the rows of bytes + rate t. */
struct bucket {
        double bytes;
        double rate;
};

static inline double carried(const struct bucket *buckets, size_t count, double seconds)
{
        double least = HUGE_VAL;

        for (size_t i = 0; i < count; i++)
                least = fmin(least, buckets[i].bytes + buckets[i].rate * seconds);
        return least;
}

/* Whole I/Os only, as a real volume completes them. */
static inline void fill_buckets(struct kt_series *series, const struct bucket *buckets, size_t count, size_t seconds)
{
        double done = 0;

        kt_series_init(series);
        for (size_t i = 0; i < seconds; i++) {
                double now = floor(carried(buckets, count, (double)i + 1) / 1048576) * 1048576;

                add_second(series, now - done);
                done = now;
        }
}

/* Figures are shown in the long form only. */
#define SHOW(...)                                    \
        do {                                         \
                if (getenv("KT_SIM_TRIALS") != NULL) \
                        print_message(__VA_ARGS__);  \
        } while (0)

/* Trials per cell of a simulation: KT_SIM_TRIALS gives the long form, 1000 is what the tables were made with. */
static inline size_t trials_of(size_t usual)
{
        const char *text = getenv("KT_SIM_TRIALS");
        uint64_t trials;

        if (text == NULL || kt_num_parse_u64_in(text, 1, 100000, &trials) < 0)
                return usual;
        return (size_t)trials;
}

/* Three standard errors of a share seen in so many trials: what a fixed seed may be off by. */
static inline double scatter_of(double share, size_t trials)
{
        return 3 * sqrt(share * (1 - share) / (double)trials);
}

#endif
