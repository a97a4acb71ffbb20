/* SPDX-License-Identifier: Apache-2.0 */
/* A whole measurement: the plan's phases one after the other, and what they say. */
#ifndef KT_TUNER_BENCH_RUN_H
#define KT_TUNER_BENCH_RUN_H

#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/root.h"
#include "tuner/bench/progress.h"
#include "tuner/bench/result.h"

struct kt_run_options {
        double seconds;      /* of the whole run */
        uint64_t bytes;      /* that each volume may take; 0: the usual */
        uint64_t partitions; /* 0: one large stream */
        double write_rate;   /* of one broker, where it is known: with partitions it gives the size of writes */
};

/* Measures the volumes of result, whose targets were read and judged. Fills everything but the verdict. 0, also when a
 * volume failed or a signal came: result says so. -ENOMEM and the like, which result keeps, too, or when no file can be
 * made on a volume. */
KT_MUST_CHECK int kt_run(const struct kt_root *root, const struct kt_run_options *options, struct kt_progress *progress,
                         struct kt_disk_result *result, struct kt_err *e);

#endif
