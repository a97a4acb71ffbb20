/* SPDX-License-Identifier: Apache-2.0 */
/* Guards: old values of what the kernel resets by the way. */
#include "tuner/guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/auto.h"
#include "tuner/backend.h"
#include "tuner/judge.h"

bool kt_guard_is_unfinished(const struct kt_change *change)
{
        return kt_change_is_guard(change) &&
               (change->state == KT_CHANGE_INTENT || change->state == KT_CHANGE_REVERTING);
}

/* The old value, what an earlier write left, or what the kernel makes of it: everything else is somebody's. */
static bool is_ours(const struct kt_tuner_facts *facts, const struct kt_row *row, const struct kt_change *change,
                    const char *now)
{
        bool (*is_reset)(const struct kt_tuner_facts *, const struct kt_row *, const char *) =
                kt_backend_of(row)->is_reset;

        if (kt_tuner_judge_is_same(row, now, change->before) ||
            (change->now && kt_tuner_judge_is_same(row, now, change->now)))
                return true;
        return kt_guard_is_unfinished(change) && is_reset && is_reset(facts, row, now);
}

/* The open guard of that object which still knows the value to keep; or the number of changes. */
static size_t find_guard(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *identity,
                         const char *now, const struct kt_journal *journal)
{
        for (size_t i = 0; i < journal->count; i++) {
                const struct kt_change *change = &journal->items[i];

                if (kt_change_is_open(change) && kt_change_is_guard(change) &&
                    kt_journal_is_of_this_boot(journal, change) && strcmp(change->id, row->id) == 0 &&
                    strcmp(change->identity, identity) == 0 && is_ours(facts, row, change, now))
                        return i;
        }
        return journal->count;
}

static int announce(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *identity,
                    struct kt_str *now, struct kt_journal *journal, size_t *ret_index, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str object = { 0 };
        KT_AUTO_FREE char *id = strdup(row->id);
        struct kt_change draft = { .id = id, .undo_id = id };
        int r = -ENOMEM;

        kt_tuner_facts_object(facts, row, &object);
        kt_str_add(identity, ""); /* so that it is a text, however short */
        draft.object = kt_str_take(&object);
        draft.identity = kt_str_take(identity);
        draft.before = kt_str_take(now);
        draft.wrote = draft.before;
        draft.undo_value = draft.before;
        if (id && draft.object && draft.identity && draft.before)
                r = kt_journal_begin(journal, &draft, ret_index, e);
        else
                (void)kt_err_set(e, r, "keep the value of %s", row->id); /* returns r */
        free(draft.object);
        free(draft.identity);
        free(draft.before);
        return r;
}

int kt_guard_begin(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_journal *journal,
                   struct kt_guard *ret, struct kt_err *e)
{
        const struct kt_row *other = row->disturbs ? kt_row_find(row->disturbs, NULL) : NULL;
        KT_AUTO_STR struct kt_str identity = { 0 };
        KT_AUTO_STR struct kt_str now = { 0 };
        size_t index;
        int r;

        *ret = (struct kt_guard){ 0 };
        if (!other || kt_tuner_facts_read(facts, other, &now, NULL) < 0) /* what is not there is not disturbed */
                return 0;
        r = kt_tuner_facts_identify(facts, other, &identity, e);
        if (r < 0)
                return r;

        index = find_guard(facts, other, kt_str_get(&identity), kt_str_get(&now), journal);
        if (index == journal->count)
                r = announce(facts, other, &identity, &now, journal, &index, e);
        else if (journal->items[index].state == KT_CHANGE_DONE)
                r = kt_journal_move(journal, index, KT_CHANGE_REVERTING, NULL, e);
        if (r == 0)
                *ret = (struct kt_guard){ .row = other, .index = index };
        return r;
}

/* ret_refused: what the kernel said to the old value. */
static int put_back(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_journal *journal,
                    size_t index, struct kt_err *ret_refused, struct kt_err *e)
{
        const struct kt_change *change = &journal->items[index];
        enum kt_change_state end = change->state == KT_CHANGE_INTENT ? KT_CHANGE_VOID : KT_CHANGE_REVERTED;
        KT_AUTO_STR struct kt_str now = { 0 };
        int r;

        r = kt_tuner_facts_read(facts, row, &now, NULL);
        if (r < 0 || !kt_tuner_judge_is_same(row, kt_str_get(&now), change->before)) {
                (void)kt_backend_of(row)->write(facts, row, change->before, ret_refused); /* what reads back counts */
                kt_str_clear(&now);
                r = kt_tuner_facts_read(facts, row, &now, NULL);
        }
        if (r < 0)
                return 0; /* the line stays, for revert to look at */
        if (!kt_tuner_judge_is_same(row, kt_str_get(&now), change->before))
                end = KT_CHANGE_DONE;
        return kt_journal_move(journal, index, end, kt_str_get(&now), e);
}

int kt_guard_end(const struct kt_guard *guard, const struct kt_tuner_facts *facts, struct kt_journal *journal,
                 struct kt_err *e)
{
        const struct kt_change *change;
        struct kt_err refused = { 0 };
        int r;

        if (!guard->row)
                return 0;
        r = put_back(facts, guard->row, journal, guard->index, &refused, e);
        if (r < 0)
                return r;

        change = &journal->items[guard->index];
        if (!kt_change_is_open(change) || (change->state == KT_CHANGE_DONE && refused.code == -EINVAL))
                return 0;
        return kt_err_set(e, refused.code < 0 ? refused.code : -EIO, "%s was %s and could not be put back",
                          change->object, change->before);
}

int kt_guard_settle(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_journal *journal,
                    size_t index, struct kt_err *e)
{
        const struct kt_change *change = &journal->items[index];
        KT_AUTO_STR struct kt_str now = { 0 };
        struct kt_err refused = { 0 };

        if (!kt_guard_is_unfinished(change) || kt_tuner_facts_read(facts, row, &now, NULL) < 0 ||
            !is_ours(facts, row, change, kt_str_get(&now)))
                return 0; /* revert says what became of it */
        return put_back(facts, row, journal, index, &refused, e);
}

void kt_guard_note(const struct kt_tuner_facts *facts, const struct kt_row *row, const struct kt_journal *journal,
                   struct kt_str *out)
{
        const struct kt_row *other = row->disturbs ? kt_row_find(row->disturbs, NULL) : NULL;
        KT_AUTO_STR struct kt_str identity = { 0 };
        KT_AUTO_STR struct kt_str now = { 0 };
        size_t index;

        if (!other || kt_tuner_facts_read(facts, other, &now, NULL) < 0 ||
            kt_tuner_facts_identify(facts, other, &identity, NULL) < 0)
                return;
        index = find_guard(facts, other, kt_str_get(&identity), kt_str_get(&now), journal);
        if (index < journal->count && !kt_tuner_judge_is_same(other, kt_str_get(&now), journal->items[index].before))
                kt_str_addf(out, "; %s is %s beside it, and %s again when it is taken back", other->id,
                            kt_str_get(&now), journal->items[index].before);
}
