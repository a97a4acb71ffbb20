/* SPDX-License-Identifier: Apache-2.0 */
/* What a series of windows says: one rate, a burst that ended, or nothing steady; with intervals and what is proven.
 *
 * The model is a token bucket that was full at the start, B(t) = min(P t, C + R t): P the burst rate, R the sustained
 * rate (and the refill), C the bucket. Two buckets in a row (volume, node) give two knees. */
#ifndef KT_TUNER_BENCH_FIT_H
#define KT_TUNER_BENCH_FIT_H

#include <stdbool.h>
#include <stddef.h>

#include "tuner/bench/series.h"

enum kt_fit_shape {
        KT_FIT_SHORT,      /* too few windows to tell anything */
        KT_FIT_CONSTANT,   /* one rate for as long as it was watched */
        KT_FIT_BURST,      /* fell once and stayed */
        KT_FIT_TWO_BURSTS, /* fell twice and stayed */
        KT_FIT_UNSTEADY,   /* no rate may be called sustained; kt_fit.reason says why */
        KT_FIT_SHAPE_COUNT_
};

enum kt_fit_reason {
        KT_FIT_STEADY,   /* not unsteady */
        KT_FIT_RISING,   /* a later level is faster: an upgrade, a neighbour that stopped, a warm-up */
        KT_FIT_SLOPING,  /* it drifts instead of stepping */
        KT_FIT_CHANGING, /* more than two changes */
        KT_FIT_STALLED,  /* a level moved next to nothing */
        KT_FIT_REASON_COUNT_
};

enum {
        KT_FIT_KNEES_MAX = 2,
        KT_FIT_LEVELS_MAX = 8, /* kept in kt_fit; kt_fit.changes counts all */
};

/* Windows between two changes. Rates are bytes per second. */
struct kt_fit_level {
        double begin_s; /* seconds after the first window's begin, gaps left out */
        double seconds;
        double bytes;
        double median;           /* of the windows' rates */
        struct kt_interval rate; /* least squares on the cumulative bytes; 95 % by five batch means */
};

/* The end of one burst. Bounds: the corners of the 95 % intervals of the rates it is made from. */
struct kt_fit_knee {
        struct kt_interval bucket;  /* C, bytes */
        struct kt_interval seconds; /* from the start, at full rate */
        struct kt_interval refill;  /* bytes per second while idle; by the model the rate after the knee */
};

struct kt_fit {
        enum kt_fit_shape shape;
        enum kt_fit_reason reason;

        struct kt_interval burst;     /* P: the first level's rate */
        struct kt_interval sustained; /* R: the last level's; all 0 when nothing may be called so (short, unsteady) */
        struct kt_fit_knee knees[KT_FIT_KNEES_MAX];
        size_t knee_count;

        struct kt_fit_level levels[KT_FIT_LEVELS_MAX];
        size_t level_count;
        size_t changes;

        size_t windows; /* that were judged: after widening, without the settling ones */
        double window_s;
        double noise;       /* relative, of one window; robust */
        double correlation; /* of neighbouring windows, 0..0.7 */
        double gap_s;       /* time between windows in which nobody measured */

        double seconds; /* of the whole series, gaps left out */
        double bytes;
        double held_s;     /* proof: how long the last level held, */
        double held_bytes; /* what was moved in it, */
        double half_width; /* and the 95 % half-width of its rate, as a share of the rate */
};

/* Judges a series that began with the phase's first I/O on a rested volume (bytes before it are missing from C). The
 * first settle_s seconds count for C but not for the rates: caches and throttles grant a start of their own. 1.0 is
 * usual. Never fails, never yields NaN or infinity; intervals are clipped at 0. */
void kt_fit_series(const struct kt_series *series, double settle_s, struct kt_fit *ret);

/* What the rule wants before a measurement may end early. */
struct kt_stop_rule {
        double min_s;      /* at least this long after the last change */
        double knee_share; /* and this share of the time before it */
        double half_width; /* and the last rate known to this share of itself */
};

extern const struct kt_stop_rule kt_stop_usual; /* 20 s, 0.5, 0.03 */

enum kt_stop_why {
        KT_STOP_PROVEN,   /* may stop */
        KT_STOP_SHORT,    /* not yet: too few windows */
        KT_STOP_HOLD,     /* not yet: the last level must hold longer */
        KT_STOP_WIDE,     /* not yet: its rate is not known well enough */
        KT_STOP_UNSTEADY, /* not yet: it may still settle */
        KT_STOP_WHY_COUNT_
};

struct kt_stop {
        enum kt_stop_why why;
        double held_s;   /* what is there ... */
        double wanted_s; /* ... and what is wanted */
        double half_width;
        double wanted_width;
};

/* May the phase end now, by kt_stop_usual? KT_STOP_PROVEN, or what is missing. */
void kt_fit_may_stop(const struct kt_fit *fit, struct kt_stop *ret);

/* The honest bound: a later drop to later_rate is possible only when a bucket holds more than the bytes returned, that
 * is all that was moved less what later_rate would have given: (X - R') S for a constant X held for S. 0 or more. */
double kt_fit_bucket_bound(const struct kt_fit *fit, double later_rate);

/* The two bounds that are printed when no documented baseline is known: for half and a quarter of the last rate. */
struct kt_fit_bound {
        double later_rate;
        double bucket;
};

enum { KT_FIT_BOUNDS = 2 };
void kt_fit_usual_bounds(const struct kt_fit *fit, struct kt_fit_bound ret[KT_FIT_BOUNDS]);

/* How long the tokens that idle_s seconds gave back to the last bucket let it burst again: min(C, R idle) / (P - R).
 * A later phase on the volume measures the sustained rate only after that. 0 without a knee. */
double kt_fit_respend_seconds(const struct kt_fit *fit, double idle_s);

/* Refill as measured: `again` is the series of a second burst that began after idle_s seconds without I/O. True when it
 * could be told: the second burst ended inside the series; *ret then is its bytes above R over idle_s. When the bucket
 * was full again *ret is only a lower bound: ret->high is then the first burst's P. */
bool kt_fit_refill(const struct kt_fit *first, const struct kt_series *again, double idle_s, struct kt_interval *ret);

/* A word for JSON: "constant", "burst", "two-bursts", "unsteady", "short". */
const char *kt_fit_shape_name(enum kt_fit_shape shape);

#endif
