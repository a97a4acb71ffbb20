/* SPDX-License-Identifier: Apache-2.0 */
/* When a value that somebody changed is put back, and when no more. Pure. */
#ifndef KT_DAEMONSET_DRIFT_H
#define KT_DAEMONSET_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

enum {
        KT_DRIFT_QUIET_MS = 10 * 60 * 1000, /* a value that held that long is no part of a fight any more */
        KT_DRIFT_BACKOFF_MS = 5 * 1000,     /* before the second time; the first time is at once */
        KT_DRIFT_FIGHTS_MAX = 2,            /* a value that we put back and that was changed again, that often */
        KT_DRIFT_RETRY_MS = 60 * 60 * 1000, /* after that one more attempt each hour: the rival may be gone */
};

/* The history of one value. Zero-initialise it. */
struct kt_drift {
        unsigned fights; /* times that a value put back was changed again, one after another */
        bool is_ours;    /* we put it back, and it has not been quiet for long enough since */
        bool is_pending; /* it is wrong now */
        bool has_given_up;
        int64_t restored_ms;   /* when it was put back last */
        int64_t not_before_ms; /* the earliest time for the next attempt */
};

enum kt_drift_action {
        KT_DRIFT_NOTHING,  /* it holds */
        KT_DRIFT_RESTORE,  /* put it back now, and say so with kt_drift_restored */
        KT_DRIFT_WAIT,     /* backing off */
        KT_DRIFT_GIVE_UP,  /* this was the last fight: say so, once */
        KT_DRIFT_CONFLICT, /* given up before */
};

/* What to do about a value that holds or not. jitter_ms (0 to KT_DRIFT_BACKOFF_MS) is added to the wait, so that nodes do
 * not fight in step. */
enum kt_drift_action kt_drift_judge(struct kt_drift *drift, bool holds, int64_t now_ms, int64_t jitter_ms);

/* It was put back, read back, and is right. */
void kt_drift_restored(struct kt_drift *drift, int64_t now_ms);

#endif
