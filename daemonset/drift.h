/* SPDX-License-Identifier: Apache-2.0 */
/* When a value that somebody changed is put back, and when no more. Pure. */
#ifndef KT_DAEMONSET_DRIFT_H
#define KT_DAEMONSET_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

enum {
        KT_DRIFT_QUIET_MS = 10 * 60 * 1000, /* a value that held for so long is no part of a fight any more */
        KT_DRIFT_BACKOFF_MS = 5 * 1000,     /* before the second time; the first time is at once */
        KT_DRIFT_FIGHTS_MAX = 2,            /* a value that was put back was changed again, that often in a row */
        KT_DRIFT_RETRY_MS = 60 * 60 * 1000, /* after that one attempt each hour: the rival may be gone */
        KT_DRIFT_FAILED_MS = 2 * 1000,      /* after a write that failed; doubles with each */
        KT_DRIFT_FAILED_MAX_MS = 5 * 60 * 1000,
};

/* The history of one value. Zero-initialise it. */
struct kt_drift {
        bool has_held;   /* it was right at least once: what is wrong before that is nobody's change */
        bool is_pending; /* it is wrong now */
        bool is_ours;    /* it was put back, and not quiet for long enough since */
        bool has_given_up;
        unsigned fights;       /* times that a value put back was changed again */
        unsigned failures;     /* of writing, in a row */
        int64_t held_ms;       /* since when it holds */
        int64_t not_before_ms; /* the earliest time for the next attempt */
};

enum kt_drift_action {
        KT_DRIFT_NOTHING,  /* it holds */
        KT_DRIFT_APPLY,    /* it never held: write it; then kt_drift_written or kt_drift_failed */
        KT_DRIFT_RESTORE,  /* somebody changed it: the same */
        KT_DRIFT_WAIT,     /* backing off */
        KT_DRIFT_GIVE_UP,  /* this was the last fight: say so, once */
        KT_DRIFT_CONFLICT, /* given up before */
};

/* What to do about a value that holds or not. jitter_ms (0 to KT_DRIFT_BACKOFF_MS) is added to the wait, so that nodes
 * do not fight in step. */
enum kt_drift_action kt_drift_judge(struct kt_drift *drift, bool holds, int64_t now_ms, int64_t jitter_ms);

/* It was written, read back, and is right. */
void kt_drift_written(struct kt_drift *drift, int64_t now_ms);
/* It could not be written, or did not become right. */
void kt_drift_failed(struct kt_drift *drift, int64_t now_ms);

#endif
