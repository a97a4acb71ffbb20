/* SPDX-License-Identifier: Apache-2.0 */
/* Gauges: the state as metrics. All series are told anew for each scrape, so that nothing lingers. */
#include "daemonset/gauge.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text/num.h"

struct kt_gauge {
        const struct kt_agent *agent;
        const char *version;
        struct kt_metrics *metrics;
};

static void set(struct kt_gauge *gauge, enum kt_metric_id id, double value)
{
        kt_metrics_set(gauge->metrics, id, NULL, value);
}

static void set_number(struct kt_gauge *gauge, enum kt_metric_id id, const char *const *labels, const char *text)
{
        double number = 0;

        if (text && kt_num_parse_double(text, &number) == 0)
                kt_metrics_set(gauge->metrics, id, labels, number);
}

/* Families whose labels come and go. */
static void forget(struct kt_gauge *gauge)
{
        static const enum kt_metric_id ids[] = { KT_METRIC_BUILD_INFO,   KT_METRIC_ROW_STATE,
                                                 KT_METRIC_ROW_HAVE,     KT_METRIC_ROW_WANT,
                                                 KT_METRIC_DRIFT,        KT_METRIC_RESTORES,
                                                 KT_METRIC_BROKER_FILES, KT_METRIC_BROKER_FILES_WANTED,
                                                 KT_METRIC_DISK_WRITE,   KT_METRIC_DISK_TIME };

        for (size_t i = 0; i < KT_COUNT(ids); i++)
                kt_metrics_forget(gauge->metrics, ids[i], NULL, 0);
}

static void set_rows(struct kt_gauge *gauge, const struct kt_node_state *state)
{
        for (size_t i = 0; i < state->row_count; i++) {
                const struct kt_node_row *row = &state->rows[i];
                const char *const labels[] = { row->id, row->object, kt_state_name(row->state) };

                kt_metrics_set(gauge->metrics, KT_METRIC_ROW_STATE, labels, 1);
                set_number(gauge, KT_METRIC_ROW_HAVE, labels, row->have);
                set_number(gauge, KT_METRIC_ROW_WANT, labels, row->want_value);
                kt_metrics_add(gauge->metrics, KT_METRIC_DRIFT, labels, (double)row->drifted);
                kt_metrics_add(gauge->metrics, KT_METRIC_RESTORES, labels, (double)row->restored);
        }
}

static void set_brokers(struct kt_gauge *gauge, const struct kt_node_state *state)
{
        static const char *const all_limits[] = { "process" };
        size_t running = 0;

        for (size_t i = 0; i < state->broker_count; i++) {
                const struct kt_node_broker *broker = &state->brokers[i];
                const char *const labels[] = { broker->pod.namespace, broker->pod.name };

                running += broker->pod.state == KT_POD_RUNNING;
                if (broker->nofile > 0)
                        kt_metrics_set(gauge->metrics, KT_METRIC_BROKER_FILES, labels, (double)broker->nofile);
                if (broker->nofile_wanted > 0)
                        kt_metrics_set(gauge->metrics, KT_METRIC_BROKER_FILES_WANTED, labels,
                                       (double)broker->nofile_wanted);
        }
        set(gauge, KT_METRIC_BROKERS, (double)running);
        set(gauge, KT_METRIC_VOLUMES, (double)state->volume_count);
        kt_metrics_set(gauge->metrics, KT_METRIC_LIMITS_RAISED, all_limits, (double)state->raised);
        kt_metrics_set(gauge->metrics, KT_METRIC_LIMIT_FAILURES, all_limits, (double)state->raise_failures);
}

static void set_disks(struct kt_gauge *gauge, const struct kt_node_state *state)
{
        for (size_t i = 0; i < state->disk_count; i++) {
                const struct kt_disk *disk = &state->disks[i];
                const char *const labels[] = { disk->path };

                if (disk->is_proven)
                        kt_metrics_set(gauge->metrics, KT_METRIC_DISK_WRITE, labels, disk->write);
                kt_metrics_set(gauge->metrics, KT_METRIC_DISK_TIME, labels, (double)disk->wall_s);
        }
}

static void set_api(struct kt_gauge *gauge, const struct kt_agent_stats *stats)
{
        const struct kt_kube *kube = kt_agent_kube(gauge->agent);
        struct kt_kube_stats api = { 0 };

        if (!kube)
                return;
        kt_kube_get_stats(kube, &api);
        set(gauge, KT_METRIC_API_REQUESTS, (double)api.requests);
        set(gauge, KT_METRIC_API_FAILURES, (double)api.failures);
        set(gauge, KT_METRIC_API_EVENTS, (double)stats->heard);
        set(gauge, KT_METRIC_API_BYTES, (double)api.bytes);
        if (api.answered_ms > 0)
                set(gauge, KT_METRIC_API_ANSWER_TIME, (double)(api.answered_ms + stats->skew_ms) / 1000);
}

static void add_metrics(void *context, struct kt_str *out)
{
        struct kt_gauge *gauge = context;
        const struct kt_node_state *state = kt_agent_state(gauge->agent);
        const char *const build[] = { gauge->version, state->profile_hash };
        struct kt_agent_stats stats = { 0 };

        kt_agent_get_stats(gauge->agent, &stats);
        forget(gauge);
        kt_metrics_set(gauge->metrics, KT_METRIC_BUILD_INFO, build, 1);
        set(gauge, KT_METRIC_READY, kt_node_is_ready(state, NULL) ? 1 : 0);
        set(gauge, KT_METRIC_CONFLICTS, (double)kt_node_count(state, KT_STATE_CONFLICT));
        set(gauge, KT_METRIC_RECONCILES, (double)state->rounds);
        set(gauge, KT_METRIC_RECONCILE_SECONDS, stats.busy_seconds);
        set(gauge, KT_METRIC_RECONCILE_TIME, (double)stats.ended_wall_s);
        set_rows(gauge, state);
        set_brokers(gauge, state);
        set_disks(gauge, state);
        set_api(gauge, &stats);
        kt_metrics_render(gauge->metrics, out);
}

static bool is_healthy(void *context, struct kt_str *out)
{
        const struct kt_gauge *gauge = context;

        return kt_agent_is_healthy(gauge->agent, out);
}

static bool is_ready(void *context, struct kt_str *out)
{
        const struct kt_gauge *gauge = context;

        return kt_agent_is_ready(gauge->agent, out);
}

struct kt_metrics_source kt_gauge_source(struct kt_gauge *gauge)
{
        return (struct kt_metrics_source){
                .metrics = add_metrics, .healthy = is_healthy, .ready = is_ready, .context = gauge
        };
}

struct kt_gauge *kt_gauge_new(const struct kt_agent *agent, const char *version)
{
        struct kt_gauge *gauge = calloc(1, sizeof(*gauge));

        if (!gauge)
                return NULL;
        *gauge = (struct kt_gauge){ .agent = agent, .version = version, .metrics = kt_metrics_new(kt_metric_rows) };
        if (!gauge->metrics) {
                free(gauge);
                return NULL;
        }
        return gauge;
}

void kt_gauge_free(struct kt_gauge *gauge)
{
        if (!gauge)
                return;
        kt_metrics_free(gauge->metrics);
        free(gauge);
}
