/* SPDX-License-Identifier: Apache-2.0 */
/* Judgement: what the windows of the phases say. */
#include "tuner/bench/judge.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tuner/bench/plan.h"
#include "tuner/bench/targets.h"

#define MB 1e6

enum { ADVICE_MAX = 64 };

static const double settle_seconds = 1;
static const double for_ever = 1e9;
static const double slower = 0.95; /* than the end of the ramp: a step that made a difference */
static const double faster = 1.10; /* than the sustained rate: a burst bucket gives the difference */

static int64_t ns_of(double seconds)
{
        return (int64_t)llround(seconds * 1e9);
}

void kt_judge_series(const struct kt_disk_phase *phase, bool is_read, struct kt_series *ret)
{
        kt_series_init(ret);
        for (size_t i = 0; i < phase->window_count; i++) {
                const struct kt_disk_window *from = &phase->windows[i];
                const struct kt_window window = {
                        .begin_ns = ns_of(from->begin_seconds),
                        .length_ns = ns_of(from->seconds),
                        .bytes = is_read ? from->read_bytes : from->write_bytes,
                        .ops = from->ops,
                };

                kt_series_add(ret, &window);
        }
}

void kt_judge_sum(const struct kt_disk_result *result, enum kt_disk_phase_id phase, bool is_read, struct kt_series *ret)
{
        kt_series_init(ret);
        for (size_t v = 0; v < result->volume_count; v++) {
                struct kt_series one;
                struct kt_series before = *ret;
                const struct kt_series *parts[] = { &before, &one };

                kt_judge_series(&result->volumes[v].phases[phase], is_read, &one);
                if (v == 0)
                        *ret = one;
                else
                        kt_series_sum(parts, KT_COUNT(parts), ret);
        }
}

/* Two-sided 95 % quantiles of Student's t, by degrees of freedom. */
static double student(size_t freedom)
{
        static const double quantiles[] = { 0,    12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23,
                                            2.20, 2.18,  2.16, 2.14, 2.13, 2.12, 2.11, 2.10, 2.09, 2.09 };

        return freedom < KT_COUNT(quantiles) ? quantiles[freedom] : 1.96 + 2.5 / (double)freedom;
}

void kt_judge_rate(const struct kt_series *series, double skip_seconds, struct kt_disk_rate *ret)
{
        struct kt_series slice;
        double sum = 0;
        double squares = 0;
        double error = 0;

        *ret = (struct kt_disk_rate){ 0 };
        kt_series_slice(series, skip_seconds, for_ever, &slice);
        if (slice.count == 0)
                slice = *series;
        if (kt_series_bytes(&slice) == 0)
                return;

        for (size_t i = 0; i < slice.count; i++) {
                double rate = kt_window_rate(&slice.windows[i]);

                sum += rate;
                squares += rate * rate;
        }
        *ret = (struct kt_disk_rate){
                .is_known = true,
                .value = (double)kt_series_bytes(&slice) / kt_series_seconds(&slice),
                .windows = (uint32_t)slice.count,
                .seconds = kt_series_seconds(&slice),
                .bytes = kt_series_bytes(&slice),
        };
        if (slice.count > 1) {
                const double n = (double)slice.count;
                const double variance = (squares - sum * sum / n) / (n - 1);

                error = student(slice.count - 1) * sqrt(variance > 0 ? variance / n : 0);
        }
        ret->low = ret->value > error ? ret->value - error : 0;
        ret->high = slice.count > 1 ? ret->value + error : INFINITY; /* one window says nothing about the next */
}

bool kt_judge_rate_behind(const struct kt_series *series, double skip_seconds, double credit_bytes, double sustained,
                          struct kt_disk_rate *ret)
{
        double fastest = 0;
        double spend = 0;
        bool is_short;

        for (size_t i = 0; i < series->count; i++)
                fastest = fmax(fastest, kt_window_rate(&series->windows[i]));
        if (credit_bytes > 0 && fastest > faster * sustained)
                spend = credit_bytes / (fastest - sustained);
        is_short = spend >= kt_series_seconds(series);
        kt_judge_rate(series, is_short ? skip_seconds : fmax(skip_seconds, ceil(spend)), ret);
        return is_short;
}

