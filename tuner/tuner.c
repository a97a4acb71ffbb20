/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's door: one profile, judged again and again. */
#include "tuner/tuner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "tuner/apply.h"
#include "tuner/inputs.h"
#include "tuner/journal.h"
#include "tuner/judge.h"
#include "tuner/plan.h"
#include "tuner/queue.h"
#include "tuner/setters.h"

struct kt_tuner {
        const char *journal;
        struct kt_inputs inputs;
        struct kt_root root;
        struct kt_wishes node;    /* also those of network namespaces: the agent is in the node's own */
        struct kt_wishes devices; /* asked only where there are some */
        struct kt_wishes process;
        struct kt_queues queues;
};

static struct kt_wishes *wishes_for(struct kt_tuner *tuner, enum kt_row_scope scope)
{
        switch (scope) {
        case KT_SCOPE_NODE:
        case KT_SCOPE_NETNS:
                return &tuner->node;
        case KT_SCOPE_PROCESS:
                return &tuner->process;
        case KT_SCOPE_DEVICE:
                return &tuner->devices;
        case KT_SCOPE_COUNT_:
                break;
        }
        KT_UNREACHABLE();
}

/* Hands each wish over to the list of its scope. */
static int share_out(struct kt_tuner *tuner, struct kt_wishes *all)
{
        for (size_t i = 0; i < all->count; i++) {
                struct kt_wishes *list = wishes_for(tuner, all->items[i].row->scope);

                if (kt_array_reserve(&list->items, &list->cap, list->count + 1, sizeof(*list->items)) < 0)
                        return -ENOMEM;
                list->items[list->count++] = all->items[i];
                all->items[i].want = NULL;
                all->items[i].why = NULL;
        }
        return 0;
}

static int fill(const struct kt_tuner_config *config, struct kt_tuner *tuner, struct kt_findings *findings,
                struct kt_err *e)
{
        const struct kt_selection selection = { .devices = true };
        KT_AUTO(kt_wishes_done) struct kt_wishes all = { 0 };
        int r;

        r = kt_root_open(config->sysroot, &tuner->root, e);
        if (r == 0)
                r = kt_inputs_load(config->config, &tuner->inputs, findings, e);
        if (r == 0)
                r = kt_wishes_make(&tuner->inputs, &selection, &all, findings, e);
        if (r < 0)
                return r;

        r = findings->error;
        if (r == 0)
                r = share_out(tuner, &all);
        return r < 0 ? kt_err_set(e, r, "keep the profile") : 0;
}

int kt_tuner_new(const struct kt_tuner_config *config, struct kt_tuner **ret, struct kt_findings *findings,
                 struct kt_err *e)
{
        struct kt_tuner *tuner = calloc(1, sizeof(*tuner));
        int r;

        if (!tuner)
                return kt_err_set(e, -ENOMEM, "keep the profile");
        tuner->root.fd = -1;
        tuner->journal = config->journal;
        r = fill(config, tuner, findings, e);
        if (r < 0) {
                kt_tuner_free(tuner);
                return r;
        }
        *ret = tuner;
        return 0;
}

void kt_tuner_free(struct kt_tuner *tuner)
{
        if (!tuner)
                return;
        kt_queues_done(&tuner->queues);
        kt_wishes_done(&tuner->node);
        kt_wishes_done(&tuner->devices);
        kt_wishes_done(&tuner->process);
        kt_inputs_done(&tuner->inputs);
        kt_root_done(&tuner->root);
        free(tuner);
}

const struct kt_spec *kt_tuner_spec(const struct kt_tuner *tuner)
{
        return &tuner->inputs.spec;
}

const struct kt_root *kt_tuner_root(const struct kt_tuner *tuner)
{
        return &tuner->root;
}

static void describe(const struct kt_wishes *wishes, struct kt_str *out)
{
        for (size_t i = 0; i < wishes->count; i++)
                kt_str_addf(out, "%s %s %s\n", wishes->items[i].row->id, wishes->items[i].want,
                            wishes->items[i].is_check_only ? "check" : "apply");
}

void kt_tuner_describe(const struct kt_tuner *tuner, struct kt_str *out)
{
        kt_str_addf(out, "%s\n", tuner->inputs.spec.tuning.profile);
        describe(&tuner->node, out);
        describe(&tuner->devices, out);
        describe(&tuner->process, out);
}

