/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out a plan. A write(2) that returns ok proves nothing: values are rounded, clamped and swallowed, so that
 * only what reads back counts. */
#include "tuner/apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/os/caps.h"
#include "tuner/backend.h"
#include "tuner/guard.h"
#include "tuner/judge.h"

int kt_apply_drop(const struct kt_plan *plan, struct kt_err *e)
{
        struct kt_backend_capabilities keep = { 0 };

        for (size_t i = 0; i < plan->count; i++)
                kt_backend_add_capability(plan->items[i].row, &keep);
        return kt_caps_keep(keep.items, keep.count, e);
}

const char *kt_apply_advice(const struct kt_row *row, int code)
{
        const bool is_process = row && row->scope == KT_SCOPE_PROCESS;

        if (code == -EROFS)
                return "run it on the node, or in a container that has the node's /proc/sys and /sys mounted writable";
        if (code != -EACCES && code != -EPERM)
                return NULL;
        if (is_process && !kt_caps_has(CAP_SYS_RESOURCE))
                return "give kafka-tuner CAP_SYS_RESOURCE, or raise the limit in the container runtime's unit";
        if (is_process && strcmp(row->limit, "nofile") == 0)
                return "raise fs.nr_open first: kafka-tuner apply --only fs.nr_open";
        if (is_process) /* prlimit(2): the capability counts in the user namespace of the process */
                return "run kafka-tuner as the node's root, outside of user namespaces";
        if (geteuid() != 0)
                return "run kafka-tuner as root";
        return "the kernel keeps this file read-only here; write it in the namespace or on the node that owns it";
}

int kt_apply_write(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                   struct kt_journal *journal, struct kt_str *ret_now, struct kt_err *e)
{
        struct kt_guard guard = { 0 };
        struct kt_err guarding = { 0 };
        struct kt_err reading = { 0 };
        int written;
        int read;

        written = kt_guard_begin(facts, row, journal, &guard, e);
        if (written == 0)
                written = kt_backend_of(row)->write(facts, row, value, e);
        if (kt_guard_end(&guard, facts, journal, &guarding) < 0 && written == 0)
                written = kt_err_set(e, guarding.code, "%s", guarding.text);
        read = kt_tuner_facts_read(facts, row, ret_now, &reading);

        if (written < 0)
                return written;
        return read < 0 ? kt_err_set(e, read, "read %s back: %s", row->id, reading.text) : 0;
}

/* ---- What a killed run left ---- */

static bool is_undone(const struct kt_tuner_facts *facts, const struct kt_change *change)
{
        const struct kt_row *row = kt_row_find(change->undo_id, NULL);
        KT_AUTO_STR struct kt_str now = { 0 };

        return row && kt_tuner_facts_read(facts, row, &now, NULL) == 0 &&
               kt_tuner_judge_is_same(row, kt_str_get(&now), change->undo_value);
}

/* Writes the old value, or what it is restored with, and reads back. *ret_is_back: it is there now. */
int kt_apply_put_back(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_journal *journal,
                      size_t index, bool *ret_is_back, struct kt_err *e)
{
        const struct kt_change change = journal->items[index]; /* its texts stay where they are */
        const struct kt_row *undo_row = kt_row_find(change.undo_id, NULL);
        KT_AUTO_STR struct kt_str undone = { 0 };
        KT_AUTO_STR struct kt_str now = { 0 };
        int r;

        *ret_is_back = false;
        if (!undo_row)
                return kt_err_set(e, -EOPNOTSUPP, "this version of kafka-tuner has no %s", change.undo_id);
        r = kt_apply_write(facts, undo_row, change.undo_value, journal, &undone, e);
        if (r == 0)
                r = kt_tuner_facts_read(facts, row, &now, e);
        if (r < 0)
                return r;

        *ret_is_back = kt_tuner_judge_is_same(row, kt_str_get(&now), change.before);
        return 0;
}

