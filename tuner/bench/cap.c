/* SPDX-License-Identifier: Apache-2.0 */
/* rho = together / sum of the solo rates, with bounds from the scatter of the windows.
 *
 * A phase's rate is its median, moved to the mean of the windows clipped at 1.5 sigma around it (one step of Huber's
 * estimator): dips and outliers weigh as little as in the median, but it needs a third fewer windows and does not jump
 * by whole I/Os when a window holds only twenty of them. The scatter is pooled over the solo phases and over the phases
 * together, each relative to its own rate; neighbouring windows that are alike count for less. Bounds are those of
 * Student's t on ln rho. */
#include "tuner/bench/cap.h"

#include <math.h>
#include <string.h>

#define MAD_TO_SIGMA    1.4826
#define CLIP            1.5    /* sigma; Huber 1964 */
#define SCATTER_MIN     0.003  /* relative; no clock and no throttle cuts closer */
#define QUANTILE        2.3263 /* 99 % of the normal distribution */
#define CORRELATION_MAX 0.7
#define ENDS_SURE       1.6 /* on top of the quantile: what disagrees by less may be noise, and is not certain */

/* What windows of one kind say about their scatter. */
struct scatter {
        double squares;  /* of the clipped relative residuals, */
        double products; /* of neighbouring ones, */
        double pairs;
        double inside; /* windows that were not clipped, */
        double count;  /* all windows, */
        double freedom;
};

struct phase {
        size_t count;
        double rate;
};

/* The share of one I/O in a window: counting whole ones is no outlier. */
static double grain_of(const struct kt_series *series)
{
        uint64_t ops = kt_series_ops(series);

        return ops > 0 ? fmax(SCATTER_MIN, (double)series->count / (double)ops) : SCATTER_MIN;
}

/* The rate of the series; adds its residuals to the scatter. */
static struct phase measure(const struct kt_series *series, struct scatter *scatter)
{
        double rates[KT_SERIES_MAX];
        double sizes[KT_SERIES_MAX];
        struct phase ret = { .count = series->count };
        double middle = kt_series_median_rate(series);
        double before = 0;
        double mean = 0;
        double limit;

        if (!(middle > 0))
                return (struct phase){ 0 };
        for (size_t i = 0; i < series->count; i++) {
                rates[i] = kt_window_rate(&series->windows[i]) / middle - 1;
                sizes[i] = fabs(rates[i]);
        }
        limit = CLIP * fmax(grain_of(series), MAD_TO_SIGMA * kt_median(sizes, series->count));
        for (size_t i = 0; i < series->count; i++)
                mean += fmin(fmax(rates[i], -limit), limit) / (double)series->count;
        ret.rate = middle * (1 + mean);

        for (size_t i = 0; i < series->count; i++) {
                double rest = fmin(fmax(rates[i] - mean, -limit), limit);

                scatter->squares += rest * rest;
                scatter->products += rest * before;
                scatter->inside += fabs(rates[i] - mean) < limit;
                before = rest;
        }
        scatter->count += (double)series->count;
        scatter->pairs += (double)series->count - 1;
        scatter->freedom += (double)series->count - 1;
        return ret;
}

/* Variance of one window's share in a rate, as Huber's estimator has it: clipping makes the residuals smaller, the
 * share of windows inside makes up for it. */
static double variance_of(const struct scatter *scatter)
{
        double inside = scatter->inside / scatter->count;
        double variance = scatter->squares / fmax(1, scatter->freedom) / fmax(0.25, inside * inside);

        return fmax(variance, SCATTER_MIN * SCATTER_MIN);
}

/* Of both kinds together. Each phase's own mean pulls the estimate down by about 1/n; that is given back. */
static double correlation_of(const struct scatter *solo, const struct scatter *together, size_t windows)
{
        double squares = solo->squares + together->squares;
        double r;

        if (!(squares > 0))
                return 0;
        r = (solo->products + together->products) / squares;
        r = (r * (double)windows + 1) / fmax(1, (double)windows - 3);
        return fmin(fmax(r, 0), CORRELATION_MAX);
}