double kt_judge_settle(const struct kt_disk_phase *phase)
{
        double settle = settle_seconds;
        double end = 0;
        double last = 0;

        for (size_t i = 0; i < phase->window_count && phase->windows[i].is_ramp; i++)
                last = (double)phase->windows[i].write_bytes / phase->windows[i].seconds;
        for (size_t i = 0; i < phase->window_count && phase->windows[i].is_ramp; i++) {
                end += phase->windows[i].seconds;
                if ((double)phase->windows[i].write_bytes / phase->windows[i].seconds < slower * last)
                        settle = end > settle ? end : settle;
        }
        return settle;
}

/* ---- Written ---- */

static bool is_proven(const struct kt_fit *fit, struct kt_stop *ret)
{
        kt_fit_may_stop(fit, ret);
        return ret->why == KT_STOP_PROVEN;
}

static void fit_phase(const struct kt_disk_phase *phase, struct kt_fit *ret)
{
        struct kt_series series;

        kt_judge_series(phase, false, &series);
        kt_fit_series(&series, kt_judge_settle(phase), ret);
}

/* A burst that has just ended is to be watched, even where it hardly shows in the sum. */
static bool has_just_changed(const struct kt_fit *fit, const struct kt_stop *stop)
{
        return fit->knee_count > 0 && stop->why == KT_STOP_HOLD;
}

/* Volumes that share a cap get uneven and wandering shares of it: then what they get together is what can be proven. */
bool kt_judge_may_stop(const struct kt_disk_result *result)
{
        bool all_proven = true;
        struct kt_series sum;
        struct kt_stop stop;
        struct kt_fit fit;

        for (size_t v = 0; v < result->volume_count; v++) {
                fit_phase(&result->volumes[v].phases[KT_PHASE_WRITE], &fit);
                all_proven &= is_proven(&fit, &stop);
                if (has_just_changed(&fit, &stop))
                        return false;
        }
        if (all_proven || result->volume_count < 2)
                return all_proven;

        kt_judge_sum(result, KT_PHASE_WRITE, false, &sum);
        kt_fit_series(&sum, kt_judge_settle(&result->volumes[0].phases[KT_PHASE_WRITE]), &fit);
        return is_proven(&fit, &stop);
}

static void explain(const struct kt_fit *fit, const struct kt_stop *stop, char *buf, size_t size)
{
        static const char *const reasons[KT_FIT_REASON_COUNT_] = {
                [KT_FIT_STEADY] = "It is not steady.",
                [KT_FIT_RISING] = "It got faster while it was measured.",
                [KT_FIT_SLOPING] = "It drifts instead of holding a level.",
                [KT_FIT_CHANGING] = "It changed more than twice.",
                [KT_FIT_STALLED] = "It came to a standstill.",
        };

        switch (stop->why) {
        case KT_STOP_PROVEN:
                buf[0] = '\0';
                return;
        case KT_STOP_SHORT:
                (void)snprintf(buf, size, "Too few seconds were measured."); /* fits */
                return;
        case KT_STOP_HOLD:
                (void)snprintf(buf, size, "It held for %.0f s, and only %.0f s would prove it.", stop->held_s,
                               stop->wanted_s); /* fits */
                return;
        case KT_STOP_WIDE:
                (void)snprintf(buf, size, "It is known to %.1f %% only, and %.0f %% would prove it.",
                               100 * stop->half_width, 100 * stop->wanted_width); /* fits */
                return;
        case KT_STOP_UNSTEADY:
                (void)snprintf(buf, size, "%s", reasons[fit->reason]); /* fits */
                return;
        case KT_STOP_WHY_COUNT_:
                break;
        }
        KT_UNREACHABLE();
}

static void rate_of_level(const struct kt_fit *fit, size_t level, struct kt_disk_rate *ret)
{
        const struct kt_fit_level *from = &fit->levels[level];

        *ret = (struct kt_disk_rate){
                .is_known = true,
                .value = from->rate.value,
                .low = from->rate.low,
                .high = from->rate.high,
                .windows = fit->window_s > 0 ? (uint32_t)(from->seconds / fit->window_s + 0.5) : 0,
                .seconds = from->seconds,
                .bytes = from->bytes > 0 ? (uint64_t)from->bytes : 0,
        };
}

