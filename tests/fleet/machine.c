/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for tuner/tuner.c, and for what daemonset/pods.c and lib/os/mounts.c would read of a real machine: the door
 * by which the agent sees its node. Rows and wishes are the tuner's own. */
#include "tests/fleet/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemonset/log.h"
#include "daemonset/pods.h"
#include "lib/base/auto.h"
#include "lib/os/mounts.h"
#include "lib/text/num.h"
#include "tests/fleet/clock.h"
#include "tests/fleet/server.h"
#include "tuner/row.h"
#include "tuner/tuner.h"

/* Of each node the same: what is wanted, and what a new machine has, or has after somebody's visit. */
static const struct {
        const char *id;
        const char *want;
        const char *other;
} values[] = {
        { "vm.max_map_count", "262144", "65530" },    { "vm.swappiness", "1", "60" },
        { "fs.file-max", "2097152", "98304" },        { "net.core.somaxconn", "4096", "128" },
        { "net.core.rmem_max", "2097152", "212992" }, { "net.core.wmem_max", "2097152", "212992" },
};

struct kt_tuner {
        struct kt_root root; /* first: mounts are asked for by it */
        unsigned slot;
};

struct machine {
        bool is_wrong[KT_COUNT(values)];
        unsigned profile;
        uint64_t raised; /* the pod whose limits were raised */
};

static struct {
        struct machine *machines;
        struct kt_wish wishes[KT_COUNT(values)];
        struct kt_wish files;
        struct kt_spec spec;
        uint64_t logged;
} all;

void kt_log(enum kt_level level, const char *format, ...)
{
        (void)level;
        (void)format;
        all.logged++;
}

uint64_t machine_logged(void)
{
        return all.logged;
}

static struct kt_wish wish_of(const char *id, const char *want)
{
        return (struct kt_wish){ .row = kt_row_find(id, NULL), .want = strdup(want), .why = strdup("wanted") };
}

void machine_start(unsigned slots)
{
        all.machines = calloc(slots, sizeof(*all.machines));
        for (size_t i = 0; i < KT_COUNT(values); i++)
                all.wishes[i] = wish_of(values[i].id, values[i].want);
        all.files = wish_of("process.nofile", "100000");
        all.spec.tuning.profile = strdup("kafka");
}

void machine_stop(void)
{
        free(all.machines);
        for (size_t i = 0; i < KT_COUNT(values); i++) {
                free(all.wishes[i].want);
                free(all.wishes[i].why);
        }
        free(all.files.want);
        free(all.files.why);
        free(all.spec.tuning.profile);
}

void machine_reset(unsigned slot)
{
        all.machines[slot].raised = 0;
        for (size_t i = 0; i < KT_COUNT(values); i++)
                all.machines[slot].is_wrong[i] = true;
}

void machine_drift(unsigned slot)
{
        all.machines[slot].is_wrong[clock_between(0, (int64_t)KT_COUNT(values) - 1)] = true;
}

void machine_configure(unsigned slot)
{
        all.machines[slot].profile++;
        all.machines[slot].is_wrong[0] = true;
}

/* ---- The tuner's door ---- */

int kt_tuner_new(const struct kt_tuner_config *config, struct kt_tuner **ret, struct kt_findings *findings,
                 struct kt_err *e)
{
        struct kt_tuner *tuner = calloc(1, sizeof(*tuner));
        uint64_t slot = 0;

        (void)findings; /* there is no kafka.yaml to be wrong: its name is the machine's number */
        if (!tuner || kt_num_parse_u64(config->config, &slot) < 0) {
                free(tuner);
                return kt_err_set(e, -ENOMEM, "make a machine");
        }
        *tuner = (struct kt_tuner){ .root.fd = -1, .slot = (unsigned)slot };
        *ret = tuner;
        return 0;
}

void kt_tuner_free(struct kt_tuner *tuner)
{
        free(tuner);
}

const struct kt_spec *kt_tuner_spec(const struct kt_tuner *tuner)
{
        (void)tuner;
        return &all.spec;
}

const struct kt_root *kt_tuner_root(const struct kt_tuner *tuner)
{
        return &tuner->root;
}

void kt_tuner_describe(const struct kt_tuner *tuner, struct kt_str *out)
{
        for (size_t i = 0; i < KT_COUNT(values); i++)
                kt_str_addf(out, "%s %s apply %u\n", values[i].id, values[i].want, all.machines[tuner->slot].profile);
}

int kt_tuner_set_volumes(struct kt_tuner *tuner, const char *const *paths, size_t count, struct kt_findings *findings,
                         struct kt_err *e)
{
        (void)tuner;
        (void)paths;
        (void)count;
        (void)findings;
        (void)e;
        return 0;
}

const struct kt_device *kt_tuner_volume_device(const struct kt_tuner *tuner, const char *path)
{
        (void)tuner;
        (void)path;
        return NULL;
}

bool kt_tuner_is_required(const struct kt_tuner *tuner, const struct kt_tuner_verdict *verdict)
{
        (void)tuner;
        (void)verdict;
        return true;
}

int kt_tuner_key(const struct kt_tuner_verdict *verdict, struct kt_str *out)
{
        kt_str_add(out, verdict->id);
        return 0;
}

