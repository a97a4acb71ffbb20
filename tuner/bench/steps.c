/* SPDX-License-Identifier: Apache-2.0 */
/* Optimal partitioning (Jackson et al. 2005) with the biweight cost of Fearnhead and Rigaill ("Changepoint detection in
 * the presence of outliers", 2019) on the logarithm of the rate.
 *
 * The logarithm makes the noise of a fast level and of a slow one the same size. The cost of a window stops growing at
 * three sigma, so a dip or an outlier cannot buy a change of level. A change costs beta = 4.7 s^2 ln n, inflated by
 * (1 + r) / (1 - r) because correlated noise wanders. Levels closer than 10 % are one level.
 *
 * The first form of this (penalty 5, r from medians of sums and differences) raised a false alarm in 1.4 % of the runs
 * of correlated noise (r = 0.5, 120 windows) and called most gradual declines a burst or two. A moment estimate of r
 * scatters less and may be corrected for its bias, and a line now competes with the steps: 0.8 % false alarms, the same
 * or better detection of real steps, and declines told from them. tests/unit/tuner/bench has the simulation. */
#include "tuner/bench/steps.h"

#include <math.h>
#include <string.h>

#define MAD_TO_SIGMA    1.4826 /* median absolute deviation of a normal distribution: sigma / 1.4826 */
#define NOISE_MIN       0.01   /* a perfect throttle has no noise: one per cent is none */
#define OUTLIER         3.0    /* sigma at which the cost of a window stops growing */
#define PENALTY         4.7
#define CORRELATION_MAX 0.7
#define ZERO_SHARE      1e-3 /* of the median rate: what an empty window counts as, its logarithm has to exist */
#define TYPICAL         2.5  /* sigma beyond which a window says nothing about its neighbours */
#define DRIFT_SIGMA     4.0  /* the drift inside a level that noise does not make */
#define DRIFT_WINDOWS   9    /* shorter levels have no thirds to compare */
#define TREND_WIDTH     21   /* windows of the running median that the correlation is measured around */

enum {
        END_MOVES = 2,   /* windows by which a change may be put right */
        LEVEL_KEEPS = 3, /* and a level is never left with fewer */
};

static double median_of(const double *values, size_t count)
{
        double copy[KT_SERIES_MAX];

        memcpy(copy, values, count * sizeof(*values));
        return kt_median(copy, count);
}

static void take_logarithms(const double *rates, size_t count, double *ret)
{
        double least = median_of(rates, count) * ZERO_SHARE;

        if (!(least > 1))
                least = 1;
        for (size_t i = 0; i < count; i++)
                ret[i] = log(rates[i] > least ? rates[i] : least);
}

/* From the differences of neighbours, which steps hardly touch. */
static double noise_of(const double *y, size_t count, double least)
{
        double step[KT_SERIES_MAX];
        double middle;

        for (size_t i = 1; i < count; i++)
                step[i - 1] = y[i] - y[i - 1];
        middle = median_of(step, count - 1);
        for (size_t i = 1; i < count; i++)
                step[i - 1] = fabs(step[i - 1] - middle);
        return fmax(least, MAD_TO_SIGMA * kt_median(step, count - 1) / sqrt(2));
}

/* Lag-1 autocorrelation around the running median, without the pairs that hold an outlier. Subtracting the running
 * median takes slow wandering away with it, and a short series shows too little of it: the factor gives that back (mean
 * estimate at r = 0.5 without it: 0.35). */
static double correlation_of(const double *y, size_t count)
{
        double rest[KT_SERIES_MAX];
        double size[KT_SERIES_MAX];
        double products = 0;
        double squares = 0;
        double limit;

        kt_running_median(y, count, TREND_WIDTH, rest);
        for (size_t i = 0; i < count; i++) {
                rest[i] = y[i] - rest[i];
                size[i] = fabs(rest[i]);
        }
        limit = TYPICAL * MAD_TO_SIGMA * kt_median(size, count);
        for (size_t i = 1; i < count; i++) {
                if (fabs(rest[i]) > limit || fabs(rest[i - 1]) > limit)
                        continue;
                products += rest[i] * rest[i - 1];
                squares += (rest[i] * rest[i] + rest[i - 1] * rest[i - 1]) / 2;
        }
        if (!(products > 0))
                return 0;
        return fmin((1.1 + 12 / (double)count) * products / squares, CORRELATION_MAX);
}

