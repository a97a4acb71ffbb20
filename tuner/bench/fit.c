/* SPDX-License-Identifier: Apache-2.0 */
/* Levels become a token bucket: rates by least squares on the cumulative bytes, buckets and knees where lines meet. */
#include "tuner/bench/fit.h"

#include <math.h>
#include <string.h>

#include "tuner/bench/steps.h"

enum {
        BATCHES = 5,
        SLOW_PART = 10,                         /* one window in ten is slower than what counts as slow */
        WINDOWS_MIN = 2 * KT_STEPS_MIN_WINDOWS, /* with fewer no change could be seen */
};

#define REFILL_SETTLED 0.10 /* how near to R a second burst has to come down */
#define REFILL_FULL    0.90 /* share of the bucket from which it may have been full */
#define NS_PER_S       1e9

const struct kt_stop_rule kt_stop_usual = { .min_s = 20, .knee_share = 0.5, .half_width = 0.03 };

/* Cumulative time and bytes at the edges of the windows; edge 0 is the start. Gaps are left out. */
struct curve {
        double seconds[KT_SERIES_MAX + 1];
        double bytes[KT_SERIES_MAX + 1];
};

/* B(t) = bytes + rate (t - seconds): a level's line through its middle, where it is known best. */
struct line {
        double seconds;
        double bytes;
        struct kt_interval rate;
};

static void take_curve(const struct kt_series *series, struct curve *ret)
{
        ret->seconds[0] = 0;
        ret->bytes[0] = 0;
        for (size_t i = 0; i < series->count; i++) {
                ret->seconds[i + 1] = ret->seconds[i] + (double)series->windows[i].length_ns / NS_PER_S;
                ret->bytes[i + 1] = ret->bytes[i] + (double)series->windows[i].bytes;
        }
}

/* Time between the end of a window and the begin of the next. */
static double gaps_of(const struct kt_series *series)
{
        double gaps = 0;

        for (size_t i = 1; i < series->count; i++) {
                const struct kt_window *before = &series->windows[i - 1];
                double gap = (double)series->windows[i].begin_ns - (double)before->begin_ns - (double)before->length_ns;

                gaps += fmax(0, gap / NS_PER_S);
        }
        return gaps;
}

/* Student's t, 97.5 %, for 1 to 4 degrees of freedom. */
static double half_width(const struct curve *curve, size_t begin, size_t end)
{
        static const double quantiles[BATCHES] = { 0, 12.706, 4.303, 3.182, 2.776 };
        size_t batches = (end - begin) / 2 < BATCHES ? (end - begin) / 2 : BATCHES;
        double rates[BATCHES];
        double mean = 0;
        double squares = 0;

        if (batches < 2)
                return HUGE_VAL;
        for (size_t i = 0; i < batches; i++) {
                size_t from = begin + (end - begin) * i / batches;
                size_t to = begin + (end - begin) * (i + 1) / batches;

                rates[i] = (curve->bytes[to] - curve->bytes[from]) / (curve->seconds[to] - curve->seconds[from]);
                mean += rates[i] / (double)batches;
        }
        for (size_t i = 0; i < batches; i++)
                squares += (rates[i] - mean) * (rates[i] - mean);
        return quantiles[batches - 1] * sqrt(squares / (double)(batches - 1) / (double)batches);
}

/* Least squares through the edges begin..end. The bounds are never closer than one I/O more or less: an edge of a
 * window falls into the middle of one. */
static void fit_line(const struct curve *curve, size_t begin, size_t end, double io_bytes, struct line *ret)
{
        double points = (double)(end - begin + 1);
        double seconds = 0;
        double bytes = 0;
        double across = 0;
        double along = 0;
        double half;

        for (size_t i = begin; i <= end; i++) {
                seconds += curve->seconds[i] / points;
                bytes += curve->bytes[i] / points;
        }
        for (size_t i = begin; i <= end; i++) {
                across += (curve->seconds[i] - seconds) * (curve->seconds[i] - seconds);
                along += (curve->seconds[i] - seconds) * (curve->bytes[i] - bytes);
        }
        ret->seconds = seconds;
        ret->bytes = bytes;
        ret->rate.value = across > 0 ? fmax(0, along / across) : 0;
        half = fmax(half_width(curve, begin, end), io_bytes / (curve->seconds[end] - curve->seconds[begin]));
        if (!(half < ret->rate.value))
                half = ret->rate.value;
        ret->rate.low = ret->rate.value - half;
        ret->rate.high = ret->rate.value + half;
}

