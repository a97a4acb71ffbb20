/* SPDX-License-Identifier: Apache-2.0 */
/* A result as diagrams: SVG inside an HTML page that has the style of html_style.c. They stretch to any width while
 * their letters stay as they are, and each has a title and a description for those who do not see it. */
#ifndef KT_TUNER_BENCH_CHARTS_H
#define KT_TUNER_BENCH_CHARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/text/str.h"
#include "tuner/bench/result.h"

/* number tells the volumes apart, in ids. All of them add nothing and return false when there is nothing to draw. */

/* The write phase: what was measured, second by second, the fitted levels and the knee. */
bool kt_chart_write(const struct kt_disk_volume *volume, size_t number, struct kt_str *out);

/* Every phase of the run, written and read. The bands have the phases' numbers: their place among those that ran. */
bool kt_chart_run(const struct kt_disk_volume *volume, size_t number, struct kt_str *out);

/* Percentiles of every kind of request that has any. */
bool kt_chart_latency(const struct kt_disk_volume *volume, size_t number, struct kt_str *out);

/* Each volume alone, one behind the other, and all of them together. */
bool kt_chart_cap(const struct kt_disk_result *result, bool is_read, struct kt_str *out);

/* The latencies that kt_chart_latency shows, for a table beside it. i from 0; NULL behind the last. */
struct kt_chart_latency_row {
        const char *title; /* static */
        const struct kt_disk_latency *latency;
};
size_t kt_chart_latencies(const struct kt_disk_volume *volume, struct kt_chart_latency_row *rows, size_t max);

/* The phases that kt_chart_run shows, as they followed each other: their numbers count from 1. Returns how many. */
size_t kt_chart_phases(const struct kt_disk_volume *volume, const struct kt_disk_phase *ret[KT_PHASE_COUNT_]);

#endif
