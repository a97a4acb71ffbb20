/* SPDX-License-Identifier: Apache-2.0 */
/* The DiskReport. docs/json.md and docs/diskbench.md say what may be relied upon. */
#include <math.h>

#include "lib/app/report.h"
#include "tuner/bench/report.h"
#include "tuner/bench/verdict.h"

static double seconds_of(int64_t ns)
{
        return (double)ns / 1e9;
}

static void add_rate(struct kt_json *parent, const char *key, const struct kt_disk_rate *rate)
{
        struct kt_json *object;

        if (!rate->is_known) {
                kt_json_text(parent, key, NULL);
                return;
        }
        object = kt_json_object(parent, key);
        kt_json_real(object, "value", rate->value);
        kt_json_real(object, "low", rate->low);
        kt_json_real(object, "high", rate->high);
        kt_json_count(object, "windows", rate->windows);
        kt_json_real(object, "seconds", rate->seconds);
        kt_json_count(object, "bytes", rate->bytes);
}

static void add_latency(struct kt_json *parent, const char *key, const struct kt_disk_latency *latency)
{
        static const char *const names[KT_DISK_QUANTILE_COUNT] = { "p50", "p75",  "p90",  "p95",
                                                                   "p99", "p995", "p999", "p9999" };
        struct kt_json *object;

        if (latency->count == 0) {
                kt_json_text(parent, key, NULL);
                return;
        }
        object = kt_json_object(parent, key);
        kt_json_count(object, "count", latency->count);
        kt_json_real(object, "min", seconds_of(latency->least_ns));
        kt_json_real(object, "mean", latency->mean_ns / 1e9);
        for (size_t q = 0; q < KT_DISK_QUANTILE_COUNT; q++)
                kt_json_real(object, names[q], seconds_of(latency->quantile_ns[q]));
        kt_json_real(object, "max", seconds_of(latency->most_ns));
}

static void add_target(struct kt_json *object, const struct kt_disk_target *target)
{
        struct kt_json *part = kt_json_object(object, "target");
        struct kt_json *list;

        kt_json_text(part, "mount", target->mount);
        kt_json_text(part, "filesystem", target->fstype);
        kt_json_text(part, "source", target->source);
        kt_json_count(part, "totalBytes", target->total_bytes);
        kt_json_count(part, "freeBytes", target->free_bytes);
        kt_json_bool(part, "isNetwork", target->is_network);
        kt_json_bool(part, "isDirect", target->is_direct);
        kt_json_bool(part, "hasLiveBroker", target->has_live_broker);
        kt_json_text(part, "model", target->model);
        kt_json_text(part, "serial", target->serial);
        kt_json_text(part, "product", target->product);
        list = kt_json_list(part, "devices");
        for (size_t i = 0; i < target->device_count; i++) {
                struct kt_json *device = kt_json_object(list, NULL);

                kt_json_text(device, "name", target->devices[i].name);
                kt_json_text(device, "id", target->devices[i].id);
                kt_json_bool(device, "isLeaf", target->devices[i].is_leaf);
        }
        if (!target->has_queue_facts)
                return;
        part = kt_json_object(part, "queue");
        kt_json_text(part, "scheduler", target->scheduler);
        kt_json_text(part, "writeCache", target->write_cache);
        kt_json_count(part, "maxSectorsBytes", target->max_sectors_kib * 1024);
        kt_json_count(part, "readAheadBytes", target->read_ahead_kib * 1024);
        kt_json_count(part, "requests", target->nr_requests);
        kt_json_count(part, "logicalBlockBytes", target->logical_block);
        kt_json_bool(part, "isRotational", target->is_rotational);
}