/* ---- Volumes ---- */

static int add_volume(const struct kt_root *root, const char *path, struct kt_queues *queues,
                      struct kt_findings *findings, struct kt_err *e)
{
        const struct kt_finding head = { .level = KT_LEVEL_WARNING, .id = "no-disk", .source = path };
        char buf[KT_ERR_TEXT_MAX];
        struct kt_err why = { 0 };
        int r = kt_queues_add(root, path, queues, &why);

        if (r == -ENOMEM)
                return kt_err_set(e, r, "keep the disks of %s", path);
        if (r < 0)
                kt_findings_add(findings, &head, "%s", kt_err_text(&why, buf, sizeof(buf)));
        return 0;
}

int kt_tuner_set_volumes(struct kt_tuner *tuner, const char *const *paths, size_t count, struct kt_findings *findings,
                         struct kt_err *e)
{
        KT_AUTO(kt_queues_done) struct kt_queues queues = { 0 };
        struct kt_queues before = tuner->queues;
        int r = 0;

        if (count > 0)
                r = kt_mounts_load(&tuner->root, NULL, &queues.mounts, e);
        for (size_t i = 0; r == 0 && i < count; i++)
                r = add_volume(&tuner->root, paths[i], &queues, findings, e);
        if (r < 0)
                return r;

        tuner->queues = queues;
        queues = before;
        return 0;
}

const struct kt_device *kt_tuner_volume_device(const struct kt_tuner *tuner, const char *path)
{
        for (size_t i = 0; i < tuner->queues.count; i++) {
                const struct kt_device_stack *stack = &tuner->queues.stacks[i];

                if (stack->mount && strcmp(stack->mount->target, path) == 0)
                        return &stack->items[0];
        }
        return NULL;
}

/* ---- Judging ---- */

int kt_tuner_check_node(const struct kt_tuner *tuner, struct kt_tuner_verdicts *ret, struct kt_err *e)
{
        const struct kt_tuner_facts facts = { .root = &tuner->root, .queues = &tuner->queues };
        int r;

        r = kt_engine_check(&facts, &tuner->node, ret, e);
        if (r == 0 && tuner->queues.device_count > 0)
                r = kt_engine_check(&facts, &tuner->devices, ret, e);
        return r;
}

static bool is_asked_for(const struct kt_spec *spec, const char *id)
{
        for (size_t i = 0; i < spec->tuning.tunable_count; i++)
                if (strcmp(spec->tuning.tunables[i].id, id) == 0)
                        return spec->tuning.tunables[i].policy == KT_POLICY_APPLY;
        return false;
}

bool kt_tuner_is_required(const struct kt_tuner *tuner, const struct kt_tuner_verdict *verdict)
{
        const struct kt_wish *wish = verdict->wish;

        if (wish->is_check_only || wish->row->scope == KT_SCOPE_DEVICE)
                return false;
        return wish->row->is_default || is_asked_for(&tuner->inputs.spec, wish->row->id);
}

int kt_tuner_key(const struct kt_tuner_verdict *verdict, struct kt_str *out)
{
        kt_str_addf(out, "%s ", verdict->id);
        return kt_tuner_facts_identify(&verdict->at, verdict->wish->row, out, NULL);
}

/* ---- Writing ---- */

/* A process that has ended, a disk that is gone: there is nothing to take back any more, and a broker that is started
 * each day must not fill the journal. */
