/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out the plan. */
#include "tuner/bench/run.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/text/num.h"
#include "tuner/bench/engine.h"
#include "tuner/bench/judge.h"
#include "tuner/bench/node.h"
#include "tuner/bench/nvme.h"
#include "tuner/bench/plan.h"

enum {
        BLOCK = 1 << 20,
        CATCH_UP_BLOCK = 65536, /* what sendfile(2) moves at once: a pipe's 16 pages (fs/splice.c) */
        DEPTH_LEAST = 4,        /* where no ramp looks for it: rate times latency of a network volume, in blocks */
        FIT_EVERY = 120,        /* windows from which on the stop rule is looked at every FIT_REST windows only */
        FIT_REST = 5,
        REFILL_REST_SECONDS = 6,
        SPEND_MOST = 10, /* seconds that a catch-up read may spend what a bucket got back */
};

#define PROBE_SECONDS 1.0

struct run {
        const struct kt_root *root;
        const struct kt_run_options *options;
        struct kt_progress *progress;
        struct kt_disk_result *result;
        struct kt_engine *engine;
        struct kt_disk_plan plan;
        double slack; /* seconds that earlier phases left */
        double cpus;
        double early_bytes[KT_DISK_VOLUMES_MAX]; /* written before the first window */
        double last_write[KT_DISK_VOLUMES_MAX];  /* when each was last written to as fast as it goes */
        double spare[KT_DISK_VOLUMES_MAX];       /* bytes that its burst bucket had got back, */
        double spare_at[KT_DISK_VOLUMES_MAX];    /* at that time */
        struct kt_judge_rests rests;
        struct kt_fit sum;
        struct kt_nvme_page nvme[KT_DISK_VOLUMES_MAX];
        uint32_t write_block;
};

/* ---- What is seen meanwhile ---- */

static uint64_t moved(const struct kt_disk_result *result)
{
        uint64_t bytes = 0;

        for (size_t v = 0; v < result->volume_count; v++)
                for (size_t p = 0; p < KT_PHASE_COUNT_; p++)
                        bytes += result->volumes[v].phases[p].write_bytes + result->volumes[v].phases[p].read_bytes;
        return bytes;
}

static double current_rate(const struct kt_disk_result *result, const struct kt_job *job)
{
        double rate = 0;

        for (size_t v = 0; v < result->volume_count; v++) {
                const struct kt_disk_phase *phase = &result->volumes[v].phases[job->phase];
                if (job->shares[v].is_on && phase->window_count > 0) {
                        const struct kt_disk_window *last = &phase->windows[phase->window_count - 1];

                        rate += (double)(last->write_bytes + last->read_bytes) / last->seconds;
                }
        }
        return rate;
}

/* A provisional word about the first volume, from what is there. */
static void say_so_far(const struct kt_disk_result *result, char *buf, size_t size)
{
        struct kt_series series;
        struct kt_fit fit;
        char peak[KT_NUM_TEXT_MAX];
        char rate[KT_NUM_TEXT_MAX];

        buf[0] = '\0';
        kt_judge_series(&result->volumes[0].phases[KT_PHASE_WRITE], false, &series);
        kt_fit_series(&series, kt_judge_settle(&result->volumes[0].phases[KT_PHASE_WRITE]), &fit);
        if (fit.knee_count > 0)
                (void)snprintf(buf, size, "so far: a burst of %s/s ended after %.1f s, %s/s since",
                               kt_num_format_decimal((uint64_t)fit.burst.value, peak), fit.knees[0].seconds.value,
                               kt_num_format_decimal((uint64_t)fit.sustained.value, rate)); /* fits */
        else if (fit.shape == KT_FIT_CONSTANT)
                (void)snprintf(buf, size, "so far: held for %.0f s", fit.held_s); /* fits */
}

static bool watch(void *context, const struct kt_job *job, double seconds)
{
        struct run *run = context;
        size_t windows = 0;
        char so_far[160] = "";

        if (job->phase == KT_PHASE_WRITE)
                say_so_far(run->result, so_far, sizeof(so_far));
        kt_progress_window(run->progress, kt_engine_seconds(run->engine), kt_disk_phase_title(job->phase),
                           current_rate(run->result, job), so_far);
        for (size_t v = 0; v < run->result->volume_count; v++)
                windows = run->result->volumes[v].phases[job->phase].window_count;
        if (job->phase != KT_PHASE_WRITE || seconds < kt_stop_usual.min_s ||
            (windows > FIT_EVERY && windows % FIT_REST != 0))
                return false;
        return kt_judge_may_stop(run->result);
}