static void add_bounds(const struct kt_disk_target *target, struct kt_disk_fit *fit)
{
        static const char *const usual[KT_FIT_BOUNDS] = { "half of it", "a quarter of it" };
        struct kt_fit_bound bounds[KT_FIT_BOUNDS];
        const char *reason = NULL;
        double baseline = kt_target_baseline(target, &reason);

        kt_fit_usual_bounds(&fit->model, bounds);
        fit->bound_count = 0;
        for (size_t i = 0; i < KT_FIT_BOUNDS; i++) {
                fit->bounds[fit->bound_count].rate = bounds[i].later_rate;
                fit->bounds[fit->bound_count].bucket_bytes = bounds[i].bucket;
                fit->bounds[fit->bound_count++].reason = usual[i];
        }
        if (baseline > 0 && baseline < fit->sustained.value) {
                fit->bounds[fit->bound_count].rate = baseline;
                fit->bounds[fit->bound_count].bucket_bytes = kt_fit_bucket_bound(&fit->model, baseline);
                fit->bounds[fit->bound_count++].reason = reason;
        }
}

/* early_bytes came at about the burst rate: what the bucket gave for them is missing from the model. */
static void add_knee(double early_bytes, struct kt_disk_fit *fit)
{
        const struct kt_fit *model = &fit->model;
        const struct kt_fit_knee *knee = &model->knees[model->knee_count - 1];
        const double missing =
                early_bytes > 0 && model->burst.value > 0
                        ? early_bytes * (model->burst.value - model->sustained.value) / model->burst.value
                        : 0;

        fit->has_knee = true;
        rate_of_level(model, 0, &fit->burst);
        fit->burst.value = model->burst.value;
        fit->burst.low = model->burst.low;
        fit->burst.high = model->burst.high;
        fit->bucket_bytes = knee->bucket.value + missing;
        fit->bucket_low = knee->bucket.low + missing;
        fit->bucket_high = knee->bucket.high + missing;
        fit->knee_seconds = knee->seconds.value;
        fit->refill_rate = knee->refill.value;
}

static void judge_volume(struct kt_disk_volume *volume, double early_bytes)
{
        const struct kt_disk_phase *phase = &volume->phases[KT_PHASE_WRITE];
        struct kt_disk_fit *fit = &volume->fit;
        struct kt_stop stop;

        *fit = (struct kt_disk_fit){ 0 };
        fit_phase(phase, &fit->model);
        fit->is_steady = is_proven(&fit->model, &stop);
        fit->is_sustained = fit->is_steady && fit->model.shape != KT_FIT_UNSTEADY;
        explain(&fit->model, &stop, fit->why, sizeof(fit->why));

        if (fit->model.level_count > 0)
                rate_of_level(&fit->model, fit->model.level_count - 1, &fit->sustained);
        if (!fit->sustained.is_known || fit->sustained.value <= 0) {
                struct kt_series series;

                kt_judge_series(phase, false, &series);
                kt_judge_rate(&series, kt_judge_settle(phase), &fit->sustained);
        }
        if (fit->model.knee_count > 0)
                add_knee(early_bytes, fit);
        fit->proven_seconds = fit->model.held_s;
        fit->proven_bytes = fit->model.held_bytes > 0 ? (uint64_t)fit->model.held_bytes : 0;
        add_bounds(&volume->target, fit);
}

void kt_judge_write(struct kt_disk_result *result, const double *early_bytes, struct kt_fit *ret_sum)
{
        struct kt_series sum;
        struct kt_stop stop;

        for (size_t v = 0; v < result->volume_count; v++)
                judge_volume(&result->volumes[v], early_bytes[v]);
        kt_judge_sum(result, KT_PHASE_WRITE, false, &sum);
        kt_fit_series(&sum, kt_judge_settle(&result->volumes[0].phases[KT_PHASE_WRITE]), ret_sum);
        result->node.is_sustained = is_proven(ret_sum, &stop) && ret_sum->shape != KT_FIT_UNSTEADY;
}

/* ---- The cap of the node ---- */

