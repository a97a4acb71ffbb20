/* SPDX-License-Identifier: Apache-2.0 */
/* Windows are only ever joined with their neighbours: bytes, operations and time stay what was measured. */
#include "tuner/bench/series.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
        WIDEN_KEEPS = 20, /* windows that widening leaves at least: the detector wants two levels and their edges */
};

#define NS_PER_S 1e9

static uint64_t add_u64(uint64_t a, uint64_t b)
{
        uint64_t sum;

        return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static int64_t add_length(int64_t a, int64_t b)
{
        int64_t sum;

        return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static void move_in(struct kt_window *window, const struct kt_window *more)
{
        window->bytes = add_u64(window->bytes, more->bytes);
        window->ops = add_u64(window->ops, more->ops);
}

static void join(struct kt_window *window, const struct kt_window *next)
{
        move_in(window, next);
        window->length_ns = add_length(window->length_ns, next->length_ns);
}

void kt_series_init(struct kt_series *series)
{
        memset(series, 0, sizeof(*series));
}

static void halve(struct kt_series *series)
{
        for (size_t i = 0; i < series->count / 2; i++) {
                struct kt_window window = series->windows[2 * i];

                join(&window, &series->windows[2 * i + 1]);
                series->windows[i] = window;
        }
        series->count /= 2;
        series->fold *= 2;
        series->folded = series->fold;
}

void kt_series_add(struct kt_series *series, const struct kt_window *window)
{
        if (window->length_ns <= 0)
                return;
        if (series->count > 0 && window->begin_ns < series->windows[series->count - 1].begin_ns)
                return;
        if (series->fold == 0)
                series->fold = 1;

        if (series->count > 0 && series->folded < series->fold) {
                join(&series->windows[series->count - 1], window);
                series->folded++;
                return;
        }
        if (series->count == KT_SERIES_MAX)
                halve(series);
        series->windows[series->count++] = *window;
        series->folded = 1;
}

/* In double: the difference of two clock values may leave int64_t when somebody hands in nonsense. */
static double seconds_between(int64_t from_ns, int64_t to_ns)
{
        return ((double)to_ns - (double)from_ns) / NS_PER_S;
}

void kt_series_slice(const struct kt_series *series, double from_s, double to_s, struct kt_series *ret)
{
        kt_series_init(ret);
        for (size_t i = 0; i < series->count; i++) {
                const struct kt_window *window = &series->windows[i];
                double middle = seconds_between(series->windows[0].begin_ns, window->begin_ns) +
                                (double)window->length_ns / NS_PER_S / 2;

                if (middle >= from_s && middle < to_s)
                        ret->windows[ret->count++] = *window;
        }
        ret->fold = 1;
        ret->folded = 1;
}

void kt_series_sum(const struct kt_series *const *parts, size_t part_count, struct kt_series *ret)
{
        kt_series_init(ret);
        if (part_count == 0)
                return;

        *ret = *parts[0];
        for (size_t p = 1; p < part_count; p++) {
                if (parts[p]->count < ret->count)
                        ret->count = parts[p]->count;
                for (size_t i = 0; i < ret->count; i++)
                        move_in(&ret->windows[i], &parts[p]->windows[i]);
        }
}

static void join_runs(const struct kt_series *series, size_t factor, struct kt_series *ret)
{
        size_t whole = series->count / factor;

        kt_series_init(ret);
        ret->fold = 1;
        ret->folded = 1;
        for (size_t i = 0; i < series->count; i++) {
                if (i % factor == 0 && ret->count < whole)
                        ret->windows[ret->count++] = series->windows[i];
                else
                        join(&ret->windows[ret->count - 1], &series->windows[i]);
        }
}

/* A stall has windows without any I/O however long they are: they do not ask for longer ones. */
static bool has_enough(const struct kt_series *series, uint64_t min_ops)
{
        size_t moved = 0;
        size_t few = 0;

        for (size_t i = 0; i < series->count; i++) {
                moved += series->windows[i].ops > 0;
                few += series->windows[i].ops > 0 && series->windows[i].ops < min_ops;
        }
        return few * 10 <= moved;
}

size_t kt_series_widen(const struct kt_series *series, uint64_t min_ops, struct kt_series *ret)
{
        size_t factor = 1;

        *ret = *series;
        while (!has_enough(ret, min_ops) && series->count / (factor * 2) >= WIDEN_KEEPS) {
                factor *= 2;
                join_runs(series, factor, ret);
        }
        return factor;
}

double kt_window_rate(const struct kt_window *window)
{
        if (window->length_ns <= 0)
                return 0;
        return (double)window->bytes * NS_PER_S / (double)window->length_ns;
}

double kt_series_seconds(const struct kt_series *series)
{
        double seconds = 0;

        for (size_t i = 0; i < series->count; i++)
                seconds += (double)series->windows[i].length_ns / NS_PER_S;
        return seconds;
}

uint64_t kt_series_bytes(const struct kt_series *series)
{
        uint64_t bytes = 0;

        for (size_t i = 0; i < series->count; i++)
                bytes = add_u64(bytes, series->windows[i].bytes);
        return bytes;
}

uint64_t kt_series_ops(const struct kt_series *series)
{
        uint64_t ops = 0;

        for (size_t i = 0; i < series->count; i++)
                ops = add_u64(ops, series->windows[i].ops);
        return ops;
}

double kt_series_median_rate(const struct kt_series *series)
{
        double rates[KT_SERIES_MAX];

        for (size_t i = 0; i < series->count; i++)
                rates[i] = kt_window_rate(&series->windows[i]);
        return kt_median(rates, series->count);
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a;
        double y = *(const double *)b;

        return (x > y) - (x < y);
}

double kt_median(double *values, size_t count)
{
        if (count == 0)
                return 0;

        qsort(values, count, sizeof(*values), compare);
        if (count % 2 == 1)
                return values[count / 2];
        return values[count / 2 - 1] / 2 + values[count / 2] / 2;
}

void kt_running_median(const double *values, size_t count, size_t width, double *ret)
{
        double around[KT_SERIES_MAX];
        size_t half = width / 2;

        for (size_t i = 0; i < count; i++) {
                size_t first = i > half ? i - half : 0;
                size_t end = count - i > half ? i + half + 1 : count;

                memcpy(around, values + first, (end - first) * sizeof(*values));
                ret[i] = kt_median(around, end - first);
        }
}