void kt_tuner_add_rival(const struct kt_tuner *tuner, const char *id, const char *value, struct kt_str *out)
{
        (void)tuner;
        (void)id;
        (void)value;
        (void)out;
}

static int add_verdict(struct kt_tuner_verdicts *verdicts, const struct kt_wish *wish, const char *have,
                       enum kt_state state)
{
        struct kt_tuner_verdict *verdict = kt_tuner_verdicts_add(verdicts);

        if (!verdict)
                return -ENOMEM;
        verdict->wish = wish;
        verdict->order = verdicts->count - 1;
        verdict->id = strdup(wish->row->id);
        verdict->object = strdup(wish->row->id);
        verdict->have = strdup(have);
        return verdict->id && verdict->object && verdict->have ? kt_tuner_verdict_set(verdict, state, wish->why, NULL)
                                                               : -ENOMEM;
}

int kt_tuner_check_node(const struct kt_tuner *tuner, struct kt_tuner_verdicts *ret, struct kt_err *e)
{
        const struct machine *machine = &all.machines[tuner->slot];
        int r = 0;

        (void)e;
        for (size_t i = 0; r == 0 && i < KT_COUNT(values); i++)
                r = add_verdict(ret, &all.wishes[i], machine->is_wrong[i] ? values[i].other : values[i].want,
                                machine->is_wrong[i] ? KT_STATE_DRIFT : KT_STATE_OK);
        return r;
}

int kt_tuner_restore(const struct kt_tuner *tuner, struct kt_tuner_verdicts *verdicts,
                     bool (*may_write)(void *context, const struct kt_tuner_verdict *verdict), void *context,
                     size_t *ret_written, struct kt_err *e)
{
        (void)e;
        for (size_t i = 0; i < verdicts->count; i++) {
                struct kt_tuner_verdict *verdict = &verdicts->items[i];

                if (verdict->state != KT_STATE_DRIFT || !may_write(context, verdict))
                        continue;
                all.machines[tuner->slot].is_wrong[verdict->order] = false;
                free(verdict->have);
                verdict->have = strdup(values[verdict->order].want);
                if (!verdict->have || kt_tuner_verdict_set(verdict, KT_STATE_APPLIED, "written", NULL) < 0)
                        return -ENOMEM;
                (*ret_written)++;
        }
        return 0;
}

int kt_tuner_raise(const struct kt_tuner *tuner, uint64_t pid, bool (*is_same)(void *context), void *context,
                   struct kt_tuner_verdicts *ret, size_t *ret_written, struct kt_err *e)
{
        struct machine *machine = &all.machines[tuner->slot];
        const bool is_new = machine->raised != pid;

        (void)is_same;
        (void)context;
        (void)e;
        machine->raised = pid;
        *ret_written += is_new;
        return add_verdict(ret, &all.files, "100000", is_new ? KT_STATE_APPLIED : KT_STATE_OK);
}

/* ---- What the machine would show ---- */

int __wrap_kt_pods_find_cgroup(const struct kt_root *root, const char *cgroup_dir, const struct kt_pod *pod,
                               struct kt_pods_cgroup *ret, struct kt_err *e);
int __wrap_kt_pods_each_process(const struct kt_root *root, const struct kt_pods_cgroup *cgroup,
                                int (*each)(void *context, struct kt_pods_process *process), void *context,
                                struct kt_pods_walk *ret, struct kt_err *e);
int __wrap_kt_mounts_load(const struct kt_root *root, const char *path, struct kt_mounts *ret, struct kt_err *e);

int __wrap_kt_pods_find_cgroup(const struct kt_root *root, const char *cgroup_dir, const struct kt_pod *pod,
                               struct kt_pods_cgroup *ret, struct kt_err *e)
{
        (void)root;
        (void)cgroup_dir;
        (void)pod;
        (void)ret;
        (void)e;
        return 0;
}

/* One, whose number is the pod's. */
int __wrap_kt_pods_each_process(const struct kt_root *root, const struct kt_pods_cgroup *cgroup,
                                int (*each)(void *context, struct kt_pods_process *process), void *context,
                                struct kt_pods_walk *ret, struct kt_err *e)
{
        const struct kt_tuner *tuner = (const struct kt_tuner *)(const void *)root;
        struct kt_pods_process process = { .pid = server_pod(tuner->slot), .pidfd = -1, .proc_fd = -1 };

        (void)cgroup;
        (void)ret;
        (void)e;
        return each(context, &process);
}

int __wrap_kt_mounts_load(const struct kt_root *root, const char *path, struct kt_mounts *ret, struct kt_err *e)
{
        const struct kt_tuner *tuner = (const struct kt_tuner *)(const void *)root;
        char text[256];

        (void)path;
        (void)snprintf(text, sizeof(text),
                       "36 25 8:16 / /var/lib/kubelet/pods/10000000-0000-4000-8000-%012llx/volumes/kubernetes.io~csi/"
                       "pvc-%u/mount rw - xfs /dev/sdb rw\n",
                       (unsigned long long)server_pod(tuner->slot), tuner->slot); /* fits */
        return kt_mounts_parse(text, ret, e);
}