/* A proof without a verdict: its value goes. What is neither of the two is somebody else's. */
static int settle_proof(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_journal *journal,
                        size_t index, const char *now, struct kt_err *e)
{
        const struct kt_change *change = &journal->items[index];
        bool is_back = kt_tuner_judge_is_same(row, now, change->before);

        if (!is_back && !kt_tuner_judge_is_same(row, now, change->wrote) &&
            !(change->now && kt_tuner_judge_is_same(row, now, change->now)))
                return 0;
        if (!is_back && kt_apply_put_back(facts, row, journal, index, &is_back, NULL) < 0)
                return 0; /* it stays open, and revert says why */
        return is_back ? kt_journal_move(journal, index, KT_CHANGE_VOID, journal->items[index].before, e) : 0;
}

int kt_apply_settle_one(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_journal *journal,
                        size_t index, struct kt_err *e)
{
        const struct kt_change *change = &journal->items[index];
        const char *written = change->now ? change->now : change->wrote;
        const bool is_intent = change->state == KT_CHANGE_INTENT;
        KT_AUTO_STR struct kt_str now = { 0 };

        if (!is_intent && change->state != KT_CHANGE_REVERTING && change->state != KT_CHANGE_PROVING)
                return 0;
        if (kt_change_is_guard(change))
                return kt_guard_settle(facts, row, journal, index, e);
        if (kt_tuner_facts_read(facts, row, &now, NULL) < 0)
                return 0; /* whoever needs it says so */
        if (change->state == KT_CHANGE_PROVING)
                return settle_proof(facts, row, journal, index, kt_str_get(&now), e);

        if (kt_tuner_judge_is_same(row, kt_str_get(&now), change->before) && (is_intent || is_undone(facts, change)))
                return kt_journal_move(journal, index, is_intent ? KT_CHANGE_VOID : KT_CHANGE_REVERTED, NULL, e);
        if (kt_tuner_judge_is_same(row, kt_str_get(&now), written))
                return kt_journal_move(journal, index, KT_CHANGE_DONE, kt_str_get(&now), e);
        return 0;
}

int kt_apply_drop_for_settling(const struct kt_journal *journal, struct kt_err *e)
{
        struct kt_backend_capabilities keep = { 0 };
        bool writes = false;

        for (size_t row = 0; row < kt_row_count(); row++)
                kt_backend_add_capability(kt_row_at(row), &keep);
        for (size_t i = 0; i < journal->count; i++)
                writes = writes || journal->items[i].state == KT_CHANGE_PROVING ||
                         kt_guard_is_unfinished(&journal->items[i]);
        return writes ? kt_caps_keep(keep.items, keep.count, e) : 0;
}