/* What the volume sustains on its own; beside the others when nothing held them back together. */
static void add_sustained(struct kt_json *write, const struct kt_disk_result *result, size_t v)
{
        const struct kt_disk_fit *fit = &result->volumes[v].fit;
        const struct kt_disk_rate *rate = kt_verdict_alone(result, v);
        const bool is_together = rate == &fit->sustained;
        struct kt_json *object = kt_json_object(write, "sustained");

        kt_json_real(object, "value", rate->is_known ? rate->value : NAN);
        kt_json_real(object, "low", rate->is_known ? rate->low : NAN);
        kt_json_real(object, "high", rate->is_known ? rate->high : NAN);
        kt_json_count(object, "windows", rate->windows);
        kt_json_real(object, "provenSeconds", is_together ? fit->proven_seconds : rate->seconds);
        kt_json_count(object, "provenBytes", is_together ? fit->proven_bytes : rate->bytes);
        kt_json_bool(object, "isProven", kt_verdict_is_alone_sustained(result, v));
        kt_json_text(object, "why", is_together && fit->why[0] != '\0' ? fit->why : NULL);
}

static void add_write(struct kt_json *object, const struct kt_disk_result *result, size_t v)
{
        const struct kt_disk_volume *volume = &result->volumes[v];
        struct kt_json *write = kt_json_object(object, "write");
        struct kt_json *list;
        const struct kt_disk_fit *fit = &volume->fit;

        add_rate(write, "together", &fit->sustained);
        add_sustained(write, result, v);
        add_rate(write, "burst", &fit->burst);
        kt_json_real(write, "bucketBytes", fit->has_knee ? fit->bucket_bytes : NAN);
        kt_json_real(write, "bucketLow", fit->has_knee ? fit->bucket_low : NAN);
        kt_json_real(write, "bucketHigh", fit->has_knee ? fit->bucket_high : NAN);
        kt_json_real(write, "kneeSeconds", fit->has_knee ? fit->knee_seconds : NAN);
        kt_json_real(write, "refill", fit->has_knee ? fit->refill_rate : NAN);
        kt_json_bool(write, "isRefillMeasured", fit->is_refill_measured);
        kt_json_text(write, "shape", kt_fit_shape_name(fit->model.shape));
        kt_json_real(write, "noise", fit->model.noise);
        add_rate(write, "alone", &volume->phases[KT_PHASE_SOLO].write);
        list = kt_json_list(write, "laterDrops");
        for (size_t i = 0; i < fit->bound_count; i++) {
                struct kt_json *bound = kt_json_object(list, NULL);

                kt_json_real(bound, "rate", fit->bounds[i].rate);
                kt_json_real(bound, "needsBucketBytes", fit->bounds[i].bucket_bytes);
                kt_json_text(bound, "reason", fit->bounds[i].reason);
        }
}

static void add_reads(struct kt_json *object, const struct kt_disk_volume *volume)
{
        const struct kt_disk_phase *phases = volume->phases;
        struct kt_json *part = kt_json_object(object, "read");

        add_rate(part, "cold", &phases[KT_PHASE_READ].read);
        add_rate(part, "alone", &phases[KT_PHASE_READ_SOLO].read);
        add_rate(part, "catchUp", &phases[KT_PHASE_CATCH_UP].read);
        part = kt_json_object(object, "mixed");
        add_rate(part, "write", &phases[KT_PHASE_MIXED].write);
        add_rate(part, "read", &phases[KT_PHASE_MIXED].read);
}

static void add_fsync(struct kt_json *object, const struct kt_disk_volume *volume)
{
        const struct kt_disk_latency *half = &volume->phases[KT_PHASE_SYNC_50].sync_latency;
        struct kt_json *part = kt_json_object(object, "fsync");

        kt_json_real(part, "p50", half->count > 0 ? seconds_of(half->quantile_ns[0]) : NAN);
        kt_json_real(part, "p99", half->count > 0 ? seconds_of(half->quantile_ns[4]) : NAN);
        kt_json_real(part, "p999", half->count > 0 ? seconds_of(half->quantile_ns[6]) : NAN);
        add_latency(part, "at50", half);
        add_latency(part, "at80", &volume->phases[KT_PHASE_SYNC_80].sync_latency);
}

static void add_windows(struct kt_json *object, const struct kt_disk_phase *phase)
{
        struct kt_json *list = kt_json_list(object, "windows");

        for (size_t i = 0; i < phase->window_count; i++) {
                const struct kt_disk_window *window = &phase->windows[i];
                struct kt_json *part = kt_json_object(list, NULL);

                kt_json_real(part, "begin", window->begin_seconds);
                kt_json_real(part, "seconds", window->seconds);
                kt_json_count(part, "writeBytes", window->write_bytes);
                kt_json_count(part, "readBytes", window->read_bytes);
                kt_json_count(part, "requests", window->ops);
                kt_json_real(part, "slowest", seconds_of(window->worst_ns));
                if (window->is_ramp)
                        kt_json_bool(part, "isRamp", true);
        }
}

