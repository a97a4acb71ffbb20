/* SPDX-License-Identifier: Apache-2.0 */
/* Facts and judgement for all verbs. */
#include "initc/gather.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "initc/sources.h"
#include "lib/app/workload.h"
#include "lib/base/auto.h"
#include "lib/os/caps.h"
#include "lib/os/limits.h"

#define MAX_MAP_COUNT "/proc/sys/vm/max_map_count"

void kt_gathered_done(struct kt_gathered *gathered)
{
        kt_findings_done(&gathered->findings);
        kt_layout_done(&gathered->layout);
        kt_volumes_done(&gathered->volumes);
        kt_properties_done(&gathered->properties);
        kt_spec_done(&gathered->spec);
        kt_root_done(&gathered->root);
}

static enum kt_exit gather_spec(const struct kt_args *args, struct kt_gathered *g, struct kt_err *e)
{
        int r;

        r = kt_root_open(args->sysroot, &g->root, e);
        if (r < 0)
                return KT_EXIT_USAGE;

        r = kt_spec_load(args->config, &g->spec, &g->findings, e);
        if (r < 0)
                return KT_EXIT_USAGE;

        g->version = kt_kafka_version_find(args->kafka_version ? args->kafka_version : g->spec.kafka.version);
        if (!g->version) {
                (void)kt_kafka_version_refuse(args->kafka_version, e); /* the exit code says it */
                return KT_EXIT_USAGE;
        }
        g->owner = (struct kt_owner){ .uid = g->spec.storage.uid, .gid = g->spec.storage.gid };
        return KT_EXIT_OK;
}

static enum kt_exit gather_config(const struct kt_args *args, struct kt_gathered *g, struct kt_err *e)
{
        struct kt_compile compile = {
                .spec = &g->spec, .version = g->version, .identity = &g->identity, .layout = &g->layout
        };
        char *const *volumes = g->spec.storage.volumes.items;
        size_t count = g->spec.storage.volumes.count;
        int r;

        if (args->volumes) {
                volumes = args->volumes;
                for (count = 0; volumes[count];)
                        count++;
        }
        if (count == 0) {
                (void)kt_err_set(e, -EINVAL, "%s: storage.volumes is missing: where the volume claims are mounted",
                                 g->spec.file); /* the exit code says it */
                return KT_EXIT_USAGE;
        }

        r = kt_identity_find(&g->spec, args->pod, &g->identity, e);
        if (r < 0)
                return KT_EXIT_USAGE;
        r = kt_facts_read(&g->root, volumes, count, &g->volumes, e);
        if (r < 0)
                return KT_EXIT_FAILED;

        r = kt_sources_add_spec(&g->spec, &g->properties);
        if (r == 0)
                r = kt_sources_add_env(environ, &g->properties, &g->findings);
        if (r < 0) {
                (void)kt_err_set(e, r, "collect the properties"); /* the exit code says it */
                return KT_EXIT_FAILED;
        }

        r = kt_layout_choose(&g->volumes, &g->identity, &g->properties, &g->layout, &g->findings, e);
        if (r < 0)
                return KT_EXIT_FAILED;
        r = kt_compile(&compile, &g->properties, &g->findings, e);
        return r < 0 ? KT_EXIT_USAGE : KT_EXIT_OK;
}

static enum kt_exit gather_volumes(struct kt_gathered *g, struct kt_err *e)
{
        const char *voters = kt_properties_get(&g->properties, "controller.quorum.voters");

        g->judge = (struct kt_judge){ .spec = &g->spec,
                                      .version = g->version,
                                      .identity = &g->identity,
                                      .layout = &g->layout,
                                      .can_give = kt_caps_has(CAP_CHOWN) && kt_caps_has(CAP_FOWNER),
                                      .can_enter = kt_caps_has(CAP_DAC_OVERRIDE),
                                      .uid = geteuid(),
                                      .gid = getegid(),
                                      .has_static_voters = voters && voters[0] };
        for (size_t i = 0; i < g->layout.count; i++) {
                struct kt_layout_dir *item = &g->layout.items[i];
                enum kt_verdict verdict;

                if (kt_facts_walk(item->volume, kt_layout_log_dir(item), g->version, &g->owner, e) < 0)
                        return KT_EXIT_FAILED;
                verdict = kt_judge_dir(&g->judge, item, &g->findings);
                g->verdict = verdict > g->verdict ? verdict : g->verdict;
        }
        kt_judge_all(&g->judge, &g->findings);
        if (g->findings.error < 0) { /* the lost finding may have been a refusal */
                (void)kt_err_set(e, g->findings.error, "judge the volumes"); /* the exit code says it */
                return KT_EXIT_FAILED;
        }
        if (kt_findings_count(&g->findings, KT_LEVEL_ERROR) > 0)
                g->verdict = KT_VERDICT_REFUSED;
        return KT_EXIT_OK;
}

static void add_found(struct kt_need_found *sum, const struct kt_need_found *more)
{
        sum->partitions += more->partitions;
        sum->segments += more->segments;
        sum->txnindexes += more->txnindexes;
        sum->indexes += more->indexes;
        sum->deleted += more->deleted;
}

/* As compiled: what nobody set has its default there. */
static const char *property_of(const void *context, const char *name)
{
        const struct kt_gathered *g = context;

        return kt_config_value(g->version, &g->properties, name);
}

static void gather_need(struct kt_gathered *g, bool may_run)
{
        const struct kt_workload_source source = { .value = property_of, .context = g };
        struct kt_limit nofile = { .hard = UINT64_MAX };
        struct kt_need_input *in = &g->need_input;
        uint64_t maps;

        kt_workload_need_input(&g->spec, g->version, &source, g->layout.count, in);
        for (size_t i = 0; i < g->layout.count; i++)
                add_found(&in->found, &kt_layout_log_dir(&g->layout.items[i])->found);
        if (!may_run)
                in->found.deleted = 0; /* LogLoader removes them before it opens anything */
        kt_need_compute(in, &g->need);

        g->have_maps = kt_root_read_u64(&g->root, MAX_MAP_COUNT, &maps, NULL) == 0 ? maps : UINT64_MAX;
        g->have_descriptors = kt_limits_nofile(&nofile) == 0 ? nofile.hard : UINT64_MAX;
}

enum kt_exit kt_gather(const struct kt_args *args, enum kt_gather_until until, struct kt_gathered *ret,
                       struct kt_err *e)
{
        enum kt_exit code;

        *ret = (struct kt_gathered){ .root.fd = -1 };
        code = gather_spec(args, ret, e);
        if (code == KT_EXIT_OK && until >= KT_GATHER_CONFIG)
                code = gather_config(args, ret, e);
        if (code == KT_EXIT_OK && until >= KT_GATHER_VOLUMES)
                code = gather_volumes(ret, e);
        if (code == KT_EXIT_OK && until >= KT_GATHER_NEED)
                gather_need(ret, until >= KT_GATHER_NEED_NOW);
        return code;
}