static int forget_gone(const struct kt_tuner_facts *facts, struct kt_journal *journal, struct kt_err *e)
{
        for (size_t i = 0; i < journal->count; i++) {
                const struct kt_change *change = &journal->items[i];
                const struct kt_row *row = kt_row_find(change->id, NULL);
                struct kt_tuner_facts at = *facts;
                int r;

                if (!row || !kt_change_is_open(change) || !kt_journal_is_of_this_boot(journal, change) ||
                    kt_tuner_facts_locate(change->identity, row, &at, NULL) != -ESRCH)
                        continue;
                r = kt_journal_move(journal, i, KT_CHANGE_FORGOTTEN, NULL, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int carry_out(const struct kt_tuner *tuner, const struct kt_tuner_facts *facts, const struct kt_plan *plan,
                     size_t *ret_written, struct kt_err *e)
{
        KT_AUTO(kt_journal_done) struct kt_journal journal = { .dir_fd = -1, .fd = -1 };
        struct kt_err why = { 0 };
        int r;

        if (plan->count == 0)
                return 0;
        /* Never waits: the caller has a loop, and comes again. */
        r = kt_journal_open(tuner->journal, &tuner->root, 0, &journal, &why);
        if (kt_journal_is_refused(r))
                return kt_apply_refuse(plan, &why);
        if (r < 0)
                return kt_err_set(e, r, "%s", why.text);

        r = kt_apply_settle(facts, &journal, e);
        if (r == 0)
                r = forget_gone(facts, &journal, e);
        return r < 0 ? r : kt_apply(plan, &journal, ret_written, e);
}

static void leave_out(struct kt_plan *plan, bool (*may_write)(void *context, const struct kt_tuner_verdict *verdict),
                      void *context)
{
        size_t kept = 0;

        for (size_t i = 0; i < plan->count; i++) {
                struct kt_step *step = &plan->items[i];

                if (may_write(context, step->verdict)) {
                        plan->items[kept++] = *step;
                        continue;
                }
                free(step->identity);
                free(step->before);
                free(step->target);
        }
        plan->count = kept;
}

int kt_tuner_restore(const struct kt_tuner *tuner, struct kt_tuner_verdicts *verdicts,
                     bool (*may_write)(void *context, const struct kt_tuner_verdict *verdict), void *context,
                     size_t *ret_written, struct kt_err *e)
{
        const struct kt_tuner_facts facts = { .root = &tuner->root, .queues = &tuner->queues };
        KT_AUTO(kt_plan_done) struct kt_plan plan = { 0 };
        int r;

        *ret_written = 0;
        if (!tuner->root.is_host)
                return kt_err_set(e, -EOPNOTSUPP, "the copy of a machine is not written");
        r = kt_plan_make(verdicts, &plan, e);
        if (r < 0)
                return r;

        leave_out(&plan, may_write, context);
        r = carry_out(tuner, &facts, &plan, ret_written, e);
        kt_tuner_verdicts_sort(verdicts);
        return r;
}

int kt_tuner_raise(const struct kt_tuner *tuner, uint64_t pid, bool (*is_same)(void *context), void *context,
                   struct kt_tuner_verdicts *ret, size_t *ret_written, struct kt_err *e)
{
        const struct kt_tuner_facts facts = { .root = &tuner->root, .pid = pid };
        KT_AUTO(kt_plan_done) struct kt_plan plan = { 0 };
        int r;

        *ret_written = 0;
        if (!tuner->root.is_host || pid == 0)
                return kt_err_set(e, -EOPNOTSUPP, "limits are set of a process of this machine only");
        r = kt_engine_check(&facts, &tuner->process, ret, e);
        if (r == 0)
                r = kt_plan_make(ret, &plan, e);
        if (r < 0)
                return r;
        if (!is_same(context))
                return kt_err_set(e, -ESRCH, "process %llu has ended", (unsigned long long)pid);

        r = carry_out(tuner, &facts, &plan, ret_written, e);
        kt_tuner_verdicts_sort(ret);
        if (r == 0 && !is_same(context))
                return kt_err_set(e, -ESRCH, "process %llu ended meanwhile", (unsigned long long)pid);
        return r;
}

void kt_tuner_add_rival(const struct kt_tuner *tuner, const char *id, const char *value, struct kt_str *out)
{
        KT_AUTO(kt_setters_done) struct kt_setters setters = { 0 };
        const struct kt_setter *last = NULL;

        if (kt_setters_load(&tuner->root, &setters, NULL) < 0)
                return; /* doctor complains about such files; here it is one who is not known */

        for (size_t i = 0; i < setters.count; i++)
                if (strcmp(setters.items[i].row->id, id) == 0 &&
                    kt_tuner_judge_is_same(setters.items[i].row, setters.items[i].value, value))
                        last = &setters.items[i];
        if (last)
                kt_str_addf(out, "%s: %s:%u", last->who, last->file, last->line);
}