/* ---- One phase ---- */

static bool has_error(const struct kt_disk_result *result)
{
        for (size_t v = 0; v < result->volume_count; v++)
                if (result->volumes[v].error != 0)
                        return true;
        return false;
}

static void leave_out(struct run *run, enum kt_disk_phase_id id, const char *why)
{
        for (size_t v = 0; v < run->result->volume_count; v++) {
                struct kt_disk_phase *phase = &run->result->volumes[v].phases[id];

                phase->id = id;
                phase->end = KT_END_NOT_RUN;
                (void)snprintf(phase->why, sizeof(phase->why), "%s", why); /* cut is fine */
        }
}

static uint32_t read_block(const struct kt_disk_phase_row *row)
{
        return row->is_buffered ? CATCH_UP_BLOCK : BLOCK;
}

/* Writes go as deep as the ramp said; what is timed or read needs some in flight in any case. */
static unsigned depth_of(const struct run *run, const struct kt_disk_phase_row *row)
{
        unsigned depth = kt_engine_depth(run->engine);

        if (row->id == KT_PHASE_WRITE)
                return 1;
        return (row->reads || row->load > 0) && depth < DEPTH_LEAST ? DEPTH_LEAST : depth;
}

/* only: the volume that runs alone, or the number of volumes for all of them. */
static void make_job(const struct run *run, const struct kt_disk_phase_row *row, size_t only, double seconds,
                     struct kt_job *ret)
{
        const struct kt_disk_result *result = run->result;

        *ret = (struct kt_job){
                .phase = row->id,
                .writes = row->writes,
                .reads = row->reads,
                .syncs = row->syncs,
                .is_buffered = row->is_buffered,
                .is_ramp = row->id == KT_PHASE_WRITE,
                .set = row->set,
                .depth = depth_of(run, row),
                .write_block = run->write_block,
                .read_block = read_block(row),
                .seconds = seconds,
        };
        for (size_t v = 0; v < result->volume_count; v++) {
                const struct kt_disk_volume *volume = &result->volumes[v];
                uint64_t left =
                        volume->budget_bytes > volume->written_bytes ? volume->budget_bytes - volume->written_bytes : 0;

                ret->shares[v].is_on = only == result->volume_count || only == v;
                ret->shares[v].rate = row->load * volume->fit.sustained.value;
                ret->shares[v].byte_limit = (uint64_t)((double)left * run->plan.phases[row->id].byte_share);
        }
}

/* What a volume's burst bucket has got back since it was last empty: what was not moved of the sustained rate. */
static double spare_of(const struct run *run, size_t v)
{
        const struct kt_disk_fit *fit = &run->result->volumes[v].fit;
        const double rest = kt_engine_seconds(run->engine) - run->spare_at[v];

        return fit->has_knee ? fmin(run->spare[v] + fit->sustained.value * rest, fit->bucket_bytes) : 0;
}

static void keep_spare(struct run *run, const struct kt_job *job)
{
        for (size_t v = 0; v < run->result->volume_count; v++) {
                const struct kt_disk_phase *phase = &run->result->volumes[v].phases[job->phase];
                const bool is_emptied = job->writes && job->shares[v].rate <= 0;

                if (!job->shares[v].is_on)
                        continue;
                run->spare[v] =
                        is_emptied ? 0
                                   : fmax(0, spare_of(run, v) - (double)phase->write_bytes - (double)phase->read_bytes);
                run->spare_at[v] = kt_engine_seconds(run->engine);
        }
}

/* A rate that is given counts from the start: what came late is caught up with later, and on average it is met. */
static void fill_rates(struct run *run, const struct kt_job *job, const double *credits)
{
        for (size_t v = 0; v < run->result->volume_count; v++) {
                struct kt_disk_phase *phase = &run->result->volumes[v].phases[job->phase];
                const double settle = kt_judge_settle(phase);
                struct kt_series series;

                if (!job->shares[v].is_on || phase->window_count == 0)
                        continue;
                kt_judge_series(phase, false, &series);
                kt_judge_rate(&series, job->shares[v].rate > 0 ? 0 : settle, &phase->write);
                kt_judge_series(phase, true, &series);
                phase->has_credit = kt_judge_rate_behind(&series, settle, credits[v],
                                                         run->result->volumes[v].fit.sustained.value, &phase->read);
        }
}