static void add_phases(struct kt_json *object, const struct kt_disk_volume *volume)
{
        struct kt_json *list = kt_json_list(object, "phases");

        for (size_t p = 0; p < KT_PHASE_COUNT_; p++) {
                const struct kt_disk_phase *phase = &volume->phases[p];
                struct kt_json *part = kt_json_object(list, NULL);

                kt_json_text(part, "name", kt_disk_phase_name((enum kt_disk_phase_id)p));
                kt_json_text(part, "end", kt_disk_end_name(phase->end));
                if (phase->end == KT_END_NOT_RUN) {
                        kt_json_text(part, "why", phase->why);
                        continue;
                }
                kt_json_real(part, "begin", phase->begin_seconds);
                kt_json_real(part, "seconds", phase->seconds);
                kt_json_count(part, "depth", phase->depth);
                kt_json_count(part, "files", phase->files);
                kt_json_count(part, "blockBytes", phase->block_bytes);
                kt_json_real(part, "wantedRate", phase->wanted_rate > 0 ? phase->wanted_rate : NAN);
                if (phase->has_credit)
                        kt_json_bool(part, "hasCredit", true);
                kt_json_count(part, "writeBytes", phase->write_bytes);
                kt_json_count(part, "readBytes", phase->read_bytes);
                add_rate(part, "write", &phase->write);
                add_rate(part, "read", &phase->read);
                add_latency(part, "writeLatency", &phase->write_latency);
                add_latency(part, "readLatency", &phase->read_latency);
                add_latency(part, "syncLatency", &phase->sync_latency);
                add_windows(part, phase);
        }
}

static void add_volume(struct kt_json *list, const struct kt_disk_result *result, size_t v)
{
        const struct kt_disk_volume *volume = &result->volumes[v];
        struct kt_json *object = kt_json_object(list, NULL);

        kt_json_text(object, "path", volume->target.path);
        kt_json_text(object, "device", volume->target.device[0] != '\0' ? volume->target.device : NULL);
        add_write(object, result, v);
        add_reads(object, volume);
        add_fsync(object, volume);
        kt_json_real(object, "produceRate", volume->produce_rate > 0 ? volume->produce_rate : NAN);
        kt_json_count(object, "partitionsOfLargeWrites",
                      volume->good_partitions > 0 ? volume->good_partitions : UINT64_MAX);
        kt_json_text(object, "error", volume->error != 0 ? volume->error_text : NULL);
        kt_json_count(object, "writtenBytes", volume->written_bytes);
        kt_json_count(object, "budgetBytes", volume->budget_bytes);
        if (volume->nvme.is_known) {
                struct kt_json *nvme = kt_json_object(object, "heldBack");

                kt_json_real(nvme, "volumeIops", (double)volume->nvme.volume_iops_us / 1e6);
                kt_json_real(nvme, "volumeThroughput", (double)volume->nvme.volume_throughput_us / 1e6);
                kt_json_real(nvme, "instanceIops", (double)volume->nvme.instance_iops_us / 1e6);
                kt_json_real(nvme, "instanceThroughput", (double)volume->nvme.instance_throughput_us / 1e6);
        }
        add_target(object, &volume->target);
        add_phases(object, volume);
}

static void add_cap(struct kt_json *node, const char *key, const struct kt_disk_cap *cap)
{
        struct kt_json *object = kt_json_object(node, key);
        const bool is_shared = cap->is_known && cap->verdict == KT_CAP_SHARED;

        kt_json_text(object, "verdict", cap->is_known ? kt_cap_verdict_name(cap->verdict) : "unknown");
        kt_json_text(object, "why", cap->why[0] != '\0' ? cap->why : NULL);
        kt_json_real(object, "cap", is_shared ? cap->model.cap : NAN);
        kt_json_real(object, "low", cap->is_known ? cap->together.low : NAN);
        kt_json_real(object, "high", cap->is_known ? cap->together.high : NAN);
        kt_json_real(object, "together", cap->is_known ? cap->together.value : NAN);
        kt_json_real(object, "alone", cap->is_known ? cap->alone : NAN);
        kt_json_real(object, "rho", cap->is_known ? cap->rho : NAN);
        kt_json_real(object, "rhoLow", cap->is_known ? cap->rho_low : NAN);
        kt_json_real(object, "rhoHigh", cap->is_known ? cap->rho_high : NAN);
}