static double capped_square(double distance, double limit)
{
        return fmin(distance * distance, limit * limit);
}

/* Puts value into the `count` sorted ones. */
static void insert(double *sorted, size_t count, double value)
{
        size_t at = count;

        for (; at > 0 && sorted[at - 1] > value; at--)
                sorted[at] = sorted[at - 1];
        sorted[at] = value;
}

static double cost_around_median(const double *sorted, size_t count, double limit)
{
        double middle = sorted[(count - 1) / 2] / 2 + sorted[count / 2] / 2;
        double cost = 0;

        for (size_t i = 0; i < count; i++)
                cost += capped_square(sorted[i] - middle, limit);
        return cost;
}

/* best[t]: the least cost of the first t windows; from[t]: where their last level begins. Every level begin a hands its
 * best on to all ends t; when a is reached all that lead to it were. */
static void partition(const double *y, size_t count, double limit, double beta, size_t from[KT_SERIES_MAX + 1])
{
        double best[KT_SERIES_MAX + 1];
        double sorted[KT_SERIES_MAX];

        for (size_t t = 0; t <= count; t++)
                best[t] = t == 0 ? -beta : HUGE_VAL;
        for (size_t a = 0; a + KT_STEPS_MIN_WINDOWS <= count; a++) {
                if (isinf(best[a]))
                        continue;
                for (size_t t = a + 1; t <= count; t++) {
                        double cost;

                        insert(sorted, t - a - 1, y[t - 1]);
                        if (t - a < KT_STEPS_MIN_WINDOWS)
                                continue;
                        cost = best[a] + beta + cost_around_median(sorted, t - a, limit);
                        if (cost < best[t]) {
                                best[t] = cost;
                                from[t] = a;
                        }
                }
        }
}

static void read_back(const size_t from[KT_SERIES_MAX + 1], size_t count, struct kt_steps *ret)
{
        size_t at;

        ret->count = 0;
        for (size_t t = count; t > 0; t = from[t])
                ret->count++;
        at = ret->count;
        for (size_t t = count; t > 0; t = from[t])
                ret->ends[--at] = t;
}

static size_t begin_of(const struct kt_steps *steps, size_t level)
{
        return level == 0 ? 0 : steps->ends[level - 1];
}

static void take_medians(const double *rates, struct kt_steps *steps)
{
        for (size_t i = 0; i < steps->count; i++) {
                size_t begin = begin_of(steps, i);

                steps->medians[i] = median_of(rates + begin, steps->ends[i] - begin);
        }
}

/* 0 for two levels without a byte. */
static double relative_step(double a, double b)
{
        double larger = fmax(a, b);

        return larger > 0 ? fabs(a - b) / larger : 0;
}

/* Joins the two closest neighbours again and again while they are closer than the limit. */
static void merge_close(const double *rates, struct kt_steps *steps)
{
        take_medians(rates, steps);
        while (steps->count > 1) {
                size_t closest = 1;

                for (size_t i = 2; i < steps->count; i++)
                        if (relative_step(steps->medians[i - 1], steps->medians[i]) <
                            relative_step(steps->medians[closest - 1], steps->medians[closest]))
                                closest = i;
                if (relative_step(steps->medians[closest - 1], steps->medians[closest]) >= KT_STEPS_MERGE)
                        return;

                memmove(&steps->ends[closest - 1], &steps->ends[closest],
                        (steps->count - closest) * sizeof(steps->ends[0]));
                steps->count--;
                take_medians(rates, steps);
        }
}

/* A window that is mixed, or an outlier, costs the same on either side of a change: each end moves to where the windows
 * beside it belong. */