/* Student's t for a normal quantile (Abramowitz and Stegun 26.7.5). */
static double student(double z, double freedom)
{
        double f = fmax(1, freedom);
        double z3 = z * z * z;

        return z + (z3 + z) / (4 * f) + (5 * z3 * z * z + 16 * z3 + 3 * z) / (96 * f * f);
}

static struct kt_interval around(double value, double half)
{
        return (struct kt_interval){ .value = value, .low = value * exp(-half), .high = value * exp(half) };
}

/* All that the verdict is made from. */
struct comparison {
        struct phase first;
        struct phase last;
        double sum;
        double error_together; /* of the logarithms */
        double error_sum;
        double error_rho;
        double error_ends; /* of ln(first / last) */
        double quantile;
        size_t windows; /* of the shortest phase */
        bool usable;
};

static size_t smaller(size_t a, size_t b)
{
        return a < b ? a : b;
}

/* Sum of the solo rates and the variance of its logarithm in units of one window's variance. */
static double add_solos(const struct kt_cap_input *input, struct scatter *scatter, struct comparison *ret)
{
        double weights = 0;

        for (size_t i = 0; i < input->volumes; i++) {
                struct phase phase = measure(input->solo[i], scatter);

                ret->windows = smaller(ret->windows, phase.count);
                ret->sum += phase.rate;
                weights += phase.count > 0 ? phase.rate * phase.rate / (double)phase.count : 0;
        }
        return ret->sum > 0 ? weights / (ret->sum * ret->sum) : 0;
}

/* Welch and Satterthwaite: the degrees of freedom of a sum of two variances. */
static double joint_freedom(double a, double freedom_a, double b, double freedom_b)
{
        return (a + b) * (a + b) / (a * a / fmax(1, freedom_a) + b * b / fmax(1, freedom_b));
}

static void compare(const struct kt_cap_input *input, struct comparison *ret)
{
        struct scatter solo = { 0 };
        struct scatter together = { 0 };
        double weight;
        double inflation;
        double a;
        double b;
        double r;

        memset(ret, 0, sizeof(*ret));
        ret->windows = KT_SERIES_MAX;
        weight = add_solos(input, &solo, ret);
        ret->first = measure(input->together_first, &together);
        ret->windows = smaller(ret->windows, ret->first.count);
        if (input->together_last != NULL && input->together_last->count > 0) {
                ret->last = measure(input->together_last, &together);
                ret->windows = smaller(ret->windows, ret->last.count);
        }
        ret->usable = input->volumes > 1 && ret->windows > 0;
        if (!ret->usable)
                return;

        r = correlation_of(&solo, &together, ret->windows);
        inflation = (1 + r) / (1 - r);
        a = variance_of(&together) * inflation / together.count;
        b = variance_of(&solo) * inflation * weight;
        ret->error_together = sqrt(a);
        ret->error_sum = sqrt(b);
        ret->error_rho = sqrt(a + b);
        if (ret->last.count > 0)
                ret->error_ends =
                        sqrt(a * together.count * (1 / (double)ret->first.count + 1 / (double)ret->last.count));
        ret->quantile = student(QUANTILE, joint_freedom(a, together.freedom, b, solo.freedom));
}

static double together_rate(const struct comparison *seen)
{
        double count = (double)(seen->first.count + seen->last.count);

        return (seen->first.rate * (double)seen->first.count + seen->last.rate * (double)seen->last.count) / count;
}

/* How much longer the phases have to be for bounds of this half-width to come down to the distance. */
static size_t windows_for(const struct comparison *seen, double half, double distance)
{
        double want;

        if (!(distance > 0))
                return KT_CAP_WINDOWS_MAX;
        want = ceil((double)seen->windows * (half / distance) * (half / distance));
        if (!(want < KT_CAP_WINDOWS_MAX))
                return KT_CAP_WINDOWS_MAX;
        return want > (double)seen->windows ? (size_t)want - seen->windows : 1;
}