static void add_node(struct kt_json *document, const struct kt_disk_node *node)
{
        struct kt_json *object = kt_json_object(document, "node");

        add_cap(object, "write", &node->write);
        add_cap(object, "read", &node->read);
        kt_json_real(object, "cpuBusy", node->cpu_busy);
        kt_json_count(object, "throttledPeriods", node->has_throttle_count ? node->throttled : UINT64_MAX);
        kt_json_count(object, "otherBytes", node->has_other_traffic ? node->other_bytes : UINT64_MAX);
        kt_json_real(object, "otherShare", node->has_other_traffic ? node->other_share : NAN);
        kt_json_count(object, "dirtyLimitBytes", node->dirty_limit_bytes > 0 ? node->dirty_limit_bytes : UINT64_MAX);
}

static void add_verdict(struct kt_json *document, const struct kt_disk_result *result)
{
        const struct kt_disk_verdict *verdict = &result->verdict;
        struct kt_json *object = kt_json_object(document, "kafka");
        const bool is_known = verdict->node_rate > 0;

        kt_json_bool(object, "isProven", kt_verdict_is_sustained(result));
        kt_json_real(object, "nodeRate", is_known ? verdict->node_rate : NAN);
        kt_json_real(object, "brokerRate", is_known ? verdict->broker_rate : NAN);
        kt_json_count(object, "brokers", is_known ? verdict->brokers : UINT64_MAX);
        kt_json_real(object, "brokerRateOfEach", is_known ? verdict->broker_rate_of_each : NAN);
        kt_json_real(object, "bufferSeconds", verdict->buffer_seconds);
        kt_json_count(object, "memoryBytes", is_known ? verdict->memory_bytes : UINT64_MAX);
        kt_json_count(object, "dirtyBytes", is_known ? verdict->dirty_bytes : UINT64_MAX);
        kt_json_count(object, "dirtyBackgroundBytes", is_known ? verdict->dirty_background_bytes : UINT64_MAX);
        kt_json_real(object, "sustainedRate", is_known ? verdict->sustained_rate : NAN);
        kt_json_real(object, "worstStallSeconds",
                     verdict->worst_stall_seconds > 0 ? verdict->worst_stall_seconds : NAN);
        kt_json_real(object, "measuredStallSeconds",
                     verdict->measured_stall_seconds > 0 ? verdict->measured_stall_seconds : NAN);
        kt_json_real(object, "required", verdict->required > 0 ? verdict->required : NAN);
        kt_json_bool(object, "isMet", verdict->is_met);
}

struct kt_json *kt_report_disk_document(const struct kt_disk_result *result)
{
        struct kt_json *document = kt_json_new("DiskReport");
        struct kt_json *list;

        kt_json_text(document, "version", result->version);
        kt_json_text(document, "started", result->started);
        kt_json_text(document, "host", result->host);
        kt_json_real(document, "elapsedSeconds", result->elapsed_seconds);
        kt_json_real(document, "budgetSeconds", result->budget_seconds);
        kt_json_count(document, "partitions", result->partitions > 0 ? result->partitions : UINT64_MAX);
        kt_json_count(document, "blockBytes", result->block_bytes);
        list = kt_json_list(document, "volumes");
        for (size_t v = 0; v < result->volume_count; v++)
                add_volume(list, result, v);
        add_node(document, &result->node);
        add_verdict(document, result);
        kt_json_findings(document, "notes", &result->notes);
        kt_json_int(document, "exitCode", result->exit_code);
        return document;
}

int kt_report_disk_json(const struct kt_disk_result *result, struct kt_str *out)
{
        struct kt_json *document = kt_report_disk_document(result);
        int r = kt_json_render(document, out);

        kt_json_free(document);
        return r;
}
