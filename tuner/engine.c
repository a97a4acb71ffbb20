/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: facts and wishes in, verdicts out. */
#include "tuner/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/app/exit.h"
#include "lib/base/array.h"
#include "tuner/judge.h"

static const struct {
        const char *name;
        enum kt_exit code; /* of a check whose first such state this is */
} states[KT_STATE_COUNT_] = {
        [KT_STATE_CONFLICT] = { "conflict", KT_EXIT_NOT_WANTED },
        [KT_STATE_DRIFT] = { "drift", KT_EXIT_NOT_WANTED },
        [KT_STATE_ERROR] = { "error", KT_EXIT_FAILED },
        [KT_STATE_DENIED] = { "denied", KT_EXIT_UNSUPPORTED },
        [KT_STATE_UNSUPPORTED] = { "unsupported", KT_EXIT_UNSUPPORTED },
        [KT_STATE_APPLIED] = { "applied", KT_EXIT_OK },
        [KT_STATE_OK] = { "ok", KT_EXIT_OK },
};

enum kt_state kt_state_of_failure(int code)
{
        static const struct {
                int code;
                enum kt_state state;
        } failures[] = {
                { -ENOENT, KT_STATE_UNSUPPORTED },     { -EACCES, KT_STATE_DENIED },
                { -EPERM, KT_STATE_DENIED },           { -EROFS, KT_STATE_DENIED },
                { -EOPNOTSUPP, KT_STATE_UNSUPPORTED }, { -EXDEV, KT_STATE_UNSUPPORTED },
                { -ESTALE, KT_STATE_CONFLICT },
        };

        for (size_t i = 0; i < KT_COUNT(failures); i++)
                if (failures[i].code == code)
                        return failures[i].state;
        return KT_STATE_ERROR;
}

/* What a person does about a row in that state. */
static void add_next(const struct kt_tuner_facts *facts, const struct kt_wish *wish, enum kt_state state,
                     const char *have, struct kt_str *next)
{
        KT_AUTO_STR struct kt_str target = { 0 };

        switch (state) {
        case KT_STATE_DRIFT:
                kt_tuner_judge_target(wish->row, have, wish->want, &target);
                kt_tuner_facts_command(facts, wish->row, kt_str_get(&target), next);
                break;
        case KT_STATE_DENIED:
                kt_str_add(next, "run kafka-tuner as root");
                break;
        case KT_STATE_UNSUPPORTED:
                kt_str_addf(next, "leave it out: tuning: {tunables: {%s: {policy: ignore}}} in kafka.yaml",
                            wish->row->id);
                break;
        case KT_STATE_CONFLICT:
        case KT_STATE_ERROR:
        case KT_STATE_APPLIED:
        case KT_STATE_OK:
        case KT_STATE_COUNT_:
                break;
        }
}

static enum kt_state judge(const struct kt_tuner_facts *facts, const struct kt_wish *wish, struct kt_str *have,
                           struct kt_err *e)
{
        bool holds = false;
        int r;

        r = kt_tuner_facts_read(facts, wish->row, have, e);
        if (r == 0)
                r = kt_tuner_judge(wish->row, kt_str_get(have), wish->want, &holds, e);
        if (r < 0)
                return kt_state_of_failure(r);
        return holds ? KT_STATE_OK : KT_STATE_DRIFT;
}

/* "is not there: No such file or directory" would say it twice. */
static const char *failure_text(const struct kt_err *e, char *buf, size_t size)
{
        return e->code == -ENOENT ? e->text : kt_err_text(e, buf, size);
}

static int check_one(const struct kt_tuner_facts *facts, const struct kt_wish *wish, struct kt_tuner_verdict *ret)
{
        KT_AUTO_STR struct kt_str object = { 0 };
        KT_AUTO_STR struct kt_str have = { 0 };
        KT_AUTO_STR struct kt_str next = { 0 };
        KT_AUTO_STR struct kt_str reason = { 0 };
        KT_AUTO_STR struct kt_str note = { 0 };
        struct kt_tuner_verdict verdict = { .wish = wish, .order = ret->order, .at = *facts };
        char buf[KT_ERR_TEXT_MAX];
        struct kt_err e = { 0 };
        bool is_known;

        verdict.state = judge(facts, wish, &have, &e);
        is_known = verdict.state == KT_STATE_OK || verdict.state == KT_STATE_DRIFT;
        kt_tuner_facts_object(facts, wish->row, &object);
        add_next(facts, wish, verdict.state, kt_str_get(&have), &next);
        kt_tuner_facts_note(facts, wish->row, &note);
        kt_str_addf(&reason, "%s%s%s", is_known ? wish->why : failure_text(&e, buf, sizeof(buf)),
                    note.len > 0 ? "; " : "", kt_str_get(&note));
        if (kt_str_error(&next) < 0 || kt_str_error(&note) < 0)
                return -ENOMEM;

        verdict.id = strdup(wish->row->id);
        verdict.object = kt_str_take(&object);
        verdict.have = is_known ? kt_str_take(&have) : NULL;
        verdict.reason = kt_str_take(&reason);
        verdict.next = next.len > 0 ? kt_str_take(&next) : NULL;
        *ret = verdict;
        return verdict.id && verdict.object && verdict.reason && (verdict.have || !is_known) ? 0 : -ENOMEM;
}

