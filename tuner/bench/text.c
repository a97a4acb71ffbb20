/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people. Numbers line up; whatever is not proven says so where it stands. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/app/report.h"
#include "lib/text/num.h"
#include "tuner/bench/report.h"
#include "tuner/bench/verdict.h"

enum {
        LABEL = 12, /* where text begins behind a label */
        CELL = 34,  /* width of a cell of the table of rates: a burst with its bucket and its end */
        RATE_MAX = 48,
        PERCENT = 100,
};

#define MB 1e6

static void label(struct kt_str *out, const char *text)
{
        kt_str_add(out, text);
        kt_str_add_char(out, ' ');
        kt_str_pad(out, LABEL, ' ');
}

static const char *mega(double rate, char buf[RATE_MAX])
{
        (void)snprintf(buf, RATE_MAX, rate < 100 * MB ? "%.1f MB/s" : "%.0f MB/s", rate / MB); /* fits */
        return buf;
}

static const char *bytes_text(double bytes, char buf[KT_NUM_TEXT_MAX])
{
        return kt_num_format_decimal(bytes > 0 ? (uint64_t)bytes : 0, buf);
}

static void cell(struct kt_str *out, const char *text, size_t width)
{
        size_t shown = 0;

        for (const char *c = text; *c != '\0'; c++)
                shown += ((unsigned char)*c & 0xc0) != 0x80; /* columns are characters, as far as we use them */
        kt_str_add(out, text);
        for (; shown < width; shown++)
                kt_str_add_char(out, ' ');
}

static size_t path_width(const struct kt_disk_result *result)
{
        size_t width = LABEL;

        for (size_t v = 0; v < result->volume_count; v++) {
                size_t len = strlen(result->volumes[v].target.path) + 2;

                width = len > width ? len : width;
        }
        return width;
}

static void add_path(const struct kt_disk_result *result, size_t v, struct kt_str *out)
{
        KT_AUTO_STR struct kt_str shown = { 0 };

        kt_str_add_printable(&shown, result->volumes[v].target.path);
        cell(out, kt_str_get(&shown), path_width(result));
}

/* ---- What the volumes are ---- */

static void add_target(const struct kt_disk_result *result, size_t v, struct kt_str *out)
{
        const struct kt_disk_target *target = &result->volumes[v].target;
        char free_text[KT_NUM_TEXT_MAX];
        char total_text[KT_NUM_TEXT_MAX];

        add_path(result, v, out);
        kt_str_addf(out, "%s on %s", target->fstype, target->device[0] != '\0' ? target->device : "");
        if (target->device[0] == '\0')
                kt_str_add_printable(out, target->source);
        for (size_t i = 1; i < target->device_count; i++)
                kt_str_addf(out, "%s%s", i == 1 ? " on " : ", ", target->devices[i].name);
        if (target->model[0] != '\0' || target->serial[0] != '\0') {
                kt_str_add(out, " (");
                kt_str_add_printable(out, target->model);
                kt_str_add(out, target->model[0] != '\0' && target->serial[0] != '\0' ? ", " : "");
                kt_str_add_printable(out, target->serial);
                kt_str_add_char(out, ')');
        }
        kt_str_addf(out, ", %s of %s free", kt_num_format_binary(target->free_bytes, free_text),
                    kt_num_format_binary(target->total_bytes, total_text));
        if (target->has_queue_facts)
                kt_str_addf(out, ", scheduler %s, %s, requests to %llu KiB, read-ahead %llu KiB",
                            target->scheduler[0] != '\0' ? target->scheduler : "none",
                            target->write_cache[0] != '\0' ? target->write_cache : "cache unknown",
                            (unsigned long long)target->max_sectors_kib, (unsigned long long)target->read_ahead_kib);
        kt_str_add(out, target->is_direct ? "\n" : ", no O_DIRECT\n");
}

/* ---- The table of rates ---- */

static void rate_cell(const struct kt_disk_rate *rate, char buf[RATE_MAX])
{
        char text[RATE_MAX];
        double width = fmax(rate->value - rate->low, rate->high - rate->value) / MB;

        if (!rate->is_known)
                (void)snprintf(buf, RATE_MAX, "-"); /* fits */
        else if (!isfinite(width))
                (void)snprintf(buf, RATE_MAX, "%.24s", mega(rate->value, text)); /* fits */
        else
                (void)snprintf(buf, RATE_MAX, "%.24s ±%.1f", mega(rate->value, text), width); /* fits */
}