static int run_job(struct run *run, const struct kt_job *job, struct kt_err *e)
{
        struct kt_node_sample before;
        struct kt_node_sample after;
        struct kt_disk_result *result = run->result;
        double credits[KT_DISK_VOLUMES_MAX] = { 0 };
        int r;

        for (size_t v = 0; v < result->volume_count; v++)
                credits[v] = spare_of(run, v);
        kt_progress_phase(run->progress);
        kt_node_sample(run->root, result->volumes, result->volume_count, moved(result), &before);
        r = kt_engine_run(run->engine, job, watch, run, e);
        if (r < 0 && r != -EINTR)
                return r;
        kt_node_sample(run->root, result->volumes, result->volume_count, moved(result), &after);
        if (job->phase <= KT_PHASE_READ_AGAIN)
                kt_node_compare(&before, &after, run->cpus, &result->node);
        fill_rates(run, job, credits);
        keep_spare(run, job);
        for (size_t v = 0; v < result->volume_count; v++)
                if (job->shares[v].is_on && job->writes && job->shares[v].rate <= 0)
                        run->last_write[v] = kt_engine_seconds(run->engine);
        return r;
}

/* ---- The write phase ---- */

/* The size of writes depends on the rate. Where nobody says it, a second of large ones does. */
static int find_block(struct run *run, struct kt_err *e)
{
        const struct kt_run_options *options = run->options;
        struct kt_disk_result *result = run->result;
        double rate = options->write_rate;
        uint64_t max_sectors = UINT64_MAX;

        run->write_block = BLOCK;
        for (size_t v = 0; v < result->volume_count; v++)
                if (result->volumes[v].target.max_sectors_kib > 0 &&
                    result->volumes[v].target.max_sectors_kib < max_sectors)
                        max_sectors = result->volumes[v].target.max_sectors_kib;
        if (options->partitions > 0 && rate <= 0) {
                struct kt_job job;
                int r;

                make_job(run, &kt_disk_phase_rows[KT_PHASE_WRITE], result->volume_count, PROBE_SECONDS, &job);
                job.is_ramp = false;
                job.depth = DEPTH_LEAST;
                r = run_job(run, &job, e);
                if (r < 0)
                        return r;
                for (size_t v = 0; v < result->volume_count; v++) {
                        rate += result->volumes[v].phases[KT_PHASE_WRITE].write.value;
                        run->early_bytes[v] = (double)result->volumes[v].phases[KT_PHASE_WRITE].write_bytes;
                }
        }
        if (options->partitions > 0)
                run->write_block =
                        kt_disk_plan_block(rate, options->partitions, max_sectors == UINT64_MAX ? 0 : max_sectors);
        result->block_bytes = run->write_block;
        return 0;
}

static int run_write(struct run *run, struct kt_err *e)
{
        struct kt_disk_result *result = run->result;
        const double seconds = run->plan.phases[KT_PHASE_WRITE].seconds;
        struct kt_job job;
        int r;

        make_job(run, &kt_disk_phase_rows[KT_PHASE_WRITE], result->volume_count, seconds, &job);
        r = run_job(run, &job, e);
        if (r < 0 && r != -EINTR)
                return r;
        kt_judge_write(result, run->early_bytes, &run->sum);
        run->slack += seconds - result->volumes[0].phases[KT_PHASE_WRITE].seconds;
        for (size_t v = 0; v < result->volume_count; v++) {
                struct kt_disk_phase *phase = &result->volumes[v].phases[KT_PHASE_WRITE];

                if (phase->end == KT_END_TIME && result->volumes[v].fit.is_steady)
                        phase->end = KT_END_STEADY;
        }
        return r;
}

/* ---- Extras ---- */

static bool has_knee(const struct kt_disk_result *result)
{
        for (size_t v = 0; v < result->volume_count; v++)
                if (result->volumes[v].fit.has_knee)
                        return true;
        return false;
}

