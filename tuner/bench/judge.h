/* SPDX-License-Identifier: Apache-2.0 */
/* From windows to rates, fits and the cap of the node. Pure: the same windows give the same answer. */
#ifndef KT_TUNER_BENCH_JUDGE_H
#define KT_TUNER_BENCH_JUDGE_H

#include <stdbool.h>

#include "lib/base/attr.h"
#include "tuner/bench/fit.h"
#include "tuner/bench/result.h"
#include "tuner/bench/series.h"

/* What a phase wrote, or read. */
void kt_judge_series(const struct kt_disk_phase *phase, bool is_read, struct kt_series *ret);

/* The same of all volumes together. */
void kt_judge_sum(const struct kt_disk_result *result, enum kt_disk_phase_id phase, bool is_read,
                  struct kt_series *ret);

/* Bytes over seconds without the first skip_seconds, and the 95 % interval of the windows' mean. Of a series that is no
 * longer than that all of it counts. Not known when nothing was moved. */
void kt_judge_rate(const struct kt_series *series, double skip_seconds, struct kt_disk_rate *ret);

/* Seconds at the start of a phase that do not count for its rate: caches and throttles grant a start of their own, and
 * a ramp whose steps made a difference was slower. */
double kt_judge_settle(const struct kt_disk_phase *phase);

/* The same, skipping also what spends credit_bytes that a burst bucket got back before the phase, at what the series
 * moves above the sustained rate meanwhile. True when the series did not last for that: *ret then is too high. */
KT_MUST_CHECK bool kt_judge_rate_behind(const struct kt_series *series, double skip_seconds, double credit_bytes,
                                        double sustained, struct kt_disk_rate *ret);

/* May the writing end, with what all volumes have shown so far? */
bool kt_judge_may_stop(const struct kt_disk_result *result);

/* Fills the fit of every volume and, in *ret_sum, that of all together. early_bytes: what each had written before the
 * first window, at about the same rate. */
void kt_judge_write(struct kt_disk_result *result, const double *early_bytes, struct kt_fit *ret_sum);

/* Fills node.write and node.read. rest: for how many seconds each volume had rested before its solo phase, and before
 * all ran together again. */
struct kt_judge_rests {
        double solo[KT_DISK_VOLUMES_MAX];
        double again[KT_DISK_VOLUMES_MAX];
};
void kt_judge_caps(struct kt_disk_result *result, const struct kt_fit *sum, const struct kt_judge_rests *rests);

#endif
