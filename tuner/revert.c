/* SPDX-License-Identifier: Apache-2.0 */
/* Compare and restore. A value that is not the one we left belongs to somebody else. */
#include "tuner/revert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/os/caps.h"
#include "tuner/apply.h"
#include "tuner/backend.h"
#include "tuner/judge.h"
#include "tuner/wish.h"

/* One open change on its way. */
struct work {
        struct kt_tuner_facts at;
        struct kt_journal *journal;
        size_t index;
        const struct kt_row *row;
        const struct kt_row *undo_row;
        struct kt_tuner_verdict *verdict;
        size_t *written;
};

static const struct kt_change *change_of(const struct work *work)
{
        return &work->journal->items[work->index];
}

/* The state, the reason, and the value that is known to be there (NULL: none). */
static int say(const struct work *work, enum kt_state state, const char *have, const char *next, const char *reason)
{
        if (have) {
                free(work->verdict->have);
                work->verdict->have = strdup(have);
                if (!work->verdict->have)
                        return -ENOMEM;
        }
        return kt_tuner_verdict_set(work->verdict, state, reason, next);
}

static int say_failure(const struct work *work, const char *have, const struct kt_err *why)
{
        char buf[KT_ERR_TEXT_MAX];

        return say(work, kt_state_of_failure(why->code), have, kt_apply_advice(work->row, why->code),
                   kt_err_text(why, buf, sizeof(buf)));
}

static int close_change(const struct work *work, enum kt_change_state state, const char *have, const char *reason,
                        struct kt_err *e)
{
        int r = kt_journal_move(work->journal, work->index, state, NULL, e);

        return r < 0 ? r : say(work, KT_STATE_OK, have, NULL, reason);
}

static int say_conflict(const struct work *work, const char *have)
{
        const struct kt_change *change = change_of(work);
        KT_AUTO_STR struct kt_str reason = { 0 };
        KT_AUTO_STR struct kt_str next = { 0 };

        kt_str_addf(&reason, "kafka-tuner left %s and somebody changed it since; not overwritten",
                    change->now ? change->now : change->wrote);
        kt_tuner_facts_command(&work->at, work->undo_row, change->undo_value, &next);
        if (kt_str_error(&reason) < 0 || kt_str_error(&next) < 0)
                return -ENOMEM;
        return say(work, KT_STATE_CONFLICT, have, kt_str_get(&next), kt_str_get(&reason));
}

/* Both the row and, where another one had to be written, that one too. */
static bool is_restored(const struct work *work, const char *have)
{
        const struct kt_change *change = change_of(work);
        KT_AUTO_STR struct kt_str undone = { 0 };

        if (!kt_tuner_judge_is_same(work->row, have, change->before))
                return false;
        return kt_tuner_facts_read(&work->at, work->undo_row, &undone, NULL) == 0 &&
               kt_tuner_judge_is_same(work->undo_row, kt_str_get(&undone), change->undo_value);
}

static int restore(const struct work *work, const char *left, struct kt_err *e)
{
        const struct kt_change change = *change_of(work); /* its texts stay where they are */
        KT_AUTO_STR struct kt_str undone = { 0 };
        KT_AUTO_STR struct kt_str have = { 0 };
        KT_AUTO_STR struct kt_str reason = { 0 };
        struct kt_tuner_facts at = work->at;
        struct kt_err why = { 0 };
        int written;
        int r;

        if (work->undo_row == work->row) /* of a twin nobody has looked */
                at.seen = left;
        r = kt_journal_move(work->journal, work->index, KT_CHANGE_REVERTING, NULL, e);
        if (r < 0)
                return r;
        written = kt_apply_write(&at, work->undo_row, change.undo_value, work->journal, &undone, &why);
        r = kt_tuner_facts_read(&work->at, work->row, &have, written < 0 ? NULL : &why);
        if (r == 0 && is_restored(work, kt_str_get(&have))) {
                r = kt_journal_move(work->journal, work->index, KT_CHANGE_REVERTED, NULL, e);
                if (r < 0)
                        return r;
                *work->written += 1;
                kt_str_addf(&reason, "taken back; was %s", left);
                return say(work, KT_STATE_APPLIED, kt_str_get(&have), NULL, kt_str_get(&reason));
        }

        if (r == 0 && (written == -ESTALE || /* nothing happened: try again later */
                       kt_tuner_judge_is_same(work->row, kt_str_get(&have), left))) {
                int moved = kt_journal_move(work->journal, work->index, KT_CHANGE_DONE, NULL, e);

                if (moved < 0)
                        return moved;
        }
        if (r == 0 && written == -ESTALE)
                return say_conflict(work, kt_str_get(&have));
        if (written < 0 || r < 0)
                return say_failure(work, r == 0 ? kt_str_get(&have) : NULL, &why);
        kt_str_addf(&reason, "the kernel accepted %s=%s and keeps %s", change.undo_id, change.undo_value,
                    kt_str_get(&have));
        return say(work, KT_STATE_ERROR, kt_str_get(&have), NULL, kt_str_get(&reason));
}

/* What a killed run was doing when nothing is left of the change. */
static const char *void_text(const struct kt_change *change)
{
        if (kt_change_is_guard(change))
                return "a run was killed while it wrote what resets this one; the old value is there";
        if (change->state == KT_CHANGE_PROVING)
                return "a run was killed while it proved another value; this one is back";
        return "a run that was killed had not written it yet";
}