static double apart(const struct comparison *seen)
{
        return fabs(log(seen->first.rate / seen->last.rate));
}

/* Less together than the sum: is it the node? */
static enum kt_cap_verdict blame(const struct kt_cap_confounders *confounders)
{
        if (confounders->cpu_throttled || confounders->cpu_busy >= KT_CAP_CPU_BUSY)
                return KT_CAP_OWN_CPU;
        if (confounders->other_share >= KT_CAP_OTHER_TRAFFIC_SHARE)
                return KT_CAP_OTHER_TRAFFIC;
        return KT_CAP_SHARED;
}

static enum kt_cap_verdict uncertain(size_t more, struct kt_cap *ret)
{
        ret->more_windows = more;
        return KT_CAP_UNCERTAIN;
}

static enum kt_cap_verdict verdict_of(const struct kt_cap_input *input, const struct comparison *seen,
                                      struct kt_cap *ret)
{
        double half = seen->quantile * seen->error_rho;
        double ends = seen->quantile * seen->error_ends;
        double surely = ENDS_SURE * ends;

        if (input->confounders.same_device)
                return KT_CAP_SAME_DEVICE;
        if (seen->windows < KT_CAP_WINDOWS_MIN)
                return uncertain(KT_CAP_WINDOWS_MIN - seen->windows, ret);
        if (seen->last.count == 0)
                return uncertain(0, ret);
        if (apart(seen) > -log(1 - KT_CAP_AGREE) && apart(seen) > ends)
                return apart(seen) > surely ? KT_CAP_CREDIT : uncertain(windows_for(seen, surely, apart(seen)), ret);
        if (ret->rho.high < KT_CAP_RHO)
                return blame(&input->confounders);
        if (ret->rho.value < KT_CAP_RHO)
                return uncertain(windows_for(seen, half, log(KT_CAP_RHO / ret->rho.value)), ret);
        if (ret->rho.low > KT_CAP_RHO_NONE)
                return KT_CAP_NONE;
        return uncertain(windows_for(seen, half, log(ret->rho.value / KT_CAP_RHO_NONE)), ret);
}

void kt_cap_judge(const struct kt_cap_input *input, struct kt_cap *ret)
{
        struct comparison seen;

        memset(ret, 0, sizeof(*ret));
        compare(input, &seen);
        ret->first = seen.first.rate;
        ret->last = seen.last.rate;
        if (!seen.usable) {
                ret->verdict = input->confounders.same_device ? KT_CAP_SAME_DEVICE : KT_CAP_UNCERTAIN;
                return;
        }

        ret->windows = seen.windows;
        ret->together = around(together_rate(&seen), seen.quantile * seen.error_together);
        ret->sum = around(seen.sum, seen.quantile * seen.error_sum);
        ret->rho = around(ret->together.value / ret->sum.value, seen.quantile * seen.error_rho);
        ret->verdict = verdict_of(input, &seen, ret);
        ret->cap = ret->verdict == KT_CAP_SHARED ? ret->together.value : 0;
}

const char *kt_cap_verdict_name(enum kt_cap_verdict verdict)
{
        static const char *const names[KT_CAP_VERDICT_COUNT_] = {
                [KT_CAP_UNCERTAIN] = "not-certain",
                [KT_CAP_SHARED] = "shared",
                [KT_CAP_NONE] = "none",
                [KT_CAP_CREDIT] = "credit-limited",
                [KT_CAP_SAME_DEVICE] = "same-device",
                [KT_CAP_OWN_CPU] = "own-cpu",
                [KT_CAP_OTHER_TRAFFIC] = "other-traffic",
        };

        return names[verdict];
}