/* Comes right behind the writing: then the bucket is known to be empty. */
static int run_refill(struct run *run, struct kt_err *e)
{
        struct kt_disk_result *result = run->result;
        const double want = kt_disk_phase_rows[KT_PHASE_REFILL].want_seconds;
        struct kt_job job;
        double rest;
        int r;

        if (!has_knee(result) || run->slack < want) {
                leave_out(run, KT_PHASE_REFILL,
                          has_knee(result) ? "There was no time left for it (--time)." : "No burst was seen to end.");
                return 0;
        }
        run->slack -= want;
        kt_progress_say(run->progress, "resting, so that the burst bucket fills");
        if (kt_engine_rest(run->engine, REFILL_REST_SECONDS) < 0)
                return -EINTR;

        rest = kt_engine_seconds(run->engine) - run->last_write[0];
        make_job(run, &kt_disk_phase_rows[KT_PHASE_REFILL], result->volume_count, want - REFILL_REST_SECONDS, &job);
        r = run_job(run, &job, e);
        if (r < 0)
                return r;
        for (size_t v = 0; v < result->volume_count; v++) {
                struct kt_disk_fit *fit = &result->volumes[v].fit;
                struct kt_series again;
                struct kt_interval refill;

                kt_judge_series(&result->volumes[v].phases[KT_PHASE_REFILL], false, &again);
                if (fit->has_knee && kt_fit_refill(&fit->model, &again, rest, &refill)) {
                        fit->refill_rate = refill.value;
                        fit->is_refill_measured = true;
                }
        }
        return 0;
}

/* Seconds until a writer at load times the sustained rate has filled the dirty memory, and has waited for it: the
 * kernel begins to brake at about three quarters of the way (balance_dirty_pages, the freerun ceiling). */
static double stall_seconds(const struct kt_disk_result *result, double load)
{
        double rate = 0;

        for (size_t v = 0; v < result->volume_count; v++)
                rate += result->volumes[v].fit.sustained.value;
        if (rate <= 0 || result->node.dirty_limit_bytes == 0)
                return HUGE_VAL;
        return (double)result->node.dirty_limit_bytes / rate * (0.75 / (load - 1) + 1);
}

/* The bytes that the volumes lack for so many seconds of the stall phase, the worst of them. */
static double bytes_short_of(const struct kt_disk_result *result, double load, double seconds)
{
        double most = 0;

        for (size_t v = 0; v < result->volume_count; v++) {
                const struct kt_disk_volume *volume = &result->volumes[v];
                const double left = (double)volume->budget_bytes - (double)volume->written_bytes;

                most = fmax(most, load * volume->fit.sustained.value * seconds - left);
        }
        return most;
}

/* What ends before the dirty memory is full has seen no stall, and would look as if there were none. */
static bool says_no_stall(const struct run *run, double want, char *why, size_t size)
{
        const double load = kt_disk_phase_rows[KT_PHASE_STALL].load;
        double bytes;
        char text[KT_NUM_TEXT_MAX];

        if (!isfinite(want)) {
                (void)snprintf(why, size, "The limit of dirty memory is not known."); /* fits */
                return true;
        }
        if (run->slack < want) {
                (void)snprintf(why, size, "To fill the dirty memory would take %.0f s more (--time).",
                               want - run->slack); /* fits */
                return true;
        }
        bytes = bytes_short_of(run->result, load, want);
        if (bytes > 0)
                (void)snprintf(why, size, "To fill the dirty memory would take %s more (--bytes).",
                               kt_num_format_decimal((uint64_t)bytes, text)); /* fits */
        return bytes > 0;
}

static int run_stall(struct run *run, struct kt_err *e)
{
        const struct kt_disk_phase_row *row = &kt_disk_phase_rows[KT_PHASE_STALL];
        const double want = fmax(row->least_seconds, stall_seconds(run->result, row->load) + 2);
        struct kt_job job;
        char why[160];

        if (says_no_stall(run, want, why, sizeof(why))) {
                leave_out(run, KT_PHASE_STALL, why);
                return 0;
        }
        run->slack -= want;
        make_job(run, row, run->result->volume_count, want, &job);
        return run_job(run, &job, e);
}

/* ---- The other phases ---- */