/* The levels' lines skip the window beside each change: it is mixed. */
static void take_levels(const struct kt_series *series, const struct curve *curve, size_t first,
                        const struct kt_steps *steps, struct line lines[KT_STEPS_MAX], struct kt_fit *ret)
{
        uint64_t ops = kt_series_ops(series);
        double io_bytes = ops > 0 ? ret->bytes / (double)ops : 0;

        for (size_t i = 0; i < steps->count; i++) {
                size_t begin = first + (i == 0 ? 0 : steps->ends[i - 1]);
                size_t end = first + steps->ends[i];
                struct kt_fit_level level = {
                        .begin_s = curve->seconds[begin],
                        .seconds = curve->seconds[end] - curve->seconds[begin],
                        .bytes = curve->bytes[end] - curve->bytes[begin],
                        .median = steps->medians[i],
                };

                fit_line(curve, begin + (i > 0 ? 1 : 0), end - (i + 1 < steps->count ? 1 : 0), io_bytes, &lines[i]);
                level.rate = lines[i].rate;
                /* With too many levels the last one stays: it is the one that held to the end. */
                ret->level_count = i < KT_FIT_LEVELS_MAX ? i + 1 : KT_FIT_LEVELS_MAX;
                ret->levels[ret->level_count - 1] = level;
        }
        ret->changes = steps->count - 1;
}

/* More than half of a level's windows without a byte. */
static bool any_stalled(const struct kt_steps *steps)
{
        for (size_t i = 0; i < steps->count; i++)
                if (!(steps->medians[i] > 0))
                        return true;
        return false;
}

static bool any_rising(const struct kt_steps *steps)
{
        for (size_t i = 1; i < steps->count; i++)
                if (steps->medians[i] > steps->medians[i - 1])
                        return true;
        return false;
}

static enum kt_fit_reason reason_of(const struct kt_steps *steps)
{
        if (any_stalled(steps))
                return KT_FIT_STALLED;
        if (any_rising(steps))
                return KT_FIT_RISING;
        if (steps->count > KT_FIT_KNEES_MAX + 1)
                return KT_FIT_CHANGING;
        return steps->sloping ? KT_FIT_SLOPING : KT_FIT_STEADY;
}

static double intercept(const struct line *line, double rate)
{
        return line->bytes - rate * line->seconds;
}

static void widen_to(struct kt_interval *interval, double value)
{
        interval->low = fmin(interval->low, value);
        interval->high = fmax(interval->high, value);
}

static double clip(double value, double low, double high)
{
        return fmin(fmax(value, low), high);
}

static void clip_interval(struct kt_interval *interval, double high)
{
        interval->value = clip(interval->value, 0, high);
        interval->low = clip(interval->low, 0, high);
        interval->high = clip(interval->high, 0, high);
}

/* When both lines carry the same bytes; `never` for lines that do not meet. */
static double meet(const struct line *before, double rate_before, const struct line *after, double rate_after,
                   double never)
{
        if (!(rate_before > rate_after))
                return never;
        return (intercept(after, rate_after) - intercept(before, rate_before)) / (rate_before - rate_after);
}

static void take_knee(const struct line *before, const struct line *after, double gap_s, double total_s,
                      struct kt_fit_knee *ret)
{
        const double *from = (const double[]){ before->rate.low, before->rate.high };
        const double *to = (const double[]){ after->rate.low, after->rate.high };
        double back = after->rate.high * gap_s; /* tokens that came back while nobody wrote count as bucket */

        ret->refill = after->rate;
        ret->bucket.value = intercept(after, after->rate.value);
        ret->bucket.low = intercept(after, after->rate.high) - back;
        ret->bucket.high = intercept(after, after->rate.low);
        clip_interval(&ret->bucket, HUGE_VAL);