/* The object is there and it is the same one. */
static int take_back(const struct work *work, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str have = { 0 };
        const char *if_void = void_text(change_of(work));
        struct kt_err why = { 0 };
        int r;

        r = kt_apply_settle_one(&work->at, work->row, work->journal, work->index, e);
        if (r < 0)
                return r;
        r = kt_tuner_facts_read(&work->at, work->row, &have, &why);
        if (r < 0)
                return say_failure(work, NULL, &why);

        switch (change_of(work)->state) {
        case KT_CHANGE_VOID:
                return say(work, KT_STATE_OK, kt_str_get(&have), NULL, if_void);
        case KT_CHANGE_REVERTED:
                return say(work, KT_STATE_OK, kt_str_get(&have), NULL,
                           "a run that was killed had taken it back already");
        case KT_CHANGE_INTENT:
        case KT_CHANGE_PROVING:
        case KT_CHANGE_REVERTING:
                return say_conflict(work, kt_str_get(&have)); /* neither value: it cannot be told whose it is */
        case KT_CHANGE_DONE:
        case KT_CHANGE_FORGOTTEN:
        case KT_CHANGE_OVERTAKEN:
        case KT_CHANGE_COUNT_:
                break;
        }
        if (is_restored(work, kt_str_get(&have)))
                return close_change(work, KT_CHANGE_REVERTED, kt_str_get(&have), "it has its old value already", e);
        if (!kt_tuner_judge_is_same(work->row, kt_str_get(&have), change_of(work)->now))
                return say_conflict(work, kt_str_get(&have));
        return restore(work, kt_str_get(&have), e);
}

static int handle(struct work *work, struct kt_err *e)
{
        const struct kt_change *change = change_of(work);
        struct kt_err why = { 0 };
        char buf[KT_ERR_TEXT_MAX];
        int r;

        if (!kt_journal_is_of_this_boot(work->journal, change))
                return close_change(work, KT_CHANGE_FORGOTTEN, NULL, "a restart since then: the kernel forgot it", e);
        if (!work->row || !work->undo_row)
                return say(work, KT_STATE_ERROR, NULL, NULL, "this version of kafka-tuner has no such tunable");

        r = kt_tuner_facts_locate(change->identity, work->row, &work->at, &why);
        if (r == -ESRCH)
                return close_change(work, KT_CHANGE_FORGOTTEN, NULL, kt_err_text(&why, buf, sizeof(buf)), e);
        if (r == -EXDEV)
                return say(work, KT_STATE_UNSUPPORTED, NULL, "run kafka-tuner revert there (nsenter(1))", why.text);
        if (r < 0)
                return say_failure(work, NULL, &why);
        return take_back(work, e);
}

/* A whole one, or none: it is printed also when the change behind it fails. */
static struct kt_tuner_verdict *add_verdict(const struct kt_change *change, struct kt_tuner_verdicts *verdicts)
{
        struct kt_tuner_verdict *verdict = kt_tuner_verdicts_add(verdicts);

        if (!verdict)
                return NULL;

        verdict->id = strdup(change->id);
        verdict->object = strdup(change->object);
        verdict->want = strdup(change->before);
        if (verdict->id && verdict->object && verdict->want &&
            kt_tuner_verdict_set(verdict, KT_STATE_ERROR, "not taken back", NULL) == 0)
                return verdict;

        free(verdict->id);
        free(verdict->object);
        free(verdict->want);
        *verdict = (struct kt_tuner_verdict){ 0 };
        verdicts->count--;
        return NULL;
}

/* Newest first. */
static int revert_all(const struct kt_tuner_facts *facts, struct kt_journal *journal, const char *only, bool guards,
                      struct kt_tuner_verdicts *ret, size_t *ret_written, struct kt_err *e)
{
        int r = 0;

        for (size_t i = journal->count; r == 0 && i > 0; i--) {
                const struct kt_change *change = &journal->items[i - 1];
                struct work work = { .at = *facts, .journal = journal, .index = i - 1, .written = ret_written };

                if (kt_change_is_guard(change) != guards || !kt_change_is_open(change) ||
                    (only && !kt_wish_is_listed(only, change->id)))
                        continue;
                work.row = kt_row_find(change->id, NULL);
                work.undo_row = kt_row_find(change->undo_id, NULL);
                work.verdict = add_verdict(change, ret);
                if (!work.verdict)
                        return kt_err_set(e, -ENOMEM, "revert %s", change->id);
                r = handle(&work, e);
                if (r < 0 && e->code < 0)
                        (void)say_failure(&work, NULL, e); /* without memory it stays "not taken back" */
        }
        return r;
}

/* Guards last: what they hold is often back when the change that disturbed it is. */
int kt_revert(const struct kt_tuner_facts *facts, struct kt_journal *journal, const char *only,
              struct kt_tuner_verdicts *ret, size_t *ret_written, struct kt_err *e)
{
        int r;

        *ret_written = 0;
        r = revert_all(facts, journal, only, false, ret, ret_written, e);
        if (r == 0)
                r = revert_all(facts, journal, only, true, ret, ret_written, e);
        kt_tuner_verdicts_sort(ret);
        if (r < 0 && e->code == 0)
                return kt_err_set(e, r, "revert");
        return r;
}

int kt_revert_drop(const struct kt_journal *journal, struct kt_err *e)
{
        struct kt_backend_capabilities keep = { 0 };

        for (size_t i = 0; i < journal->count; i++) {
                const struct kt_row *row = kt_row_find(journal->items[i].id, NULL);

                if (row && kt_change_is_open(&journal->items[i]))
                        kt_backend_add_capability(row, &keep);
        }
        return kt_caps_keep(keep.items, keep.count, e);
}