static const char *cap_reason(enum kt_cap_verdict verdict)
{
        static const char *const reasons[KT_CAP_VERDICT_COUNT_] = {
                [KT_CAP_UNCERTAIN] = "Too few seconds were measured. Give it more (--time, --bytes).",
                [KT_CAP_SHARED] = "",
                [KT_CAP_NONE] = "",
                [KT_CAP_CREDIT] = "",
                [KT_CAP_SAME_DEVICE] =
                        "The paths end at one disk: its limit is no limit of the node. Give paths on several disks.",
                [KT_CAP_OWN_CPU] =
                        "They were slower together, but our own CPU was short. Give it more, and measure again.",
                [KT_CAP_OTHER_TRAFFIC] =
                        "They were slower together, but others used the disks. Measure on a quiet node.",
        };

        return reasons[verdict];
}

static bool has_ended_by_bytes(const struct kt_disk_result *result)
{
        for (size_t v = 0; v < result->volume_count; v++)
                if (result->volumes[v].phases[KT_PHASE_SOLO].end == KT_END_BYTES ||
                    result->volumes[v].phases[KT_PHASE_AGAIN].end == KT_END_BYTES)
                        return true;
        return false;
}

/* What makes the phases longer that are compared; nothing does where the noise is too large for that. */
static void advise(const struct kt_disk_result *result, double phase_seconds, char buf[ADVICE_MAX])
{
        const double usual = kt_disk_plan_usual_seconds(result->volume_count);
        const double wanted = kt_disk_plan_seconds_for(result->volume_count, phase_seconds);
        const double seconds = ceil(fmax(wanted, 1.5 * fmax(result->budget_seconds, usual)) / 30) * 30;

        if (has_ended_by_bytes(result))
                (void)snprintf(buf, ADVICE_MAX, "with more bytes (--bytes), on a quiet node"); /* fits */
        else if (wanted > 0)
                (void)snprintf(buf, ADVICE_MAX, "longer (--time %.0fs), on a quiet node", seconds); /* fits */
        else
                (void)snprintf(buf, ADVICE_MAX, "on a quiet node"); /* fits */
}

/* What the figures say themselves where no cap can be told or excluded, and what to do. */
static void explain_cap(const struct kt_disk_result *result, const struct kt_cap *model, char *buf, size_t size)
{
        const bool is_doubt = model->verdict == KT_CAP_UNCERTAIN && model->windows >= KT_CAP_WINDOWS_MIN;
        const bool has_both = model->first > 0 && model->last > 0;
        const double settled = (double)(model->windows + model->more_windows) + settle_seconds;
        char advice[ADVICE_MAX];

        advise(result, settled, advice);
        if (has_both && (model->verdict == KT_CAP_CREDIT ||
                         (is_doubt && fabs(log(model->first / model->last)) > -log(1 - KT_CAP_AGREE))))
                (void)snprintf(
                        buf, size,
                        "Together they got %.1f MB/s at first and %.1f MB/s at the end: a burst bucket ran dry or "
                        "filled up in between, or others came or went. Measure %s.",
                        model->first / MB, model->last / MB, advice); /* fits */
        else if (has_both && is_doubt)
                (void)snprintf(
                        buf, size,
                        "Together they get %.1f %% of what they get alone, 99 %% sure: between %.1f and %.1f %%. "
                        "All of that below 95 %% would be a cap. Measure %s.",
                        100 * model->rho.value, 100 * model->rho.low, 100 * model->rho.high, advice); /* fits */
        else
                (void)snprintf(buf, size, "%s", cap_reason(model->verdict)); /* fits */
}

/* Without the first seconds of a phase: settling, and what a rest gave back to a bucket. */
static void slice_phase(const struct kt_disk_volume *volume, enum kt_disk_phase_id id, bool is_read, double rest,
                        struct kt_series *ret)
{
        struct kt_series whole;
        double skip = settle_seconds + (is_read ? 0 : kt_fit_respend_seconds(&volume->fit.model, rest));

        kt_judge_series(&volume->phases[id], is_read, &whole);
        kt_series_slice(&whole, skip, for_ever, ret);
}

static void fill_cap(const struct kt_disk_result *result, const struct kt_cap *model, const struct kt_series *together,
                     struct kt_disk_cap *cap)
{
        cap->is_known = true;
        cap->model = *model;
        cap->verdict = model->verdict;
        explain_cap(result, model, cap->why, sizeof(cap->why));
        kt_judge_rate(together, 0, &cap->together);
        cap->together.value = model->together.value;
        cap->together.low = model->together.low;
        cap->together.high = model->together.high;
        cap->alone = model->sum.value;
        cap->rho = model->rho.value;
        cap->rho_low = model->rho.low;
        cap->rho_high = model->rho.high;
}