        ret->seconds.value = meet(before, before->rate.value, after, after->rate.value, total_s);
        ret->seconds.low = ret->seconds.value;
        ret->seconds.high = ret->seconds.value;
        for (size_t i = 0; i < 2; i++)
                for (size_t k = 0; k < 2; k++)
                        widen_to(&ret->seconds, meet(before, from[i], after, to[k], total_s));
        if (before->rate.value > after->rate.value)
                ret->seconds.low -= back / (before->rate.value - after->rate.value);
        clip_interval(&ret->seconds, total_s);
}

/* The burst begins at the origin: whatever the settling windows granted above or below P is part of the bucket. */
static void take_knees(const struct line *lines, struct kt_fit *ret)
{
        struct line before = { .rate = lines[0].rate };

        for (size_t i = 0; i < ret->changes; i++) {
                take_knee(&before, &lines[i + 1], ret->gap_s, ret->seconds, &ret->knees[i]);
                before = lines[i + 1];
        }
        ret->knee_count = ret->changes;
}

static void take_proof(const struct kt_fit_level *last, struct kt_fit *ret)
{
        ret->held_s = last->seconds;
        ret->held_bytes = last->bytes;
        ret->half_width = last->rate.value > 0 ? (last->rate.high - last->rate.value) / last->rate.value : 1;
}

static void take_shape(const struct kt_steps *steps, const struct line *lines, struct kt_fit *ret)
{
        static const enum kt_fit_shape falls[KT_FIT_KNEES_MAX + 1] = { KT_FIT_CONSTANT, KT_FIT_BURST,
                                                                       KT_FIT_TWO_BURSTS };

        ret->burst = lines[0].rate;
        take_proof(&ret->levels[ret->level_count - 1], ret);
        ret->shape = KT_FIT_SHORT;
        if (ret->windows < WINDOWS_MIN)
                return;

        ret->shape = KT_FIT_UNSTEADY;
        ret->reason = reason_of(steps);
        if (ret->reason != KT_FIT_STEADY)
                return;

        ret->shape = falls[ret->changes];
        ret->sustained = lines[ret->changes].rate;
        take_knees(lines, ret);
}

/* The share of one I/O in the slow windows; those without any say nothing about it. */
static double grain_of(const struct kt_series *series)
{
        double ops[KT_SERIES_MAX];
        size_t count = 0;

        for (size_t i = 0; i < series->count; i++)
                if (series->windows[i].ops > 0)
                        ops[count++] = (double)series->windows[i].ops;
        if (count == 0)
                return 0;

        kt_median(ops, count); /* sorts */
        return 1 / ops[count / SLOW_PART];
}

static size_t settling_windows(const struct curve *curve, size_t count, double settle_s)
{
        size_t first = 0;

        /* A window cut a little early by the clock still counts as the settling one. */
        while (first < count && curve->seconds[first] + 1e-3 < settle_s)
                first++;
        return first < count ? first : 0;
}

void kt_fit_series(const struct kt_series *series, double settle_s, struct kt_fit *ret)
{
        struct kt_series wide;
        struct curve curve;
        struct kt_steps steps;
        struct line lines[KT_STEPS_MAX];
        double rates[KT_SERIES_MAX];
        size_t first;

        memset(ret, 0, sizeof(*ret));
        if (series->count == 0)
                return;

        kt_series_widen(series, KT_SERIES_MIN_OPS, &wide);
        take_curve(&wide, &curve);
        first = settling_windows(&curve, wide.count, settle_s);
        ret->gap_s = gaps_of(series);
        ret->seconds = curve.seconds[wide.count];
        ret->bytes = curve.bytes[wide.count];
        ret->windows = wide.count - first;
        ret->window_s = ret->seconds / (double)wide.count;

        for (size_t i = 0; i < ret->windows; i++)
                rates[i] = kt_window_rate(&wide.windows[first + i]);
        kt_steps_find(rates, ret->windows, grain_of(&wide), &steps);
        ret->noise = steps.noise;
        ret->correlation = steps.correlation;
        take_levels(&wide, &curve, first, &steps, lines, ret);
        take_shape(&steps, lines, ret);
}