static void settle_ends(const double *y, struct kt_steps *steps)
{
        for (size_t i = 0; i + 1 < steps->count; i++) {
                size_t begin = begin_of(steps, i);
                size_t end = steps->ends[i];
                size_t next = steps->ends[i + 1];
                double left = median_of(y + begin, end - begin);
                double right = median_of(y + end, next - end);

                for (size_t k = 0; k < END_MOVES && end - begin > LEVEL_KEEPS; k++, end--)
                        if (fabs(y[end - 1] - left) <= fabs(y[end - 1] - right))
                                break;
                for (size_t k = 0; k < END_MOVES && next - end > LEVEL_KEEPS; k++, end++)
                        if (fabs(y[end] - left) >= fabs(y[end] - right))
                                break;
                steps->ends[i] = end;
        }
}

static double cost_of_steps(const double *y, const struct kt_steps *steps, double limit)
{
        double cost = 0;

        for (size_t i = 0; i < steps->count; i++) {
                double middle = median_of(y + begin_of(steps, i), steps->ends[i] - begin_of(steps, i));

                for (size_t t = begin_of(steps, i); t < steps->ends[i]; t++)
                        cost += capped_square(y[t] - middle, limit);
        }
        return cost;
}

/* From the median of the first third to that of the last: Tukey's resistant line. */
static double drift_of(const double *y, size_t count)
{
        size_t third = count / 3;

        return median_of(y + count - third, third) - median_of(y, third);
}

static double cost_of_line(const double *y, size_t count, double rise, double limit)
{
        double rest[KT_SERIES_MAX];
        double middle;
        double cost = 0;

        for (size_t i = 0; i < count; i++)
                rest[i] = y[i] - rise * (double)i;
        middle = median_of(rest, count);
        for (size_t i = 0; i < count; i++)
                cost += capped_square(rest[i] - middle, limit);
        return cost;
}

/* A decline without steps comes out of the partition as a staircase. A line over everything, which has one parameter as
 * a step has, is the better story when it costs less. */
static bool line_is_better(const double *y, size_t count, const struct kt_steps *steps, double limit, double beta)
{
        double drift = drift_of(y, count);

        if (fabs(drift) < KT_STEPS_MERGE)
                return false;
        return cost_of_line(y, count, drift / (double)(count - count / 3), limit) + beta <
               cost_of_steps(y, steps, limit) + beta * ((double)steps->count - 1);
}

/* A drift inside one level: its outer thirds differ by more than the merge limit and by more than the noise explains.
 * The variance of a median of m values is pi/2 s^2/m. */
static bool level_drifts(const double *y, size_t count, double noise, double inflation)
{
        double error;
        double drift;

        if (count < DRIFT_WINDOWS)
                return false;

        drift = fabs(drift_of(y, count));
        error = noise * sqrt(M_PI / 2 * 2 / (double)(count / 3) * inflation);
        return drift >= KT_STEPS_MERGE && drift > DRIFT_SIGMA * error;
}

static bool any_drift(const double *y, const struct kt_steps *steps, double inflation)
{
        for (size_t i = 0; i < steps->count; i++)
                if (level_drifts(y + begin_of(steps, i), steps->ends[i] - begin_of(steps, i), steps->noise, inflation))
                        return true;
        return false;
}

void kt_steps_find(const double *rates, size_t count, double grain, struct kt_steps *ret)
{
        double y[KT_SERIES_MAX];
        size_t from[KT_SERIES_MAX + 1] = { 0 };
        double inflation;
        double beta;
        double limit;

        memset(ret, 0, sizeof(*ret));
        if (count == 0)
                return;
        ret->noise = NOISE_MIN;
        ret->ends[0] = count;
        ret->count = 1;
        take_medians(rates, ret);
        if (count < 2)
                return;

        take_logarithms(rates, count, y);
        ret->correlation = correlation_of(y, count);
        ret->noise = noise_of(y, count, fmax(NOISE_MIN, grain / 2)) / sqrt(1 - ret->correlation);
        if (count < 2 * KT_STEPS_MIN_WINDOWS)
                return;

        inflation = (1 + ret->correlation) / (1 - ret->correlation);
        beta = PENALTY * ret->noise * ret->noise * log((double)count) * inflation;
        limit = OUTLIER * ret->noise;
        partition(y, count, limit, beta, from);
        read_back(from, count, ret);
        merge_close(rates, ret);
        settle_ends(y, ret);
        take_medians(rates, ret);
        ret->sloping = line_is_better(y, count, ret, limit, beta) || any_drift(y, ret, inflation);
}
