/* SPDX-License-Identifier: Apache-2.0 */
/* What the numbers mean for Kafka. Pure. */
#ifndef KT_TUNER_BENCH_VERDICT_H
#define KT_TUNER_BENCH_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "tuner/bench/result.h"

struct kt_verdict_inputs {
        double buffer_seconds; /* workload.bufferTime */
        double broker_rate;    /* workload.writeRate; 0: not given */
        double required;       /* --require, of every volume while all are busy; 0: not given */
};

/* What is left of the sustained rate for produce: the rest is for compaction, recovery and a disk's bad day. */
#define KT_VERDICT_SHARE 0.8

/* What the volume sustains on its own: measured alone where the volumes share a cap, otherwise beside the others. */
const struct kt_disk_rate *kt_verdict_alone(const struct kt_disk_result *result, size_t volume);

/* True when that is proven: by what all wrote together where they share a cap. */
bool kt_verdict_is_alone_sustained(const struct kt_disk_result *result, size_t volume);

/* True when what the verdict rests on is proven. */
bool kt_verdict_is_sustained(const struct kt_disk_result *result);

/* What kafka-tuner takes the dirty limits from, as a path of kafka.yaml and its value, which is rounded down:
 * "storage.sustainedRate: 44.9M". */
enum { KT_VERDICT_SETTING_MAX = 64 };
const char *kt_verdict_setting(const struct kt_disk_result *result, char buf[KT_VERDICT_SETTING_MAX]);

/* Fills result->verdict, the volumes' produce rates and the exit code. */
void kt_verdict_make(const struct kt_verdict_inputs *inputs, struct kt_disk_result *result);

#endif
