/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON objects of kafka-initc. */
#include "initc/report.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/auto.h"
#include "lib/kafka/schema.h"

static enum kt_exit print(struct kt_json *document, enum kt_exit code)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        int r = kt_json_render(document, &text);

        kt_json_free(document);
        if (r == 0)
                r = kt_report_print(&text, stdout);
        return r < 0 ? KT_EXIT_FAILED : code;
}

static void add_sum(struct kt_json *parent, const char *key, const struct kt_need_sum *sum, uint64_t now)
{
        struct kt_json *part = kt_json_object(parent, key);
        struct kt_json *terms;

        kt_json_count(part, "total", sum->total);
        if (now != UINT64_MAX)
                kt_json_count(part, "now", now);
        terms = kt_json_list(part, "terms");
        for (size_t i = 0; i < sum->term_count; i++) {
                struct kt_json *term = kt_json_object(terms, NULL);

                kt_json_text(term, "name", sum->terms[i].name);
                kt_json_count(term, "count", sum->terms[i].count);
                kt_json_count(term, "per", sum->terms[i].per);
                kt_json_count(term, "value", sum->terms[i].value);
        }
}

static void add_need(struct kt_json *part, const struct kt_gathered *g)
{
        bool is_enough = g->have_maps >= g->need.maps.total && g->have_descriptors >= g->need.descriptors.total;
        struct kt_json *have;

        add_sum(part, "descriptors", &g->need.descriptors, g->need.descriptors_now);
        add_sum(part, "maps", &g->need.maps, g->need.maps_now);
        add_sum(part, "memoryBytes", &g->need.memory, UINT64_MAX);
        kt_json_count(part, "segmentsPlanned", g->need.segments_planned);
        kt_json_count(part, "segmentsFound", g->need_input.found.segments);
        have = kt_json_object(part, "have");
        kt_json_count(have, "nofileHard", g->have_descriptors);
        kt_json_count(have, "maxMapCount", g->have_maps);
        kt_json_text(part, "verdict", is_enough ? "ok" : "short");
}

enum kt_exit kt_report_need(const struct kt_gathered *g, enum kt_exit code)
{
        struct kt_json *document = kt_json_new("NeedReport");

        add_need(document, g);
        kt_json_findings(document, "findings", &g->findings);
        return print(document, code);
}

enum kt_exit kt_report_prepare(const struct kt_gathered *g, const struct kt_steps *steps, enum kt_exit code)
{
        struct kt_json *document = kt_json_new("PrepareReport");
        bool is_changed = false;

        for (size_t i = 0; i < steps->count; i++)
                is_changed = is_changed || steps->items[i].state == KT_STEP_PLANNED;

        kt_json_text(document, "verdict",
                     code == KT_EXIT_OK                                     ? is_changed ? "planned" : "ready"
                     : code == KT_EXIT_PARTLY                               ? "partly"
                     : code == KT_EXIT_FAILED                               ? "failed"
                     : kt_findings_count(&g->findings, KT_LEVEL_ERROR) == 0 ? "failed"
                                                                            : "refused");
        kt_json_int(document, "exitCode", code);
        kt_json_text(document, "pod", g->identity.pod);
        kt_json_int(document, "nodeId", g->identity.node_id);
        kt_steps_json(steps, document);
        kt_json_findings(document, "findings", &g->findings);
        if (g->need.descriptors.term_count > 0)
                add_need(kt_json_object(document, "need"), g);
        else
                kt_json_text(document, "need", NULL); /* it did not come that far: nobody knows */
        return print(document, code);
}

/* Findings about one path only: those whose source is that log dir. */
static void add_findings_of(struct kt_json *item, const struct kt_gathered *g, const char *path)
{
        struct kt_json *list = kt_json_list(item, "findings");

        for (size_t i = 0; i < g->findings.count; i++) {
                const struct kt_finding *finding = &g->findings.items[i];
                struct kt_json *entry;

                if (!finding->source || strcmp(finding->source, path) != 0)
                        continue;
                entry = kt_json_object(list, NULL);
                kt_json_text(entry, "level", kt_level_name(finding->level));
                kt_json_text(entry, "id", finding->id);
                kt_json_text(entry, "message", finding->message);
                if (finding->next)
                        kt_json_text(entry, "next", finding->next);
        }
}

static bool has_error(const struct kt_gathered *g, const char *path)
{
        for (size_t i = 0; i < g->findings.count; i++)
                if (g->findings.items[i].level == KT_LEVEL_ERROR && g->findings.items[i].source &&
                    strcmp(g->findings.items[i].source, path) == 0)
                        return true;
        return false;
}

enum kt_exit kt_report_volumes(const struct kt_gathered *g, enum kt_exit code)
{
        struct kt_json *document = kt_json_new("VolumeReport");
        struct kt_json *volumes = kt_json_list(document, "volumes");

        for (size_t i = 0; i < g->layout.count; i++) {
                const struct kt_layout_dir *layout = &g->layout.items[i];
                const struct kt_log_dir *dir = kt_layout_log_dir(layout);
                struct kt_json *item = kt_json_object(volumes, NULL);
                bool is_fixable = kt_judge_has_work(&g->judge, layout);

                kt_json_text(item, "path", layout->volume->path);
                kt_json_text(item, "logDir", layout->path);
                kt_json_text(item, "verdict",
                             kt_verdict_name(has_error(g, layout->path) ? KT_VERDICT_REFUSED
                                             : is_fixable               ? KT_VERDICT_FIXABLE
                                                                        : KT_VERDICT_OK));
                kt_json_text(item, "filesystem", layout->volume->fstype);
                kt_json_count(item, "freeBytes", layout->volume->free_bytes);
                kt_json_count(item, "totalBytes", layout->volume->total_bytes);
                kt_json_count(item, "entries", dir->entries);
                kt_json_count(item, "wrongOwner", kt_log_dir_fixable(dir));
                kt_json_count(item, "segments", dir->found.segments);
                kt_json_count(item, "partitions", dir->found.partitions);
                add_findings_of(item, g, layout->path);
        }
        return print(document, code);
}

enum kt_exit kt_report_config(const struct kt_properties *list, const struct kt_kafka_version *version,
                              const struct kt_findings *findings, enum kt_exit code)
{
        struct kt_json *document = kt_json_new("ConfigReport");
        struct kt_json *properties;

        kt_json_text(document, "kafkaVersion", version ? version->name : NULL);
        kt_json_findings(document, "findings", findings);
        properties = kt_json_object(document, "properties");
        for (size_t i = 0; i < list->count; i++) {
                struct kt_json *item = kt_json_object(properties, list->items[i].key);
                bool is_secret = version && kt_schema_is_secret(version, list->items[i].key);

                kt_json_text(item, "value", is_secret ? "[hidden]" : list->items[i].value);
                kt_json_text(item, "source", list->items[i].source);
        }
        return print(document, code);
}