static bool ran(const struct kt_disk_result *result, enum kt_disk_phase_id id)
{
        for (size_t v = 0; v < result->volume_count; v++)
                if (result->volumes[v].phases[id].window_count == 0)
                        return false;
        return true;
}

static void find_confounders(const struct kt_disk_result *result, struct kt_cap_confounders *ret)
{
        *ret = (struct kt_cap_confounders){
                .cpu_throttled = result->node.throttled > 0,
                .cpu_busy = result->node.cpu_busy,
                .other_share = result->node.other_share,
        };
        for (size_t a = 0; a < result->volume_count; a++)
                for (size_t b = a + 1; b < result->volume_count; b++)
                        ret->same_device |=
                                kt_target_shares_disk(&result->volumes[a].target, &result->volumes[b].target);
}

/* Both runs together, sliced to what may be compared. */
struct together {
        struct kt_series first;
        struct kt_series last;
};

static void judge_cap(const struct kt_disk_result *result, bool is_read, const struct kt_judge_rests *rests,
                      struct together *together, struct kt_disk_cap *ret)
{
        struct kt_series solo[KT_DISK_VOLUMES_MAX]; /* 24 KiB each */
        const struct kt_series *list[KT_DISK_VOLUMES_MAX];
        struct kt_cap_input input = {
                .solo = list,
                .volumes = result->volume_count,
                .together_first = &together->first,
                .together_last = &together->last,
        };
        struct kt_cap model;

        for (size_t v = 0; v < result->volume_count; v++) {
                slice_phase(&result->volumes[v], is_read ? KT_PHASE_READ_SOLO : KT_PHASE_SOLO, is_read, rests->solo[v],
                            &solo[v]);
                list[v] = &solo[v];
        }
        find_confounders(result, &input.confounders);
        kt_cap_judge(&input, &model);
        fill_cap(result, &model, &together->first, ret);
}

void kt_judge_caps(struct kt_disk_result *result, const struct kt_fit *sum, const struct kt_judge_rests *rests)
{
        struct together together;
        struct kt_series whole;
        const double settle = kt_judge_settle(&result->volumes[0].phases[KT_PHASE_WRITE]);
        double from = sum->level_count > 1 ? sum->levels[sum->level_count - 1].begin_s + settle_seconds : settle;
        double respend = 0;

        if (result->volume_count < 2 || !ran(result, KT_PHASE_SOLO)) {
                const char *why = result->volume_count < 2 ? "One volume cannot show it: give several paths."
                                                           : "The volumes were not all measured alone.";

                (void)snprintf(result->node.write.why, sizeof(result->node.write.why), "%s", why); /* fits */
                (void)snprintf(result->node.read.why, sizeof(result->node.read.why), "%s", why);
                return;
        }

        for (size_t v = 0; v < result->volume_count; v++)
                respend = fmax(respend, kt_fit_respend_seconds(&result->volumes[v].fit.model, rests->again[v]));
        kt_judge_sum(result, KT_PHASE_WRITE, false, &whole);
        kt_series_slice(&whole, from, for_ever, &together.first);
        kt_judge_sum(result, KT_PHASE_AGAIN, false, &whole);
        kt_series_slice(&whole, settle_seconds + respend, for_ever, &together.last);
        judge_cap(result, false, rests, &together, &result->node.write);

        if (!ran(result, KT_PHASE_READ_AGAIN)) {
                (void)snprintf(result->node.read.why, sizeof(result->node.read.why),
                               "There was no time left to read all of them once more (--time)."); /* fits */
                return;
        }
        kt_judge_sum(result, KT_PHASE_READ, true, &whole);
        kt_series_slice(&whole, settle_seconds, for_ever, &together.first);
        kt_judge_sum(result, KT_PHASE_READ_AGAIN, true, &whole);
        kt_series_slice(&whole, settle_seconds, for_ever, &together.last);
        judge_cap(result, true, rests, &together, &result->node.read);
}
