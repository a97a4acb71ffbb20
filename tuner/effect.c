/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics of a proof. */
#include "tuner/effect.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An interval that wide says nothing: a quarter more and a quarter less may both be true. */
static const double unsteady_width = 0.5;

/* Quantiles of Student's t for 95 %, two-sided, by degrees of freedom from 1 (any table of the distribution). */
static const double student[KT_EFFECT_ROUNDS_MAX - 1] = {
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120,  2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045,
};

static int compare(const void *left, const void *right)
{
        double a = *(const double *)left;
        double b = *(const double *)right;

        return a < b ? -1 : a > b;
}

static double median(const double *values, size_t count)
{
        double sorted[KT_EFFECT_ROUNDS_MAX];

        memcpy(sorted, values, count * sizeof(*values));
        qsort(sorted, count, sizeof(*sorted), compare);
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

static enum kt_effect_verdict judge(const struct kt_effect *effect)
{
        if (effect->low > 0)
                return KT_EFFECT_BETTER;
        if (effect->high < 0)
                return KT_EFFECT_WORSE;
        return effect->high - effect->low > unsteady_width ? KT_EFFECT_UNSTEADY : KT_EFFECT_SAME;
}

int kt_effect_compute(const double *before, const double *after, size_t rounds, struct kt_effect *ret)
{
        double ratios[KT_EFFECT_ROUNDS_MAX];
        double mean = 0;
        double squares = 0;
        double half;

        if (rounds < KT_EFFECT_ROUNDS_MIN || rounds > KT_EFFECT_ROUNDS_MAX)
                return -EINVAL;
        for (size_t i = 0; i < rounds; i++) {
                if (!(before[i] > 0) || !(after[i] > 0) || !isfinite(before[i]) || !isfinite(after[i]))
                        return -EINVAL;
                ratios[i] = log(after[i] / before[i]);
                mean += ratios[i] / (double)rounds;
        }
        for (size_t i = 0; i < rounds; i++)
                squares += (ratios[i] - mean) * (ratios[i] - mean);
        half = student[rounds - 2] * sqrt(squares / (double)(rounds - 1) / (double)rounds);

        *ret = (struct kt_effect){
                .rounds = rounds,
                .change = expm1(mean),
                .low = expm1(mean - half),
                .high = expm1(mean + half),
                .before = median(before, rounds),
                .after = median(after, rounds),
        };
        ret->verdict = judge(ret);
        return 0;
}

const char *kt_effect_name(enum kt_effect_verdict verdict)
{
        static const char *const names[KT_EFFECT_COUNT_] = {
                [KT_EFFECT_BETTER] = "better",
                [KT_EFFECT_SAME] = "no difference measured",
                [KT_EFFECT_WORSE] = "worse",
                [KT_EFFECT_UNSTEADY] = "too unsteady to tell",
        };

        return names[verdict];
}

void kt_effect_show(const struct kt_effect *effect, struct kt_str *out)
{
        kt_str_addf(out, "%s: %+.1f %% (%d %% sure: %+.1f to %+.1f %%)", kt_effect_name(effect->verdict),
                    100 * effect->change, KT_EFFECT_CONFIDENCE_PERCENT, 100 * effect->low, 100 * effect->high);
}
