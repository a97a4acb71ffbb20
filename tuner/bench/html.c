/* SPDX-License-Identifier: Apache-2.0 */
/* The page. Paths, models, serial numbers and host names come from outside, from attackers too: they go through
 * kt_markup_text() or kt_markup_value(), and a policy in the page forbids whatever would get past that. */
#include "tuner/bench/html.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/app/exit.h"
#include "lib/os/fs.h"
#include "tuner/bench/charts.h"
#include "tuner/bench/html_style.h"
#include "tuner/bench/markup.h"
#include "tuner/bench/verdict.h"

enum { LATENCY_ROWS_MAX = 8 };

/* ---- Small parts ---- */

static void add_heading(struct kt_str *out, const char *title)
{
        kt_str_addf(out, "<h2>%s</h2>\n", title);
}

/* A row of a list of facts, when there is a value. */
static void add_fact(struct kt_str *out, const char *name, const char *value)
{
        if (!value || !value[0])
                return;

        kt_str_addf(out, "<dt>%s</dt><dd>", name);
        kt_markup_value(out, value);
        kt_str_add(out, "</dd>\n");
}

static void begin_fact(struct kt_str *out, const char *name)
{
        kt_str_addf(out, "<dt>%s</dt><dd>", name);
}

static void end_fact(struct kt_str *out)
{
        kt_str_add(out, "</dd>\n");
}

static void begin_tile(struct kt_str *out, const char *class, const char *name)
{
        kt_str_addf(out, "<div%s><dt>%s</dt><dd>", class, name);
}

static void end_tile(struct kt_str *out)
{
        kt_str_add(out, "</dd></div>\n");
}

static void add_chip(struct kt_str *out, bool is_good, const char *text)
{
        kt_str_addf(out, "<span class=\"chip%s\">%s</span>", is_good ? "" : " bad", text);
}

static void add_range(struct kt_str *out, const struct kt_disk_rate *rate)
{
        kt_markup_rate(out, rate->low);
        kt_str_add(out, " to ");
        kt_markup_rate(out, rate->high);
}

/* ---- Head ---- */