static void burst_cell(const struct kt_disk_fit *fit, char *buf, size_t size)
{
        char rate[RATE_MAX];
        char bucket[KT_NUM_TEXT_MAX];

        if (fit->has_knee)
                (void)snprintf(buf, size, "%.20s for %.1f s, %s", mega(fit->burst.value, rate), fit->knee_seconds,
                               bytes_text(fit->bucket_bytes, bucket)); /* fits */
        else
                (void)snprintf(buf, size, "none seen in %.0f s", fit->model.seconds); /* fits */
}

static void add_rates(const struct kt_disk_result *result, struct kt_str *out)
{
        const bool is_proven = kt_verdict_is_sustained(result);

        cell(out, "", path_width(result));
        cell(out, is_proven ? "sustained" : "not proven", 18);
        cell(out, "burst", CELL);
        kt_str_add(out, result->volume_count > 1 ? "together\n" : "\n");
        for (size_t v = 0; v < result->volume_count; v++) {
                const struct kt_disk_fit *fit = &result->volumes[v].fit;
                char text[RATE_MAX * 2];
                char together[RATE_MAX];

                add_path(result, v, out);
                rate_cell(kt_verdict_alone(result, v), text);
                cell(out, text, 18);
                burst_cell(fit, text, sizeof(text));
                cell(out, text, CELL);
                if (result->volume_count > 1)
                        kt_str_add(out, mega(fit->sustained.value, together));
                kt_str_add_char(out, '\n');
        }
}

/* ---- What proves it ---- */

static void add_proof(const struct kt_disk_result *result, size_t v, struct kt_str *out)
{
        const struct kt_disk_fit *fit = &result->volumes[v].fit;
        const struct kt_disk_rate *rate = kt_verdict_alone(result, v);
        char text[RATE_MAX];
        char bytes[KT_NUM_TEXT_MAX];
        char bucket[KT_NUM_TEXT_MAX];

        if (!rate->is_known)
                return;
        label(out, v == 0 ? "proof" : "");
        kt_str_add_printable(out, result->volumes[v].target.path);
        kt_str_addf(out, ": %s held for %.0f s (%u windows, %s; 95 %%: %.1f to %.1f)", mega(rate->value, text),
                    rate->seconds, rate->windows, bytes_text((double)rate->bytes, bytes), rate->low / MB,
                    rate->high / MB);
        if (fit->why[0] != '\0' && !kt_verdict_is_sustained(result))
                kt_str_addf(out, ". It is not proven. %s", fit->why);
        kt_str_add_char(out, '\n');
        for (size_t i = 0; i < fit->bound_count; i++) {
                label(out, "");
                kt_str_addf(out, "%s%s %s (%s) needs a burst bucket above %s\n",
                            rate == &fit->sustained ? "" : "of what it gets beside the others, ",
                            i == 0 ? "a later drop to" : "            or to", mega(fit->bounds[i].rate, text),
                            fit->bounds[i].reason, bytes_text(fit->bounds[i].bucket_bytes, bucket));
        }
        if (!fit->has_knee)
                return;
        label(out, "");
        kt_str_addf(out, "the bucket holds %s and fills at %s%s\n", bytes_text(fit->bucket_bytes, bucket),
                    mega(fit->refill_rate, text), fit->is_refill_measured ? ", measured" : ", by the model");
}

/* ---- Reads and latencies ---- */

static void add_part(struct kt_str *out, bool *is_first, const char *what, const struct kt_disk_rate *rate)
{
        char text[RATE_MAX];

        if (!rate->is_known)
                return;
        kt_str_addf(out, "%s%s %s", *is_first ? "" : ", ", what, mega(rate->value, text));
        *is_first = false;
}

static void add_reads(const struct kt_disk_result *result, size_t v, struct kt_str *out)
{
        const struct kt_disk_volume *volume = &result->volumes[v];
        const struct kt_disk_phase *phases = volume->phases;
        const bool is_alone = phases[KT_PHASE_READ_SOLO].read.is_known;
        bool is_first = true;

        label(out, v == 0 ? "read" : "");
        kt_str_add_printable(out, volume->target.path);
        kt_str_add(out, ": ");
        add_part(out, &is_first, is_alone ? "cold, together" : "cold", &phases[KT_PHASE_READ].read);
        add_part(out, &is_first, "alone", &phases[KT_PHASE_READ_SOLO].read);
        add_part(out, &is_first, "beside writes", &phases[KT_PHASE_MIXED].read);
        add_part(out, &is_first, "which then get", &phases[KT_PHASE_MIXED].write);
        add_part(out, &is_first, "one consumer catching up", &phases[KT_PHASE_CATCH_UP].read);
        if (phases[KT_PHASE_CATCH_UP].has_credit)
                kt_str_add(out, " (too high: a rest had filled the burst bucket)");
        kt_str_add(out, is_first ? "not measured\n" : "\n");
}