/* Noise needs longer to be told from a cap, and a rested bucket has to be spent first. */
static double stretched(struct run *run, const struct kt_disk_phase_row *row, size_t only, double seconds)
{
        const struct kt_disk_result *result = run->result;
        const double now = kt_engine_seconds(run->engine);
        double want = kt_disk_plan_windows(run->sum.noise, run->sum.correlation) + 2;
        double spend = 0;
        double more;

        if (!row->needs_several || !row->writes)
                return seconds;
        for (size_t v = 0; v < result->volume_count; v++) {
                const double rest = now - run->last_write[v];

                if (only != result->volume_count && only != v)
                        continue;
                if (row->id == KT_PHASE_SOLO)
                        run->rests.solo[v] = rest;
                else
                        run->rests.again[v] = rest;
                spend = fmax(spend, kt_fit_respend_seconds(&result->volumes[v].fit.model, rest));
        }
        want = fmin(want, KT_DISK_PLAN_COMPARED_MOST) - seconds;
        more = fmin(fmax(want, 0) + ceil(spend), fmax(run->slack, 0) / (double)(result->volume_count + 1) + spend);
        run->slack -= more;
        return seconds + more;
}

/* A single stream spends what a bucket got back more slowly than all requests together: twice the time is for that, as
 * far as there is time. What is not spent then is said of the rate. */
static double spending(struct run *run, const struct kt_disk_phase_row *row)
{
        const double end = run->options->seconds - 1; /* a second for what comes between phases and behind the last */
        const double left = end - kt_engine_seconds(run->engine) - run->plan.phases[row->id].seconds;
        double seconds = 0;

        if (row->id != KT_PHASE_CATCH_UP)
                return 0;
        for (size_t v = 0; v < run->result->volume_count; v++) {
                const struct kt_disk_fit *fit = &run->result->volumes[v].fit;

                if (fit->has_knee && fit->burst.value > fit->sustained.value)
                        seconds = fmax(seconds, 2 * spare_of(run, v) / (fit->burst.value - fit->sustained.value));
        }
        seconds = fmin(ceil(seconds), fmax(fmin(SPEND_MOST, floor(left)), 0));
        run->slack -= seconds;
        return seconds;
}

static int run_row(struct run *run, const struct kt_disk_phase_row *row, struct kt_err *e)
{
        double seconds = run->plan.phases[row->id].seconds;
        const size_t count = run->result->volume_count;
        int r = 0;

        if (row->is_extra && run->slack >= row->least_seconds && (count > 1 || !row->needs_several)) {
                seconds = row->want_seconds;
                run->slack -= seconds;
        }

        if (seconds <= 0) {
                leave_out(run, row->id, run->plan.phases[row->id].why);
                return 0;
        }
        for (size_t v = 0; v < (row->is_each ? count : 1) && r == 0; v++) {
                const size_t only = row->is_each ? v : count;
                struct kt_job job;

                make_job(run, row, only, stretched(run, row, only, seconds) + spending(run, row), &job);
                r = run_job(run, &job, e);
        }
        return r;
}

static int run_phase(struct run *run, const struct kt_disk_phase_row *row, struct kt_err *e)
{
        if (row->id == KT_PHASE_WRITE)
                return run_write(run, e);
        if (row->id == KT_PHASE_REFILL)
                return run_refill(run, e);
        if (row->id == KT_PHASE_STALL)
                return run_stall(run, e);
        return run_row(run, row, e);
}

/* ---- Amazon's counters ---- */

static const char *nvme_leaf(const struct kt_disk_target *target)
{
        for (size_t i = 0; i < target->device_count; i++)
                if (target->devices[i].is_leaf && strncmp(target->devices[i].name, "nvme", 4) == 0)
                        return target->devices[i].name;
        return NULL;
}

static void begin_nvme(struct run *run)
{
        for (size_t v = 0; v < run->result->volume_count; v++) {
                struct kt_disk_volume *volume = &run->result->volumes[v];
                const char *name = nvme_leaf(&volume->target);

                volume->nvme.is_known = name && kt_nvme_read(name, &run->nvme[v]) == 0;
        }
}

static void end_nvme(struct run *run)
{
        for (size_t v = 0; v < run->result->volume_count; v++) {
                struct kt_disk_volume *volume = &run->result->volumes[v];
                const struct kt_nvme_page *before = &run->nvme[v];
                struct kt_nvme_page after;

                if (!volume->nvme.is_known)
                        continue;
                volume->nvme.is_known = kt_nvme_read(nvme_leaf(&volume->target), &after) == 0;
                if (!volume->nvme.is_known)
                        continue;
                volume->nvme.volume_iops_us = after.volume_iops_us - before->volume_iops_us;
                volume->nvme.volume_throughput_us = after.volume_throughput_us - before->volume_throughput_us;
                volume->nvme.instance_iops_us = after.instance_iops_us - before->instance_iops_us;
                volume->nvme.instance_throughput_us = after.instance_throughput_us - before->instance_throughput_us;
        }
}

