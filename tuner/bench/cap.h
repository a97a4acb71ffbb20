/* SPDX-License-Identifier: Apache-2.0 */
/* Do volumes share a limit of the node? The sum of what each does alone against what all do together. Write, read and
 * both at once are separate calls. */
#ifndef KT_TUNER_BENCH_CAP_H
#define KT_TUNER_BENCH_CAP_H

#include <stdbool.h>
#include <stddef.h>

#include "tuner/bench/series.h"

enum kt_cap_verdict {
        KT_CAP_UNCERTAIN,     /* not certain: the bounds leave both possible, more_windows says what would settle it */
        KT_CAP_SHARED,        /* together they get less than 95 % of the sum, 99 % sure: cap.value is the limit */
        KT_CAP_NONE,          /* none up to `together`: a cap, if there is one, lies above */
        KT_CAP_CREDIT,        /* the phases together before and after disagree: a bucket drained in between */
        KT_CAP_SAME_DEVICE,   /* the paths lie on one device: its limit is no node cap */
        KT_CAP_OWN_CPU,       /* less together, but our own CPU was short */
        KT_CAP_OTHER_TRAFFIC, /* less together, but others used the disks */
        KT_CAP_VERDICT_COUNT_
};

/* Shares at which a confounder takes the verdict over. */
#define KT_CAP_RHO                 0.95 /* together / sum below this matters */
#define KT_CAP_RHO_NONE            0.90 /* "none" needs this excluded */
#define KT_CAP_AGREE               0.05 /* first and last phase together */
#define KT_CAP_CPU_BUSY            0.80
#define KT_CAP_OTHER_TRAFFIC_SHARE 0.05

/* What was seen beside the rates while the phases ran; all zero is a quiet node with devices of their own. */
struct kt_cap_confounders {
        bool same_device;   /* two of the volumes end at one backing device */
        bool cpu_throttled; /* nr_throttled of our cgroup rose */
        double cpu_busy;    /* highest share of the CPUs we may use, 0..1 */
        double other_share; /* bytes of other disks and processes / our bytes, highest phase */
};

/* Windows of one second, the settling one left out; of a volume that bursts only those of its last level (see
 * kt_fit_respend_seconds() for how much of a phase that costs). Borrowed. */
struct kt_cap_input {
        const struct kt_series *const *solo; /* one per volume, each alone */
        size_t volumes;
        const struct kt_series *together_first; /* summed over the volumes, before the solo phases */
        const struct kt_series *together_last;  /* the same after them; NULL or empty while it has not run */
        struct kt_cap_confounders confounders;
};

/* All intervals: 98 % two-sided, so each bound alone is 99 %. Rates in bytes per second. */
struct kt_cap {
        enum kt_cap_verdict verdict;
        struct kt_interval rho;      /* together / sum */
        struct kt_interval together; /* both phases */
        struct kt_interval sum;      /* of the solo rates */
        double cap;                  /* the limit when verdict is KT_CAP_SHARED, else 0 */
        double first;                /* the two phases together, one by one; last is 0 without one */
        double last;
        size_t windows;      /* of the shortest phase */
        size_t more_windows; /* per phase, to be certain; 0 when certain or when windows cannot help */
};

enum {
        KT_CAP_WINDOWS_MIN = 5,   /* per phase; fewer are always KT_CAP_UNCERTAIN */
        KT_CAP_WINDOWS_MAX = 600, /* more_windows never asks for more */
};

/* Never fails; one volume, or phases without a byte, are KT_CAP_UNCERTAIN with more_windows 0. */
void kt_cap_judge(const struct kt_cap_input *input, struct kt_cap *ret);

/* A word for JSON: "shared", "none", "credit-limited", "same-device", "own-cpu", "other-traffic", "not-certain". */
const char *kt_cap_verdict_name(enum kt_cap_verdict verdict);

#endif
