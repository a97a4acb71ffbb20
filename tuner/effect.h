/* SPDX-License-Identifier: Apache-2.0 */
/* What a change of a setting did to a rate, from pairs of measurements, and how sure that is. Pure. */
#ifndef KT_TUNER_EFFECT_H
#define KT_TUNER_EFFECT_H

#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/text/str.h"

enum {
        KT_EFFECT_ROUNDS_MIN = 3,
        KT_EFFECT_ROUNDS_MAX = 30,
        KT_EFFECT_CONFIDENCE_PERCENT = 95,
};

enum kt_effect_verdict {
        KT_EFFECT_BETTER,   /* the whole interval is above 0 */
        KT_EFFECT_SAME,     /* 0 is inside it */
        KT_EFFECT_WORSE,    /* the whole interval is below 0 */
        KT_EFFECT_UNSTEADY, /* 0 is inside it, and it is wider than half of the old rate: it cannot be told */
        KT_EFFECT_COUNT_
};

/* Shares: 0.25 is a quarter more than before. Rates in the unit in which they were measured. */
struct kt_effect {
        size_t rounds;
        double change;
        double low; /* with KT_EFFECT_CONFIDENCE_PERCENT the change is between these two */
        double high;
        double before; /* medians */
        double after;
        enum kt_effect_verdict verdict;
};

/* Compares the rates of rounds pairs, each measured at nearly the same time, so that what both suffer from cancels out:
 * Student's interval for the mean of the logarithms of their ratios. -EINVAL when there are too few or too many, or a
 * rate is not above 0. */
KT_MUST_CHECK int kt_effect_compute(const double *before, const double *after, size_t rounds, struct kt_effect *ret);

/* "better", "no difference measured", "worse", "too unsteady to tell". */
const char *kt_effect_name(enum kt_effect_verdict verdict);

/* Appends "better: +12.3 % (95 % sure: +8.1 to +16.7 %)". */
void kt_effect_show(const struct kt_effect *effect, struct kt_str *out);

#endif