/* ---- All of it ---- */

static void add_notes(struct kt_disk_result *result)
{
        for (size_t v = 0; v < result->volume_count; v++)
                if (!result->volumes[v].target.is_direct)
                        kt_findings_add(&result->notes,
                                        &(struct kt_finding){ .level = KT_LEVEL_WARNING,
                                                              .id = "no-direct",
                                                              .source = result->volumes[v].target.path },
                                        "O_DIRECT does not work there: written through the page cache, flushed every "
                                        "MiB, and only what was flushed is counted");
        if (result->node.throttled > 0)
                kt_findings_add(
                        &result->notes,
                        &(struct kt_finding){ .level = KT_LEVEL_WARNING,
                                              .id = "cpu-throttled",
                                              .next = "raise the CPU limit of the container, and measure again" },
                        "our control group was held back %llu times: the numbers may be too low",
                        (unsigned long long)result->node.throttled);
        if (result->node.has_other_traffic && result->node.other_share > KT_CAP_OTHER_TRAFFIC_SHARE)
                kt_findings_add(&result->notes,
                                &(struct kt_finding){ .level = KT_LEVEL_WARNING,
                                                      .id = "other-traffic",
                                                      .next = "measure on a quiet node" },
                                "others moved %.0f %% as much on the disks of this node at the same time",
                                100 * result->node.other_share);
}

/* Also of a phase that only some volumes have come to: one after the other, and one of them failed. */
static void explain_rest(struct kt_disk_result *result)
{
        for (size_t v = 0; v < result->volume_count; v++) {
                for (size_t p = 0; p < KT_PHASE_COUNT_; p++) {
                        struct kt_disk_phase *phase = &result->volumes[v].phases[p];

                        phase->id = (enum kt_disk_phase_id)p;
                        if (phase->end == KT_END_NOT_RUN && phase->why[0] == '\0')
                                (void)snprintf(phase->why, sizeof(phase->why), "The run ended before it."); /* fits */
                }
        }
}

static int run_all(struct run *run, struct kt_err *e)
{
        int r = find_block(run, e);

        begin_nvme(run);
        for (size_t p = 0; p < KT_PHASE_COUNT_ && r == 0 && !has_error(run->result); p++) {
                r = run_phase(run, &kt_disk_phase_rows[p], e);
                if (kt_disk_phase_rows[p].id == KT_PHASE_AGAIN)
                        end_nvme(run);
        }
        explain_rest(run->result);
        return r;
}

int kt_run(const struct kt_root *root, const struct kt_run_options *options, struct kt_progress *progress,
           struct kt_disk_result *result, struct kt_err *e)
{
        struct run run = {
                .root = root,
                .options = options,
                .progress = progress,
                .result = result,
                .cpus = kt_node_cpus(root),
        };
        int r;

        for (size_t v = 0; v < result->volume_count; v++)
                result->volumes[v].budget_bytes =
                        kt_disk_plan_bytes(result->volumes[v].target.free_bytes, options->bytes);
        result->budget_seconds = options->seconds;
        result->partitions = (unsigned)options->partitions;
        result->node.dirty_limit_bytes = kt_node_dirty_limit(root, &result->node.is_dirty_limit_of_group);
        kt_disk_plan_make(result->volume_count, options->seconds, &run.plan);

        r = kt_engine_new(result->volumes, result->volume_count, &run.engine, e);
        if (r < 0)
                return r;
        r = run_all(&run, e);
        kt_progress_done(progress);
        result->elapsed_seconds = kt_engine_seconds(run.engine);
        result->signal = kt_engine_signal(run.engine);
        kt_judge_caps(result, &run.sum, &run.rests);
        add_notes(result);
        if (r != -ETIMEDOUT) /* a thread still uses it then */
                kt_engine_free(run.engine);
        if (r == -EINTR || r == -ETIMEDOUT) {
                kt_err_clear(e); /* result says it */
                return 0;
        }
        result->error = r;
        return r;
}
