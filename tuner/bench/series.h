/* SPDX-License-Identifier: Apache-2.0 */
/* What was moved, window by window, over one phase of the measurement. No clock and no allocation in here. */
#ifndef KT_TUNER_BENCH_SERIES_H
#define KT_TUNER_BENCH_SERIES_H

#include <stddef.h>
#include <stdint.h>

enum {
        KT_SERIES_MAX = 600,   /* windows; more are folded, see kt_series_add() */
        KT_SERIES_MIN_OPS = 8, /* I/Os a window needs for its rate to be a measurement */
};

/* An estimate and its bounds, low <= value <= high. What they cover is said where it is made. */
struct kt_interval {
        double value;
        double low;
        double high;
};

/* What completed in [begin_ns, begin_ns + length_ns). A stall is a window of zero bytes, never a missing window. */
struct kt_window {
        int64_t begin_ns; /* on any clock that only goes forward; the first window's begin is the phase's zero */
        int64_t length_ns;
        uint64_t bytes;
        uint64_t ops;
};

/* 24 KiB, in the caller's storage. All zero is empty. */
struct kt_series {
        size_t count;
        size_t fold;   /* windows added per window kept; 0 counts as 1 */
        size_t folded; /* of the last one */
        struct kt_window windows[KT_SERIES_MAX];
};

void kt_series_init(struct kt_series *series);

/* Appends a window. A full series first halves itself by folding neighbours and from then on folds what is added: a
 * run of any length fits. Windows that do not last (length_ns <= 0) or begin before the last one are ignored. */
void kt_series_add(struct kt_series *series, const struct kt_window *window);

/* Copies the windows whose middle lies in [from_s, to_s) seconds after the first window's begin. ret != series. */
void kt_series_slice(const struct kt_series *series, double from_s, double to_s, struct kt_series *ret);

/* Adds several volumes up, window by window; they were cut at the same times. As long as the shortest of them; each
 * window begins and lasts as that of the first part. ret is none of the parts. */
void kt_series_sum(const struct kt_series *const *parts, size_t part_count, struct kt_series *ret);

/* The series in windows of 2, 4, 8, ... times the length, until nine in ten of the windows that moved anything hold
 * min_ops I/Os, or until fewer than twenty would be left. A rest at the end joins the last window. Returns the factor
 * that was used (1: a copy). ret != series. */
size_t kt_series_widen(const struct kt_series *series, uint64_t min_ops, struct kt_series *ret);

/* Bytes per second; 0 for a window that does not last. */
double kt_window_rate(const struct kt_window *window);

/* Seconds without the gaps between windows, and bytes (UINT64_MAX when they do not fit). */
double kt_series_seconds(const struct kt_series *series);
uint64_t kt_series_bytes(const struct kt_series *series);
uint64_t kt_series_ops(const struct kt_series *series);
/* Median of the windows' rates in bytes per second; 0 when empty. */
double kt_series_median_rate(const struct kt_series *series);

/* Sorts values. 0 when count is 0. No NaN may be among them. */
double kt_median(double *values, size_t count);
/* ret[i] = median of the `width` values around i, fewer at the ends. width is odd; count <= KT_SERIES_MAX. */
void kt_running_median(const double *values, size_t count, size_t width, double *ret);

#endif