static void add_sync(const struct kt_disk_result *result, size_t v, struct kt_str *out)
{
        static const struct {
                enum kt_disk_phase_id id;
                const char *load;
        } rows[] = { { KT_PHASE_SYNC_50, "50 %" }, { KT_PHASE_SYNC_80, "80 %" } };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_disk_latency *latency = &result->volumes[v].phases[rows[i].id].sync_latency;

                if (latency->count == 0)
                        continue;
                label(out, v == 0 && i == 0 ? "fdatasync" : "");
                kt_str_add_printable(out, result->volumes[v].target.path);
                kt_str_addf(out,
                            ": at %s of the rate p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, slowest %.1f ms of %llu\n",
                            rows[i].load, (double)latency->quantile_ns[0] / 1e6, (double)latency->quantile_ns[4] / 1e6,
                            (double)latency->quantile_ns[6] / 1e6, (double)latency->most_ns / 1e6,
                            (unsigned long long)latency->count);
        }
}

/* ---- The node and Kafka ---- */

static void add_cap(const char *name, const char *what, const struct kt_disk_cap *cap, struct kt_str *out)
{
        char text[RATE_MAX];
        char alone[RATE_MAX];

        label(out, name);
        if (cap->is_known && cap->verdict == KT_CAP_SHARED)
                kt_str_addf(
                        out,
                        "%s: %s together (99 %% sure: %.1f to %.1f), alone %s in all; adding volumes adds nothing\n",
                        what, mega(cap->model.cap, text), cap->together.low / MB, cap->together.high / MB,
                        mega(cap->alone, alone));
        else if (cap->is_known && cap->verdict == KT_CAP_NONE)
                kt_str_addf(out, "%s: none seen; if there is one, it is at least %s\n", what,
                            mega(cap->together.value, text));
        else
                kt_str_addf(out, "%s: not known. %s\n", what, cap->why);
}

static void add_held_back(const struct kt_disk_result *result, size_t v, struct kt_str *out)
{
        const struct kt_disk_nvme *nvme = &result->volumes[v].nvme;

        if (!nvme->is_known)
                return;
        label(out, "held back");
        kt_str_add_printable(out, result->volumes[v].target.path);
        kt_str_addf(
                out,
                ": by the volume's throughput %.1f s, its IOPS %.1f s, the instance's throughput %.1f s, its IOPS %.1f s\n",
                (double)nvme->volume_throughput_us / 1e6, (double)nvme->volume_iops_us / 1e6,
                (double)nvme->instance_throughput_us / 1e6, (double)nvme->instance_iops_us / 1e6);
}

static void add_brokers(const struct kt_disk_result *result, struct kt_str *out)
{
        const struct kt_disk_verdict *verdict = &result->verdict;
        const bool is_shared = result->node.write.is_known && result->node.write.verdict == KT_CAP_SHARED;
        char rate[RATE_MAX];

        kt_str_addf(out, "one broker may take %s of produce, followers' copies included%s\n",
                    mega(verdict->broker_rate, rate),
                    is_shared ? ", on this node; further brokers share that: keep them apart" : "");
        label(out, "");
        if (verdict->is_rate_given)
                kt_str_addf(out, "%llu broker%s of %s each fit%s here\n", (unsigned long long)verdict->brokers,
                            verdict->brokers == 1 ? "" : "s", mega(verdict->broker_rate_of_each, rate),
                            verdict->brokers == 1 ? "s" : "");
        else
                kt_str_addf(out, "a broker with one of these volumes may take %s: room for %llu such on this node\n",
                            mega(verdict->broker_rate_of_each, rate), (unsigned long long)verdict->brokers);
}

/* Where the number comes from, and what to do about it. */
static void add_stall(const struct kt_disk_result *result, struct kt_str *out)
{
        const struct kt_disk_verdict *verdict = &result->verdict;
        char limit[KT_NUM_TEXT_MAX];
        char rate[RATE_MAX];
        char setting[KT_VERDICT_SETTING_MAX];

        if (!(verdict->worst_stall_seconds > 0))
                return;
        label(out, "");
        kt_str_addf(out, "as it is set here, a write may be blocked for %.1f s: the dirty limit of %s%s at %s",
                    verdict->worst_stall_seconds, kt_num_format_decimal(result->node.dirty_limit_bytes, limit),
                    result->node.is_dirty_limit_of_group ? " (by our memory limit)" : "",
                    mega(verdict->sustained_rate, rate));
        if (verdict->measured_stall_seconds > 0)
                kt_str_addf(out, "; measured: %.1f s", verdict->measured_stall_seconds);
        kt_str_add_char(out, '\n');
        label(out, "");
        kt_str_addf(out,
                    "kafka.yaml: `%s`, which vm.dirty_bytes and vm.dirty_background_bytes follow where tuning.tunables "
                    "names them\n",
                    kt_verdict_setting(result, setting));
}