static void add_head(const struct kt_disk_result *result, struct kt_str *out)
{
        kt_str_add(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        kt_str_add(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                        "'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n");
        kt_str_add(out,
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
        kt_str_add(out, "Disk report of ");
        kt_markup_text(out, result->host);
        kt_str_add(out, "</title>\n<style>\n");
        for (size_t i = 0; kt_html_style[i]; i++) {
                kt_str_add(out, kt_html_style[i]);
                kt_str_add_char(out, '\n');
        }
        kt_str_add(out, "</style>\n</head>\n<body>\n");
}

static void add_headline(const struct kt_disk_result *result, struct kt_str *out)
{
        const struct kt_disk_volume *only = &result->volumes[0];

        if (result->volume_count == 1 && only->fit.sustained.is_known) {
                kt_markup_value(out, only->target.path);
                kt_str_add(out, only->fit.is_sustained ? " sustains " : " held ");
                kt_markup_rate(out, only->fit.sustained.value);
                return;
        }
        if (result->volume_count > 1 && result->node.write.is_known) {
                kt_str_addf(out, "%zu volumes write ", result->volume_count);
                kt_markup_rate(out, result->node.write.together.value);
                kt_str_add(out, " together");
                return;
        }
        kt_str_add(out, "Disk report of ");
        kt_markup_value(out, result->host);
}

static void add_status(const struct kt_disk_result *result, struct kt_str *out)
{
        static const struct {
                int code;
                const char *text;
        } rows[] = {
                { KT_EXIT_OK, "measured and steady" },
                { KT_EXIT_NOT_WANTED, "below what was required" },
                { KT_EXIT_NOT_PROVABLE, "not steady, or not proven" },
                { KT_EXIT_UNSUPPORTED, "cannot be measured here" },
        };
        const char *text = "the run failed";

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                if (rows[i].code == result->exit_code)
                        text = rows[i].text;
        }
        if (result->signal)
                text = "ended early, by a signal";
        kt_str_add(out, "<p>");
        add_chip(out, result->exit_code == KT_EXIT_OK && !result->signal, text);
        kt_str_add(out, "</p>\n");
}

static void add_title(const struct kt_disk_result *result, struct kt_str *out)
{
        kt_str_add(out, "<header>\n<p class=\"kicker\">kafka-diskbench on ");
        kt_markup_value(out, result->host);
        kt_str_add(out, ", ");
        kt_markup_text(out, result->started);
        kt_str_add(out, "</p>\n<h1>");
        add_headline(result, out);
        kt_str_add(out, "</h1>\n");
        add_status(result, out);
        kt_str_add(out, "</header>\n<main>\n");
}

/* ---- The answer ---- */

static void add_sustained_tile(const struct kt_disk_result *result, size_t v, struct kt_str *out)
{
        const struct kt_disk_rate *rate = kt_verdict_alone(result, v);

        begin_tile(out, " class=\"main\"",
                   kt_verdict_is_alone_sustained(result, v) ? "sustained write" : "write, held but not proven");
        if (!rate->is_known) {
                kt_str_add(out, "no steady rate<small>");
                kt_markup_text(out, result->volumes[v].fit.why);
                kt_str_add(out, "</small>");
        } else {
                kt_markup_rate(out, rate->value);
                kt_str_add(out, "<small>95\xc2\xa0% sure: ");
                add_range(out, rate);
                kt_str_add(out, "</small>");
        }
        end_tile(out);
}

static void add_burst_tile(const struct kt_disk_fit *fit, struct kt_str *out)
{
        begin_tile(out, "", "burst");
        if (!fit->has_knee) {
                kt_str_add(out, "none seen<small>in ");
                kt_markup_seconds(out, fit->model.seconds);
                kt_str_add(out, "</small>");
        } else {
                kt_markup_rate(out, fit->burst.value);
                kt_str_add(out, "<small>for ");
                kt_markup_seconds(out, fit->knee_seconds);
                kt_str_add(out, ", a bucket of ");
                kt_markup_bytes(out, fit->bucket_bytes);
                kt_str_add(out, "</small>");
        }
        end_tile(out);
}

static void add_rate_tile(struct kt_str *out, const char *name, const struct kt_disk_rate *rate)
{
        if (!rate->is_known)
                return;

        begin_tile(out, "", name);
        kt_markup_rate(out, rate->value);
        end_tile(out);
}

static void add_latency_tile(struct kt_str *out, const char *name, const struct kt_disk_latency *latency)
{
        if (latency->count == 0)
                return;

        begin_tile(out, "", name);
        kt_markup_latency(out, latency->quantile_ns[4]);
        kt_str_add(out, "<small>at most ");
        kt_markup_latency(out, latency->most_ns);
        kt_str_add(out, "</small>");
        end_tile(out);
}

static void add_mixed_tile(const struct kt_disk_phase *mixed, struct kt_str *out)
{
        if (!mixed->write.is_known || !mixed->read.is_known)
                return;

        begin_tile(out, "", "write beside read");
        kt_markup_rate(out, mixed->write.value);
        kt_str_add(out, "<small>while reading ");
        kt_markup_rate(out, mixed->read.value);
        kt_str_add(out, "</small>");
        end_tile(out);
}

static void add_volume_card(const struct kt_disk_result *result, size_t v, struct kt_str *out)
{
        const struct kt_disk_volume *volume = &result->volumes[v];

        kt_str_add(out, "<section class=\"card\">\n<h2 class=\"name\">");
        if (result->volume_count > 1)
                kt_str_addf(out, "%zu. ", v + 1);
        kt_markup_value(out, volume->target.path);
        kt_str_add(out, "</h2>\n");
        if (volume->error) {
                kt_str_add(out, "<p>");
                add_chip(out, false, "ended with an error");
                kt_str_add_char(out, ' ');
                kt_markup_value(out, volume->error_text);
                kt_str_add(out, "</p>\n");
        }
        kt_str_add(out, "<dl class=\"tiles\">\n");
        add_sustained_tile(result, v, out);
        add_burst_tile(&volume->fit, out);
        if (result->volume_count > 1 && kt_verdict_alone(result, v) == &volume->fit.sustained)
                add_rate_tile(out, "alone", &volume->phases[KT_PHASE_SOLO].write);
        else if (result->volume_count > 1)
                add_rate_tile(out, "beside the others", &volume->fit.sustained);
        add_rate_tile(out, "cold read", &volume->phases[KT_PHASE_READ].read);
        add_rate_tile(out,
                      volume->phases[KT_PHASE_CATCH_UP].has_credit ? "catch-up read, with burst credits"
                                                                   : "catch-up read, one consumer",
                      &volume->phases[KT_PHASE_CATCH_UP].read);
        add_mixed_tile(&volume->phases[KT_PHASE_MIXED], out);
        add_latency_tile(out, "fdatasync p99 at 50\xc2\xa0% load", &volume->phases[KT_PHASE_SYNC_50].sync_latency);
        add_latency_tile(out, "fdatasync p99 at 80\xc2\xa0% load", &volume->phases[KT_PHASE_SYNC_80].sync_latency);
        kt_str_add(out, "</dl>\n</section>\n");
}

/* ---- The cap ---- */

static void add_cap_sentence(const struct kt_disk_cap *cap, struct kt_str *out)
{
        kt_str_add(out, "<p class=\"why\">");
        if (cap->verdict == KT_CAP_SHARED) {
                kt_str_add(out, "The volumes share a limit of <strong>");
                kt_markup_rate(out, cap->together.value);
                kt_str_add(out, "</strong>, 99\xc2\xa0% sure: together they get ");
                kt_markup_percent(out, cap->rho);
                kt_str_add(out, " of what they get one by one. Another volume on this node adds nothing.");
        } else if (cap->verdict == KT_CAP_NONE) {
                kt_str_add(out, "No common limit up to <strong>");
                kt_markup_rate(out, cap->together.value);
                kt_str_add(out, "</strong>: together they get ");
                kt_markup_percent(out, cap->rho);
                kt_str_add(out, " of what they get one by one.");
        } else {
                kt_markup_text(out, cap->why[0] ? cap->why : kt_cap_verdict_name(cap->verdict));
        }
        kt_str_add(out, "</p>\n");
}

static void add_cap(const struct kt_disk_result *result, bool is_read, struct kt_str *out)
{
        const struct kt_disk_cap *cap = is_read ? &result->node.read : &result->node.write;

        kt_str_addf(out, "<h3>%s</h3>\n", is_read ? "Reading" : "Writing");
        if (!cap->is_known) {
                kt_str_add(out, "<p>Not measured.");
                kt_str_add(out, cap->why[0] ? " " : "");
                kt_markup_text(out, cap->why);
                kt_str_add(out, "</p>\n");
                return;
        }
        add_cap_sentence(cap, out);
        kt_str_add(out, "<figure>\n");
        (void)kt_chart_cap(result, is_read, out); /* no rates, no diagram: the sentence stands */
        kt_str_add(out, "<figcaption>Together against alone: ");
        kt_markup_percent(out, cap->rho);
        kt_str_add(out, ", 98\xc2\xa0% sure between ");
        kt_markup_percent(out, cap->rho_low);
        kt_str_add(out, " and ");
        kt_markup_percent(out, cap->rho_high);
        kt_str_add(out, ". A common limit is claimed below 95\xc2\xa0%.</figcaption>\n</figure>\n");
}

static void add_caps(const struct kt_disk_result *result, struct kt_str *out)
{
        if (result->volume_count < 2)
                return;

        add_heading(out, "What the node allows them together");
        kt_str_add(out, "<section class=\"card\">\n");
        add_cap(result, false, out);
        add_cap(result, true, out);
        kt_str_add(out, "</section>\n");
}

/* ---- Kafka ---- */

static void add_rate_fact(struct kt_str *out, const char *name, double rate, const char *remark)
{
        if (!(rate > 0))
                return;

        begin_fact(out, name);
        kt_markup_rate(out, rate);
        kt_str_addf(out, " <span class=\"soft\">%s</span>", remark);
        end_fact(out);
}

static void add_bytes_fact(struct kt_str *out, const char *name, uint64_t bytes, const char *remark)
{
        if (bytes == 0)
                return;

        begin_fact(out, name);
        kt_markup_bytes(out, (double)bytes);
        kt_str_addf(out, " <span class=\"soft\">%s</span>", remark);
        end_fact(out);
}

static void add_seconds_fact(struct kt_str *out, const char *name, double seconds, const char *remark)
{
        if (!(seconds > 0))
                return;

        begin_fact(out, name);
        kt_markup_seconds(out, seconds);
        kt_str_addf(out, " <span class=\"soft\">%s</span>", remark);
        end_fact(out);
}

static void add_brokers(const struct kt_disk_verdict *verdict, struct kt_str *out)
{
        if (verdict->brokers == 0)
                return;

        begin_fact(out, "brokers on this node");
        kt_markup_count(out, verdict->brokers);
        kt_str_add(out, " <span class=\"soft\">of ");
        kt_markup_rate(out, verdict->broker_rate_of_each);
        kt_str_add(out, verdict->is_rate_given ? " each, as kafka.yaml has it</span>" : " each</span>");
        end_fact(out);
}

static void add_stall(const struct kt_disk_result *result, struct kt_str *out)
{
        char setting[KT_VERDICT_SETTING_MAX];

        if (!(result->verdict.worst_stall_seconds > 0))
                return;

        begin_fact(out, "worst stall, predicted");
        kt_markup_seconds(out, result->verdict.worst_stall_seconds);
        kt_str_add(out, " <span class=\"soft\">of a write into the page cache: the dirty limit of ");
        kt_markup_bytes(out, (double)result->node.dirty_limit_bytes);
        kt_str_add(out, result->node.is_dirty_limit_of_group ? " (by our memory limit) at " : " at ");
        kt_markup_rate(out, result->verdict.sustained_rate);
        kt_str_add(out, "</span>");
        end_fact(out);
        begin_fact(out, "in kafka.yaml");
        kt_markup_value(out, kt_verdict_setting(result, setting));
        kt_str_add(out, " <span class=\"soft\">vm.dirty_bytes and vm.dirty_background_bytes of kafka-tuner "
                        "follow it where tuning.tunables names them</span>");
        end_fact(out);
}

static void add_partitions(const struct kt_disk_result *result, struct kt_str *out)
{
        uint64_t least = UINT64_MAX;

        for (size_t v = 0; v < result->volume_count; v++) {
                if (result->volumes[v].good_partitions > 0 && result->volumes[v].good_partitions < least)
                        least = result->volumes[v].good_partitions;
        }
        if (least == UINT64_MAX)
                return;

        begin_fact(out, "partitions per volume");
        kt_str_add(out, "up to ");
        kt_markup_count(out, least);
        kt_str_add(out, " <span class=\"soft\">so that writeback still makes writes of 256\xc2\xa0KiB</span>");
        end_fact(out);
}

static void add_required(const struct kt_disk_verdict *verdict, struct kt_str *out)
{
        if (!(verdict->required > 0))
                return;

        begin_fact(out, "required");
        kt_markup_rate(out, verdict->required);
        kt_str_add_char(out, ' ');
        add_chip(out, verdict->is_met, verdict->is_met ? "met" : "not met");
        end_fact(out);
}

static void add_kafka(const struct kt_disk_result *result, struct kt_str *out)
{
        const struct kt_disk_verdict *verdict = &result->verdict;
        KT_AUTO_STR struct kt_str buffered = { 0 };
        size_t before;

        kt_str_add(&buffered, "of page cache hold ");
        kt_markup_seconds(&buffered, verdict->buffer_seconds);
        kt_str_add(&buffered, " of it; ask for that beside the heap");

        add_heading(out, "What it means for Kafka");
        kt_str_add(out, "<section class=\"card\">\n<dl class=\"facts\">\n");
        before = out->len;
        add_required(verdict, out);
        add_rate_fact(out, "one broker may take", verdict->broker_rate, "of produce, followers' copies included");
        add_rate_fact(out, "all brokers together", verdict->node_rate, "on these volumes");
        add_brokers(verdict, out);
        add_bytes_fact(out, "memory", verdict->memory_bytes, kt_str_get(&buffered));
        add_bytes_fact(out, "vm.dirty_bytes", verdict->dirty_bytes,
                       "at most: what the volumes sustain together in five seconds");
        add_bytes_fact(out, "vm.dirty_background_bytes", verdict->dirty_background_bytes,
                       "at most: the same of one second");
        add_stall(result, out);
        add_seconds_fact(out, "worst stall, measured", verdict->measured_stall_seconds, "of a buffered writer");
        add_partitions(result, out);
        if (out->len == before)
                kt_str_add(out, "<dt>nothing yet</dt><dd>No rate is proven, so none can be promised to a broker. "
                                "Measure longer (--time), or find out why it is not steady.</dd>\n");
        kt_str_add(out, "</dl>\n</section>\n");
        out->error = out->error ? out->error : buffered.error;
}

/* ---- Notes ---- */

static void add_note(const struct kt_finding *note, struct kt_str *out)
{
        kt_str_add(out, "<li>");
        if (note->level != KT_LEVEL_NOTE) {
                add_chip(out, false, kt_level_name(note->level));
                kt_str_add_char(out, ' ');
        }
        if (note->source) {
                kt_markup_value(out, note->source);
                kt_str_add(out, ": ");
        }
        kt_markup_value(out, note->message);
        if (note->next) {
                kt_str_add(out, "<br><span class=\"soft\">");
                kt_markup_value(out, note->next);
                kt_str_add(out, "</span>");
        }
        kt_str_add(out, "</li>\n");
}

static void add_notes(const struct kt_disk_result *result, struct kt_str *out)
{
        if (result->notes.count == 0)
                return;

        add_heading(out, "What to know about these figures");
        kt_str_add(out, "<section class=\"card\">\n<ul class=\"notes\">\n");
        for (size_t i = 0; i < result->notes.count; i++)
                add_note(&result->notes.items[i], out);
        kt_str_add(out, "</ul>\n</section>\n");
}

/* ---- One volume ---- */

static void add_write_figure(const struct kt_disk_volume *volume, size_t number, struct kt_str *out)
{
        kt_str_add(out, "<h3>Rate of writing</h3>\n<figure>\n<ul class=\"legend\"><li><span class=\"key write\"></span>"
                        "measured</li><li><span class=\"key model\"></span>fitted</li>");
        if (volume->phases[KT_PHASE_WRITE].window_count > 0 && volume->phases[KT_PHASE_WRITE].windows[0].is_ramp)
                kt_str_add(out, "<li><span class=\"key ramp\"></span>looking for the depth</li>");
        kt_str_add(out, "</ul>\n");
        if (!kt_chart_write(volume, number, out))
                kt_str_add(out, "<p>Nothing was written.</p>\n");
        kt_str_add(out, "<figcaption>");
        if (volume->fit.has_knee) {
                kt_str_add(out, "A token bucket of ");
                kt_markup_bytes(out, volume->fit.bucket_bytes);
                kt_str_add(out, " that was full at the start and refills with ");
                kt_markup_rate(out, volume->fit.refill_rate);
                kt_str_add(out, volume->fit.is_refill_measured ? ", measured." : ", as the model has it.");
        } else {
                kt_markup_text(out,
                               volume->fit.is_sustained ? "One rate for as long as it was watched." : volume->fit.why);
        }
        kt_str_add(out, "</figcaption>\n</figure>\n");
}

/* The mean over a knee is no rate of anything: the rates before and behind it are shown. */
static void add_written(const struct kt_disk_phase *phase, const struct kt_disk_fit *fit, struct kt_str *out)
{
        if (!phase->write.is_known)
                return;

        if (phase->id == KT_PHASE_WRITE && fit->has_knee) {
                kt_markup_rate(out, fit->burst.value);
                kt_str_add(out, ",<br>");
                kt_markup_rate(out, fit->sustained.value);
        } else {
                kt_markup_rate(out, phase->write.value);
        }
}

static void add_run_row(const struct kt_disk_phase *phase, size_t number, const struct kt_disk_fit *fit,
                        struct kt_str *out)
{
        kt_str_addf(out, "<tr><th scope=\"row\">%zu. %s</th><td>", number, kt_disk_phase_title(phase->id));
        add_written(phase, fit, out);
        kt_str_add(out, "</td><td>");
        if (phase->read.is_known)
                kt_markup_rate(out, phase->read.value);
        kt_str_add(out, "</td><td>");
        kt_markup_seconds(out, phase->seconds);
        kt_str_add(out, "</td></tr>\n");
}

static void add_run_figure(const struct kt_disk_volume *volume, size_t number, struct kt_str *out)
{
        const struct kt_disk_phase *phases[KT_PHASE_COUNT_];
        size_t count = kt_chart_phases(volume, phases);

        kt_str_add(out, "<h3>The whole run</h3>\n<figure>\n<ul class=\"legend\"><li><span class=\"key write\"></span>"
                        "written</li><li><span class=\"key read\"></span>read</li></ul>\n");
        if (!kt_chart_run(volume, number, out))
                kt_str_add(out, "<p>Nothing was moved.</p>\n");
        kt_str_add(out, "</figure>\n<table>\n<thead><tr><th scope=\"col\">phase</th><th scope=\"col\">write</th>"
                        "<th scope=\"col\">read</th><th scope=\"col\">lasted</th></tr></thead>\n<tbody>\n");
        for (size_t p = 0; p < count; p++)
                add_run_row(phases[p], p + 1, &volume->fit, out);
        kt_str_add(out, "</tbody>\n</table>\n");
}

static void add_latency_figure(const struct kt_disk_volume *volume, size_t number, struct kt_str *out)
{
        struct kt_chart_latency_row rows[LATENCY_ROWS_MAX];
        size_t count = kt_chart_latencies(volume, rows, LATENCY_ROWS_MAX);

        if (count == 0)
                return;

        kt_str_add(out, "<h3>Latency by percentile</h3>\n<figure>\n");
        (void)kt_chart_latency(volume, number, out); /* there is one: count says so */
        kt_str_add(out,
                   "</figure>\n<table>\n<thead><tr><th scope=\"col\">request</th><th scope=\"col\">p50</th>"
                   "<th scope=\"col\">p99</th><th scope=\"col\">p99.9</th><th scope=\"col\">most</th></tr></thead>\n"
                   "<tbody>\n");
        for (size_t i = 0; i < count; i++) {
                const struct kt_disk_latency *latency = rows[i].latency;
                const int64_t values[] = { latency->quantile_ns[0], latency->quantile_ns[4], latency->quantile_ns[6],
                                           latency->most_ns };

                kt_str_addf(out, "<tr><th scope=\"row\"><span class=\"key s%zu\"></span>%s</th>", i, rows[i].title);
                for (size_t k = 0; k < KT_COUNT(values); k++) {
                        kt_str_add(out, "<td>");
                        kt_markup_latency(out, values[k]);
                        kt_str_add(out, "</td>");
                }
                kt_str_add(out, "</tr>\n");
        }
        kt_str_add(out, "</tbody>\n</table>\n");
}

static void add_bounds(const struct kt_disk_fit *fit, struct kt_str *out)
{
        for (size_t i = 0; i < fit->bound_count; i++) {
                begin_fact(out, i == 0 ? "a later drop" : "");
                kt_str_add(out, "to ");
                kt_markup_rate(out, fit->bounds[i].rate);
                kt_str_add(out, " (");
                kt_markup_text(out, fit->bounds[i].reason ? fit->bounds[i].reason : "assumed");
                kt_str_add(out, ") needs a burst bucket above ");
                kt_markup_bytes(out, fit->bounds[i].bucket_bytes);
                end_fact(out);
        }
}

static void add_proof(const struct kt_disk_result *result, size_t v, struct kt_str *out)
{
        const struct kt_disk_volume *volume = &result->volumes[v];
        const struct kt_disk_fit *fit = &volume->fit;
        const bool is_beside = kt_verdict_alone(result, v) != &fit->sustained;

        kt_str_add(out, "<h3>Proof and bounds</h3>\n<dl class=\"facts\">\n");
        if (fit->sustained.is_known) {
                begin_fact(out, is_beside ? "the last rate, beside the others" : "the last rate");
                kt_str_add(out, "held for ");
                kt_markup_seconds(out, fit->proven_seconds);
                kt_str_add(out, " and ");
                kt_markup_bytes(out, (double)fit->proven_bytes);
                kt_str_addf(out, ", %u windows; 95\xc2\xa0%% sure: ", fit->sustained.windows);
                add_range(out, &fit->sustained);
                end_fact(out);
        }
        if (fit->has_knee) {
                begin_fact(out, "the bucket");
                kt_markup_bytes(out, fit->bucket_bytes);
                kt_str_add(out, ", between ");
                kt_markup_bytes(out, fit->bucket_low);
                kt_str_add(out, " and ");
                kt_markup_bytes(out, fit->bucket_high);
                end_fact(out);
        }
        if (!kt_verdict_is_alone_sustained(result, v))
                add_fact(out, "not proven", fit->why);
        add_bounds(fit, out);
        begin_fact(out, "written in all");
        kt_markup_bytes(out, (double)volume->written_bytes);
        kt_str_add(out, " of a budget of ");
        kt_markup_bytes(out, (double)volume->budget_bytes);
        end_fact(out);
        kt_str_add(out, "</dl>\n");
}

static void add_queue_facts(const struct kt_disk_target *target, struct kt_str *out)
{
        if (!target->has_queue_facts)
                return;

        begin_fact(out, "queue");
        kt_str_add(out, target->is_rotational ? "rotational, " : "not rotational, ");
        kt_str_add(out, "requests up to ");
        kt_markup_count(out, target->max_sectors_kib);
        kt_str_add(out, "\xc2\xa0KiB, ");
        kt_markup_count(out, target->nr_requests);
        kt_str_add(out, " of them, read-ahead ");
        kt_markup_count(out, target->read_ahead_kib);
        kt_str_add(out, "\xc2\xa0KiB, blocks of ");
        kt_markup_count(out, target->logical_block);
        kt_str_add(out, "\xc2\xa0"
                        "B");
        end_fact(out);
}

static void add_nvme(const struct kt_disk_nvme *nvme, struct kt_str *out)
{
        const struct {
                const char *name;
                uint64_t us;
        } rows[] = {
                { "held back by the volume's IOPS", nvme->volume_iops_us },
                { "by the volume's throughput", nvme->volume_throughput_us },
                { "by the instance's IOPS", nvme->instance_iops_us },
                { "by the instance's throughput", nvme->instance_throughput_us },
        };

        for (size_t i = 0; nvme->is_known && i < KT_COUNT(rows); i++) {
                begin_fact(out, rows[i].name);
                kt_markup_seconds(out, (double)rows[i].us / 1e6);
                end_fact(out);
        }
}

static void add_target(const struct kt_disk_volume *volume, struct kt_str *out)
{
        const struct kt_disk_target *target = &volume->target;

        kt_str_add(out, "<h3>What was measured</h3>\n<dl class=\"facts\">\n");
        add_fact(out, "path", target->resolved[0] ? target->resolved : target->path);
        add_fact(out, "mounted at", target->mount);
        add_fact(out, "filesystem", target->fstype);
        add_fact(out, "on", target->source);
        add_fact(out, "device", target->device);
        add_fact(out, "model", target->model);
        add_fact(out, "serial", target->serial);
        add_fact(out, "known as", target->product);
        begin_fact(out, "free");
        kt_markup_bytes(out, (double)target->free_bytes);
        kt_str_add(out, " of ");
        kt_markup_bytes(out, (double)target->total_bytes);
        end_fact(out);
        begin_fact(out, "input and output");
        kt_str_add(out,
                   target->is_direct ? "direct, past the page cache" : "through the page cache: O_DIRECT is refused");
        kt_str_add(out, target->is_network ? "; the filesystem is on the network" : "");
        end_fact(out);
        add_fact(out, "scheduler", target->scheduler);
        add_fact(out, "write cache", target->write_cache);
        add_queue_facts(target, out);
        add_nvme(&volume->nvme, out);
        kt_str_add(out, "</dl>\n");
}

static void add_volume(const struct kt_disk_result *result, size_t v, struct kt_str *out)
{
        const struct kt_disk_volume *volume = &result->volumes[v];

        kt_str_add(out, "<section>\n<h2>");
        kt_markup_value(out, volume->target.path);
        kt_str_add(out, "</h2>\n<div class=\"card\">\n");
        add_write_figure(volume, v + 1, out);
        add_proof(result, v, out);
        kt_str_add(out, "</div>\n<div class=\"card\">\n");
        add_latency_figure(volume, v + 1, out);
        add_run_figure(volume, v + 1, out);
        kt_str_add(out, "</div>\n<div class=\"card\">\n");
        add_target(volume, out);
        kt_str_add(out, "</div>\n</section>\n");
}

static void add_foot(const struct kt_disk_result *result, struct kt_str *out)
{
        kt_str_add(out, "</main>\n<footer>\n<p>kafka-diskbench ");
        kt_markup_text(out, result->version);
        kt_str_add(out, ". Took ");
        kt_markup_seconds(out, result->elapsed_seconds);
        kt_str_add(out, " of ");
        kt_markup_seconds(out, result->budget_seconds);
        kt_str_add(out, ", in blocks of ");
        kt_markup_count(out, result->block_bytes / 1024);
        kt_str_add(out, "\xc2\xa0KiB. 1\xc2\xa0MB is 1,000,000 bytes.</p>\n</footer>\n</body>\n</html>\n");
}

int kt_html_render(const struct kt_disk_result *result, struct kt_str *out)
{
        add_head(result, out);
        add_title(result, out);
        for (size_t v = 0; v < result->volume_count; v++)
                add_volume_card(result, v, out);
        add_caps(result, out);
        add_kafka(result, out);
        add_notes(result, out);
        for (size_t v = 0; v < result->volume_count; v++)
                add_volume(result, v, out);
        add_foot(result, out);
        return kt_str_error(out);
}

int kt_html_write(const struct kt_disk_result *result, const char *path, struct kt_err *e)
{
        static const struct kt_fs_attr attr = { .mode = 0644, .uid = (uid_t)-1, .gid = (gid_t)-1 };
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        KT_AUTO_STR struct kt_str folder = { 0 };
        KT_AUTO_STR struct kt_str page = { 0 };
        KT_AUTO_FD int dir_fd = -1;
        int r;

        /* "/page.html" lies in "/", "page.html" in ".". */
        kt_str_add_bytes(&folder, slash ? path : "./", slash ? (size_t)(name - path) : 2);
        if (!name[0] || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return kt_err_set(e, -EISDIR, "write the report to '%s'", path);

        r = kt_html_render(result, &page);
        r = r < 0 ? r : kt_str_error(&folder);
        if (r < 0)
                return kt_err_set(e, r, "build the report");

        dir_fd = open(kt_str_get(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir_fd < 0)
                return kt_err_set(e, -errno, "open %s", kt_str_get(&folder));
        return kt_fs_write_atomic(dir_fd, name, page.data, page.len, &attr, e);
}