static int settle_all(const struct kt_tuner_facts *facts, bool guards, struct kt_journal *journal, struct kt_err *e)
{
        for (size_t i = 0; i < journal->count; i++) {
                const struct kt_change *change = &journal->items[i];
                const struct kt_row *row = kt_row_find(change->id, NULL);
                struct kt_tuner_facts at = *facts;
                int r;

                if (kt_change_is_guard(change) != guards || !kt_change_is_open(change) ||
                    !kt_journal_is_of_this_boot(journal, change) || !row)
                        continue;
                if (kt_tuner_facts_locate(change->identity, row, &at, NULL) < 0)
                        continue; /* revert says what became of it */
                r = kt_apply_settle_one(&at, row, journal, i, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What a proof wrote goes first: its old value may be the one beside which the kernel takes the disturbed one. */
int kt_apply_settle(const struct kt_tuner_facts *facts, struct kt_journal *journal, struct kt_err *e)
{
        int r = settle_all(facts, false, journal, e);

        return r < 0 ? r : settle_all(facts, true, journal, e);
}

/* ---- One step ---- */

/* What somebody else has made of our value since is theirs; only this step will be taken back. */
static int close_overtaken(const struct kt_step *step, struct kt_journal *journal, struct kt_err *e)
{
        bool is_overtaken = false;

        for (size_t i = journal->count; i > 0; i--) {
                const struct kt_change *change = &journal->items[i - 1];
                int r;

                if (change->state != KT_CHANGE_DONE || !kt_journal_is_of_this_boot(journal, change) ||
                    strcmp(change->id, step->row->id) != 0 || strcmp(change->identity, step->identity) != 0)
                        continue;
                if (!is_overtaken && kt_tuner_judge_is_same(step->row, change->now, step->before))
                        return 0; /* our own value: one change stands on the other */
                is_overtaken = true;
                r = kt_journal_move(journal, i - 1, KT_CHANGE_OVERTAKEN, NULL, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

int kt_apply_announce(const struct kt_step *step, struct kt_journal *journal, size_t *ret_index, struct kt_err *e)
{
        const struct kt_tuner_verdict *verdict = step->verdict;
        const struct kt_row *undo_row = NULL;
        KT_AUTO_STR struct kt_str undo = { 0 };
        KT_AUTO_FREE char *undo_id = NULL;
        struct kt_change draft = {
                .id = verdict->id,
                .object = verdict->object,
                .identity = step->identity,
                .before = step->before,
                .wrote = step->target,
        };
        int r;

        r = kt_plan_find_undo(&verdict->at, step->row, step->before, &undo_row, &undo, e);
        if (r < 0)
                return r;
        undo_id = strdup(undo_row->id);
        draft.undo_id = undo_id;
        draft.undo_value = kt_str_take(&undo);
        if (undo_id && draft.undo_value) {
                r = close_overtaken(step, journal, e);
                if (r == 0)
                        r = kt_journal_begin(journal, &draft, ret_index, e);
        } else {
                r = kt_err_set(e, -ENOMEM, "write down the change of %s", step->row->id);
        }
        free(draft.undo_value);
        return r;
}

int kt_apply_say_failure(const struct kt_step *step, const struct kt_err *why)
{
        char buf[KT_ERR_TEXT_MAX];

        return kt_tuner_verdict_set(step->verdict, kt_state_of_failure(why->code), kt_err_text(why, buf, sizeof(buf)),
                                    kt_apply_advice(step->row, why->code));
}

/* Judges what read back, and says so. */
static int conclude(const struct kt_step *step, const struct kt_journal *journal, const char *now)
{
        struct kt_tuner_verdict *verdict = step->verdict;
        KT_AUTO_STR struct kt_str reason = { 0 };
        bool is_same = kt_tuner_judge_is_same(step->row, now, step->target);
        bool holds = false;
        enum kt_state state;
        char *have;

        if (kt_tuner_judge(step->row, now, verdict->wish->want, &holds, NULL) < 0)
                holds = false;
        state = holds ? KT_STATE_APPLIED : KT_STATE_ERROR;
        if (is_same && holds)
                kt_str_addf(&reason, "was %s; %s", step->before, verdict->wish->why);
        else
                kt_str_addf(&reason, "was %s; the kernel accepted %s and keeps %s", step->before, step->target, now);
        /* The change is what shows whether a new namespace follows. */
        if (state == KT_STATE_APPLIED && verdict->reach == KT_REACH_SAME)
                verdict->reach = kt_netns_probe(verdict->at.root, step->row->path, step->before);
        if (kt_reach_note(verdict->reach))
                kt_str_addf(&reason, "; %s", kt_reach_note(verdict->reach));
        kt_guard_note(&verdict->at, step->row, journal, &reason);
        if (kt_str_error(&reason) < 0)
                return -ENOMEM;

        have = strdup(now);
        if (!have)
                return -ENOMEM;
        free(verdict->have);
        verdict->have = have;
        return kt_tuner_verdict_set(verdict, state, kt_str_get(&reason), NULL);
}

static int say_changed(const struct kt_step *step, const char *now)
{
        KT_AUTO_STR struct kt_str reason = { 0 };

        kt_str_addf(&reason, "somebody changed it from %s to %s meanwhile; left alone", step->before, now);
        if (kt_str_error(&reason) < 0)
                return -ENOMEM;
        return kt_tuner_verdict_set(step->verdict, KT_STATE_CONFLICT, kt_str_get(&reason), "kafka-tuner check");
}

static int write_step(const struct kt_step *step, struct kt_journal *journal, size_t index, struct kt_err *e)
{
        struct kt_tuner_facts at = step->verdict->at;
        KT_AUTO_STR struct kt_str now = { 0 };
        struct kt_err why = { 0 };
        bool is_void;
        int written;
        int r;

        at.seen = step->before;
        written = kt_apply_write(&at, step->row, step->target, journal, &now, &why);
        if (now.len == 0) /* not even readable any more: the line stays an intent, for revert to look at */
                return kt_apply_say_failure(step, &why);

        is_void = written == -ESTALE || kt_tuner_judge_is_same(step->row, kt_str_get(&now), step->before);
        r = kt_journal_move(journal, index, is_void ? KT_CHANGE_VOID : KT_CHANGE_DONE, kt_str_get(&now), e);
        if (r < 0)
                return r;
        if (written == -ESTALE)
                return say_changed(step, kt_str_get(&now));
        return written < 0 ? kt_apply_say_failure(step, &why) : conclude(step, journal, kt_str_get(&now));
}

/* It is as wanted without us: a step before this one did it, as a scheduler sets wbt_lat_usec anew, or somebody. */
static int say_fine(const struct kt_step *step, const char *now)
{
        KT_AUTO_STR struct kt_str reason = { 0 };
        char *have = strdup(now);

        if (!have)
                return -ENOMEM;

        free(step->verdict->have);
        step->verdict->have = have;
        kt_str_addf(&reason, "is fine by now; was %s", step->before);
        return kt_str_error(&reason) < 0 ? -ENOMEM
                                         : kt_tuner_verdict_set(step->verdict, KT_STATE_OK, kt_str_get(&reason), NULL);
}

int kt_apply_look_again(const struct kt_step *step, bool *ret_is_same)
{
        KT_AUTO_STR struct kt_str now = { 0 };
        struct kt_tuner_facts at = step->verdict->at;
        struct kt_err why = { 0 };
        bool holds = false;
        int r;

        *ret_is_same = false;
        r = kt_tuner_facts_locate(step->identity, step->row, &at, &why);
        if (r == 0)
                r = kt_tuner_facts_read(&at, step->row, &now, &why);
        if (r < 0)
                return kt_apply_say_failure(step, &why);

        *ret_is_same = kt_tuner_judge_is_same(step->row, kt_str_get(&now), step->before);
        if (*ret_is_same)
                return 0;
        if (kt_tuner_judge(step->row, kt_str_get(&now), step->verdict->wish->want, &holds, NULL) == 0 && holds)
                return say_fine(step, kt_str_get(&now));
        return say_changed(step, kt_str_get(&now));
}

static int carry_out(const struct kt_step *step, struct kt_journal *journal, size_t *written, struct kt_err *e)
{
        bool is_same = false;
        size_t index = 0;
        int r;

        r = kt_apply_look_again(step, &is_same);
        if (r < 0 || !is_same)
                return r;
        r = kt_apply_announce(step, journal, &index, e);
        if (r < 0)
                return r;

        r = write_step(step, journal, index, e);
        *written += step->verdict->state == KT_STATE_APPLIED || journal->items[index].state == KT_CHANGE_DONE;
        return r;
}

int kt_apply(const struct kt_plan *plan, struct kt_journal *journal, size_t *ret_written, struct kt_err *e)
{
        *ret_written = 0;
        for (size_t i = 0; i < plan->count; i++) {
                int r = carry_out(&plan->items[i], journal, ret_written, e);

                if (r == -ENOMEM && e->code == 0)
                        return kt_err_set(e, r, "apply %s", plan->items[i].row->id);
                if (r < 0)
                        return r;
        }
        return 0;
}

int kt_apply_refuse(const struct kt_plan *plan, const struct kt_err *why)
{
        for (size_t i = 0; i < plan->count; i++) {
                int r = kt_apply_say_failure(&plan->items[i], why);

                if (r < 0)
                        return r;
        }
        return 0;
}