static int compare(const void *left, const void *right)
{
        const struct kt_tuner_verdict *a = left;
        const struct kt_tuner_verdict *b = right;

        if (a->state != b->state)
                return a->state < b->state ? -1 : 1;
        return a->order < b->order ? -1 : a->order > b->order;
}

struct kt_tuner_verdict *kt_tuner_verdicts_add(struct kt_tuner_verdicts *verdicts)
{
        if (kt_array_reserve(&verdicts->items, &verdicts->cap, verdicts->count + 1, sizeof(*verdicts->items)) < 0)
                return NULL;
        verdicts->items[verdicts->count].order = verdicts->count;
        return &verdicts->items[verdicts->count++];
}

int kt_tuner_verdict_set(struct kt_tuner_verdict *verdict, enum kt_state state, const char *reason, const char *next)
{
        KT_AUTO_FREE char *new_reason = strdup(reason);
        KT_AUTO_FREE char *new_next = next ? strdup(next) : NULL;

        if (!new_reason || (next && !new_next))
                return -ENOMEM;

        free(verdict->reason);
        free(verdict->next);
        verdict->state = state;
        verdict->reason = kt_take_ptr(new_reason);
        verdict->next = kt_take_ptr(new_next);
        return 0;
}

void kt_tuner_verdicts_sort(struct kt_tuner_verdicts *verdicts)
{
        memset(verdicts->states, 0, sizeof(verdicts->states));
        for (size_t i = 0; i < verdicts->count; i++)
                verdicts->states[verdicts->items[i].state]++;
        if (verdicts->count > 0)
                qsort(verdicts->items, verdicts->count, sizeof(*verdicts->items), compare);
}

/* Every object of the row; none at all is an error, never a pass. */
static int check_wish(const struct kt_tuner_facts *facts, const struct kt_wish *wish, struct kt_tuner_verdicts *ret)
{
        size_t count = kt_tuner_facts_count(facts, wish->row);
        struct kt_tuner_facts at = *facts;
        int r = 0;

        for (at.place = 0; r == 0 && at.place < count; at.place++) {
                struct kt_tuner_verdict *verdict = kt_tuner_verdicts_add(ret);

                r = verdict ? check_one(&at, wish, verdict) : -ENOMEM;
        }
        if (count == 0) {
                struct kt_tuner_verdict *verdict = kt_tuner_verdicts_add(ret);

                if (!verdict)
                        return -ENOMEM;
                verdict->wish = wish;
                verdict->at = *facts;
                verdict->id = strdup(wish->row->id);
                verdict->object = strdup(wish->row->id);
                r = verdict->id && verdict->object
                            ? kt_tuner_verdict_set(verdict, KT_STATE_ERROR,
                                                   "no block device is known: name one with --device", NULL)
                            : -ENOMEM;
        }
        return r;
}

int kt_engine_check(const struct kt_tuner_facts *facts, const struct kt_wishes *wishes, struct kt_tuner_verdicts *ret,
                    struct kt_err *e)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < wishes->count; i++)
                r = check_wish(facts, &wishes->items[i], ret);
        kt_tuner_verdicts_sort(ret);
        return r < 0 ? kt_err_set(e, r, "check %zu tunables", wishes->count) : 0;
}

int kt_engine_add_reach(struct kt_tuner_verdicts *verdicts, struct kt_err *e)
{
        for (size_t i = 0; i < verdicts->count; i++) {
                struct kt_tuner_verdict *verdict = &verdicts->items[i];
                const struct kt_row *row = verdict->wish->row;
                char *reason;

                if (row->scope != KT_SCOPE_NETNS || !verdict->have)
                        continue;
                verdict->reach = kt_netns_probe(verdict->at.root, row->path, NULL);
                if (!kt_reach_note(verdict->reach))
                        continue;
                reason = kt_str_make("%s; %s", verdict->reason, kt_reach_note(verdict->reach));
                if (!reason)
                        return kt_err_set(e, -ENOMEM, "ask how far %s reaches", row->id);
                free(verdict->reason);
                verdict->reason = reason;
        }
        return 0;
}

void kt_tuner_verdicts_done(struct kt_tuner_verdicts *verdicts)
{
        for (size_t i = 0; i < verdicts->count; i++) {
                free(verdicts->items[i].id);
                free(verdicts->items[i].object);
                free(verdicts->items[i].want);
                free(verdicts->items[i].have);
                free(verdicts->items[i].reason);
                free(verdicts->items[i].next);
        }
        free(verdicts->items);
        *verdicts = (struct kt_tuner_verdicts){ 0 };
}

const char *kt_state_name(enum kt_state state)
{
        return states[state].name;
}

int kt_engine_exit_code(const struct kt_tuner_verdicts *verdicts)
{
        size_t wrong = verdicts->states[KT_STATE_CONFLICT] + verdicts->states[KT_STATE_DRIFT] +
                       verdicts->states[KT_STATE_ERROR] + verdicts->states[KT_STATE_DENIED];

        if (verdicts->states[KT_STATE_APPLIED] > 0 && wrong > 0)
                return KT_EXIT_PARTLY;
        for (size_t state = 0; state < KT_STATE_COUNT_; state++)
                if (verdicts->states[state] > 0)
                        return (int)states[state].code;
        return KT_EXIT_OK;
}
