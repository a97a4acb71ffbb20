/* SPDX-License-Identifier: Apache-2.0 */
/* What all views of a result share: names, and its release. */
#include "tuner/bench/result.h"

#include <stdlib.h>

const double kt_disk_quantiles[KT_DISK_QUANTILE_COUNT] = { 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999 };

static const struct {
        const char *name;
        const char *title;
} phases[KT_PHASE_COUNT_] = {
        [KT_PHASE_WRITE] = { "write", "write, all together" },
        [KT_PHASE_REFILL] = { "refill", "burst after a rest" },
        [KT_PHASE_SOLO] = { "solo", "write, alone" },
        [KT_PHASE_AGAIN] = { "again", "write, all together again" },
        [KT_PHASE_READ] = { "read", "cold read" },
        [KT_PHASE_READ_SOLO] = { "readSolo", "cold read, alone" },
        [KT_PHASE_READ_AGAIN] = { "readAgain", "cold read, all together again" },
        [KT_PHASE_MIXED] = { "mixed", "write beside read" },
        [KT_PHASE_SYNC_50] = { "sync50", "fdatasync at 50 %" },
        [KT_PHASE_SYNC_80] = { "sync80", "fdatasync at 80 %" },
        [KT_PHASE_CATCH_UP] = { "catchUp", "catch-up read" },
        [KT_PHASE_STALL] = { "stall", "stall of a buffered writer" },
};

static const char *const ends[KT_END_COUNT_] = { "notRun", "steady", "time", "bytes", "error", "signal" };

const char *kt_disk_phase_name(enum kt_disk_phase_id id)
{
        return phases[id].name;
}

const char *kt_disk_phase_title(enum kt_disk_phase_id id)
{
        return phases[id].title;
}

const char *kt_disk_end_name(enum kt_disk_end end)
{
        return ends[end];
}

void kt_disk_result_done(struct kt_disk_result *result)
{
        for (size_t v = 0; v < result->volume_count; v++) {
                for (size_t p = 0; p < KT_PHASE_COUNT_; p++)
                        free(result->volumes[v].phases[p].windows);
                free(result->volumes[v].target.devices);
        }
        kt_findings_done(&result->notes);
        *result = (struct kt_disk_result){ 0 };
}