static void add_memory(const struct kt_disk_result *result, struct kt_str *out)
{
        const struct kt_disk_verdict *verdict = &result->verdict;
        char bytes[KT_NUM_TEXT_MAX];
        char background[KT_NUM_TEXT_MAX];

        label(out, "");
        kt_str_addf(out, "memory request: the heap and %s of page cache, for %.10g s of it\n",
                    kt_num_format_decimal(verdict->memory_bytes, bytes), verdict->buffer_seconds);
        label(out, "");
        kt_str_addf(out, "vm.dirty_bytes at most %llu (%s), vm.dirty_background_bytes at most %llu (%s)\n",
                    (unsigned long long)verdict->dirty_bytes, kt_num_format_binary(verdict->dirty_bytes, bytes),
                    (unsigned long long)verdict->dirty_background_bytes,
                    kt_num_format_binary(verdict->dirty_background_bytes, background));
        add_stall(result, out);
        for (size_t v = 0; v < result->volume_count; v++) {
                label(out, "");
                kt_str_add_printable(out, result->volumes[v].target.path);
                kt_str_addf(out, ": up to %s busy partitions before writes get smaller than 256 KiB\n",
                            kt_num_format_count(result->volumes[v].good_partitions, bytes));
        }
}

static void add_verdict(const struct kt_disk_result *result, struct kt_str *out)
{
        const struct kt_disk_verdict *verdict = &result->verdict;
        char rate[RATE_MAX];

        label(out, "for Kafka");
        if (verdict->node_rate > 0) {
                add_brokers(result, out);
                add_memory(result, out);
        } else {
                kt_str_add(
                        out,
                        "nothing can be promised: the rate is not proven. Measure longer (--time), with more bytes (--bytes)\n");
        }
        if (verdict->required > 0) {
                label(out, "required");
                kt_str_addf(out, "%s of every volume, all busy: %s\n", mega(verdict->required, rate),
                            verdict->is_met ? "met" : "not met");
        }
}

static void add_end(const struct kt_disk_result *result, struct kt_str *out)
{
        char written[KT_NUM_TEXT_MAX];
        uint64_t bytes = 0;

        for (size_t v = 0; v < result->volume_count; v++)
                bytes += result->volumes[v].written_bytes;
        for (size_t v = 0; v < result->volume_count; v++) {
                if (result->volumes[v].error == 0)
                        continue;
                label(out, "failed");
                kt_str_add_printable(out, result->volumes[v].target.path);
                kt_str_addf(out, ": %s; what is above was measured before\n", result->volumes[v].error_text);
        }
        if (result->signal != 0) {
                label(out, "ended");
                kt_str_addf(out, "by signal %d (%s); what is above was measured before\n", result->signal,
                            strsignal(result->signal));
        }
        label(out, "cost");
        kt_str_addf(out, "%.0f s, %s written, %.0f %% of our CPU; nothing is left behind\n", result->elapsed_seconds,
                    kt_num_format_decimal(bytes, written), PERCENT * result->node.cpu_busy);
}

int kt_report_disk_text(const struct kt_disk_result *result, bool colour, struct kt_str *out)
{
        const size_t count = result->volume_count;

        for (size_t v = 0; v < count; v++)
                add_target(result, v, out);
        kt_str_add_char(out, '\n');
        add_rates(result, out);
        kt_str_add_char(out, '\n');
        for (size_t v = 0; v < count; v++)
                add_proof(result, v, out);
        for (size_t v = 0; v < count; v++)
                add_reads(result, v, out);
        for (size_t v = 0; v < count; v++)
                add_sync(result, v, out);
        add_cap("node cap", "writes", &result->node.write, out);
        if (count > 1)
                add_cap("", "reads", &result->node.read, out);
        for (size_t v = 0; v < count; v++)
                add_held_back(result, v, out);
        add_verdict(result, out);
        add_end(result, out);
        kt_report_findings(&result->notes, colour, out);
        return kt_str_error(out);
}