static enum kt_stop_why why_not(const struct kt_fit *fit, const struct kt_stop *stop)
{
        if (fit->shape == KT_FIT_SHORT)
                return KT_STOP_SHORT;
        if (fit->shape == KT_FIT_UNSTEADY)
                return KT_STOP_UNSTEADY;
        if (stop->held_s < stop->wanted_s)
                return KT_STOP_HOLD;
        return stop->half_width < stop->wanted_width ? KT_STOP_PROVEN : KT_STOP_WIDE;
}

void kt_fit_may_stop(const struct kt_fit *fit, struct kt_stop *ret)
{
        const struct kt_stop_rule *rule = &kt_stop_usual;
        double before = fit->level_count > 1 ? fit->levels[fit->level_count - 1].begin_s : 0;

        *ret = (struct kt_stop){
                .held_s = fit->held_s,
                .wanted_s = fmax(rule->min_s, rule->knee_share * before),
                .half_width = fit->half_width,
                .wanted_width = rule->half_width,
        };
        ret->why = why_not(fit, ret);
}

double kt_fit_bucket_bound(const struct kt_fit *fit, double later_rate)
{
        return fmax(0, fit->bytes - later_rate * fit->seconds);
}

void kt_fit_usual_bounds(const struct kt_fit *fit, struct kt_fit_bound ret[KT_FIT_BOUNDS])
{
        static const double shares[KT_FIT_BOUNDS] = { 0.5, 0.25 };
        double rate = fit->level_count > 0 ? fit->levels[fit->level_count - 1].rate.value : 0;

        for (size_t i = 0; i < KT_FIT_BOUNDS; i++) {
                ret[i].later_rate = rate * shares[i];
                ret[i].bucket = kt_fit_bucket_bound(fit, ret[i].later_rate);
        }
}

double kt_fit_respend_seconds(const struct kt_fit *fit, double idle_s)
{
        double seconds = 0;

        for (size_t i = 0; i < fit->knee_count; i++) {
                double tokens = fmin(fit->knees[i].bucket.value, fit->knees[i].refill.value * fmax(0, idle_s));
                double drain = fit->levels[i].rate.value - fit->levels[i + 1].rate.value;

                if (drain > 0)
                        seconds += tokens / drain;
        }
        return seconds;
}

/* Mean of B - rate t over the edges of the second half, where the second burst is over. */
static double extra_bytes(const struct curve *curve, size_t count, double rate)
{
        size_t begin = count - count / 2;
        double extra = 0;

        for (size_t i = begin; i <= count; i++)
                extra += (curve->bytes[i] - rate * curve->seconds[i]) / (double)(count - begin + 1);
        return extra;
}

static bool came_down(const struct kt_series *again, double rate)
{
        double rates[KT_SERIES_MAX];
        size_t half = again->count / 2;

        for (size_t i = 0; i < half; i++)
                rates[i] = kt_window_rate(&again->windows[again->count - half + i]);
        return fabs(kt_median(rates, half) - rate) <= REFILL_SETTLED * rate;
}

bool kt_fit_refill(const struct kt_fit *first, const struct kt_series *again, double idle_s, struct kt_interval *ret)
{
        const struct kt_interval *rate = &first->sustained;
        struct kt_interval refill;
        struct curve curve;

        if (first->knee_count == 0 || !(idle_s > 0) || again->count < KT_STEPS_MIN_WINDOWS ||
            !came_down(again, rate->value))
                return false;

        take_curve(again, &curve);
        refill.value = extra_bytes(&curve, again->count, rate->value) / idle_s;
        refill.low = extra_bytes(&curve, again->count, rate->high) / idle_s;
        refill.high = extra_bytes(&curve, again->count, rate->low) / idle_s;
        clip_interval(&refill, HUGE_VAL);
        if (refill.value * idle_s >= REFILL_FULL * first->knees[first->knee_count - 1].bucket.value)
                refill.high = fmax(refill.high, first->burst.value);
        *ret = refill;
        return true;
}

const char *kt_fit_shape_name(enum kt_fit_shape shape)
{
        static const char *const names[KT_FIT_SHAPE_COUNT_] = {
                [KT_FIT_SHORT] = "short",           [KT_FIT_CONSTANT] = "constant", [KT_FIT_BURST] = "burst",
                [KT_FIT_TWO_BURSTS] = "two-bursts", [KT_FIT_UNSTEADY] = "unsteady",
        };

        return names[shape];
}
