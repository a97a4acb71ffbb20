/* SPDX-License-Identifier: Apache-2.0 */
/* Drift: back-off and giving up. */
#include "daemonset/drift.h"

static enum kt_drift_action judge_held(struct kt_drift *drift, int64_t now_ms)
{
        if (!drift->has_held || drift->is_pending)
                drift->held_ms = now_ms;
        drift->has_held = true;
        drift->is_pending = false;
        drift->failures = 0;
        if (now_ms - drift->held_ms >= KT_DRIFT_QUIET_MS)
                *drift = (struct kt_drift){ .has_held = true, .held_ms = drift->held_ms };
        return KT_DRIFT_NOTHING;
}

/* It has just become wrong. True when that was one fight too many. */
static bool begin(struct kt_drift *drift, int64_t now_ms, int64_t jitter_ms)
{
        drift->is_pending = true;
        if (drift->has_given_up)
                return false; /* not_before_ms is the next attempt */

        drift->not_before_ms = now_ms;
        if (!drift->is_ours)
                return false;
        drift->fights++;
        drift->not_before_ms += KT_DRIFT_BACKOFF_MS + jitter_ms;
        if (drift->fights < KT_DRIFT_FIGHTS_MAX)
                return false;
        drift->has_given_up = true;
        drift->not_before_ms = now_ms + KT_DRIFT_RETRY_MS;
        return true;
}

enum kt_drift_action kt_drift_judge(struct kt_drift *drift, bool holds, int64_t now_ms, int64_t jitter_ms)
{
        if (holds)
                return judge_held(drift, now_ms);
        if (!drift->is_pending && begin(drift, now_ms, jitter_ms))
                return KT_DRIFT_GIVE_UP;
        if (now_ms < drift->not_before_ms)
                return drift->has_given_up ? KT_DRIFT_CONFLICT : KT_DRIFT_WAIT;
        return drift->has_held ? KT_DRIFT_RESTORE : KT_DRIFT_APPLY;
}

void kt_drift_written(struct kt_drift *drift, int64_t now_ms)
{
        drift->is_ours = drift->has_held;
        drift->failures = 0;
        if (drift->has_given_up)
                drift->not_before_ms = now_ms + KT_DRIFT_RETRY_MS;
        (void)judge_held(drift, now_ms); /* it holds: there is nothing to do */
}

void kt_drift_failed(struct kt_drift *drift, int64_t now_ms)
{
        int64_t wait_ms = KT_DRIFT_FAILED_MS;

        for (unsigned i = 0; i < drift->failures && wait_ms < KT_DRIFT_FAILED_MAX_MS; i++)
                wait_ms *= 2;
        drift->failures++;
        drift->not_before_ms = now_ms + (wait_ms < KT_DRIFT_FAILED_MAX_MS ? wait_ms : KT_DRIFT_FAILED_MAX_MS);
}
