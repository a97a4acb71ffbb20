/* SPDX-License-Identifier: Apache-2.0 */
/* Reconciling: the engine judges, drift.c decides whether to write, the engine writes. */
#include "daemonset/reconcile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemonset/rival.h"
#include "lib/base/array.h"

struct round {
        const struct kt_tuner *tuner;
        const struct kt_moment *moment;
        struct kt_node_state *state;
        bool changed;
        bool is_due; /* something may be written */
        int error;   /* -ENOMEM in may_write */
};

/* ---- Verdicts and rows ---- */

/* The row of the verdict, made when it is new. */
static int find_row(struct round *round, const struct kt_tuner_verdict *verdict, struct kt_node_row **ret)
{
        struct kt_node_state *state = round->state;
        KT_AUTO_STR struct kt_str key = { 0 };
        struct kt_node_row *row;
        bool ignored = false;
        int r;

        r = kt_tuner_key(verdict, &key);
        if (r == -ENOMEM || kt_str_error(&key) < 0)
                return -ENOMEM;
        row = kt_node_find_row(state, kt_str_get(&key)); /* what has no identity now has its row's id */
        if (!row) {
                if (state->row_count == KT_NODE_ROWS_MAX)
                        return -E2BIG;
                if (kt_array_reserve(&state->rows, &state->row_cap, state->row_count + 1, sizeof(*state->rows)) < 0)
                        return -ENOMEM;
                row = &state->rows[state->row_count];
                *row = (struct kt_node_row){ .state = KT_STATE_COUNT_ };
                state->row_count++;
                round->changed = true;
                if (kt_node_set_text(&row->key, kt_str_get(&key), &ignored) < 0 ||
                    kt_node_set_text(&row->id, verdict->id, &ignored) < 0 ||
                    kt_node_set_text(&row->object, verdict->object, &ignored) < 0)
                        return -ENOMEM;
        }
        *ret = row;
        return 0;
}

/* The row is written in this round, unless the journal is in use. */
static bool is_to_be_written(const struct kt_node_row *row)
{
        return row->action == KT_DRIFT_APPLY || row->action == KT_DRIFT_RESTORE;
}

static int decide(struct round *round, const struct kt_tuner_verdict *verdict)
{
        const int64_t jitter_ms = round->moment->random % KT_DRIFT_BACKOFF_MS;
        const bool is_judged = verdict->state == KT_STATE_OK || verdict->state == KT_STATE_DRIFT;
        struct kt_node_row *row = NULL;
        bool was_pending;
        int r;

        r = find_row(round, verdict, &row);
        if (r < 0)
                return r;

        row->is_seen = true;
        row->is_required = kt_tuner_is_required(round->tuner, verdict);
        row->action = KT_DRIFT_NOTHING;
        if (!is_judged || verdict->wish->is_check_only)
                return 0;
        was_pending = row->drift.is_pending;
        row->action = kt_drift_judge(&row->drift, verdict->state == KT_STATE_OK, round->moment->now_ms, jitter_ms);
        row->drifted += !was_pending && row->drift.is_pending && row->drift.has_held;
        round->is_due |= is_to_be_written(row);
        return 0;
}

static bool may_write(void *context, const struct kt_tuner_verdict *verdict)
{
        struct round *round = context;
        struct kt_node_row *row = NULL;
        int r = find_row(round, verdict, &row);

        if (r < 0)
                round->error = r;
        return r == 0 && is_to_be_written(row);
}

/* ---- What became of it ---- */

static int name_rival(struct round *round, struct kt_node_row *row, const char *have)
{
        KT_AUTO_STR struct kt_str files = { 0 };
        KT_AUTO_STR struct kt_str rival = { 0 };

        kt_tuner_add_rival(round->tuner, row->id, have, &files);
        kt_rival_add(round->state, row, have, kt_str_get(&files), round->moment->now_ms, &rival);
        if (kt_str_error(&files) < 0 || kt_str_error(&rival) < 0)
                return -ENOMEM;
        return kt_node_set_text(&row->rival, rival.len > 0 ? kt_str_get(&rival) : NULL, &round->changed);
}

static void tell(struct round *round, const struct kt_node_row *row, const struct kt_tuner_verdict *verdict)
{
        const char *rival = row->rival ? row->rival : "somebody unknown";
        struct kt_events *events = &round->state->events;
        const int64_t wall_s = round->moment->wall_s;

        if (row->action == KT_DRIFT_RESTORE && verdict->state == KT_STATE_APPLIED)
                kt_events_add(events, false, "DriftRestored", row->key, wall_s,
                              "%s is %s again; it was set to %s by %s", row->object,
                              verdict->have ? verdict->have : "?", row->have ? row->have : "?", rival);
        else if (row->action == KT_DRIFT_APPLY && verdict->state == KT_STATE_APPLIED)
                kt_events_add(events, false, "Applied", row->key, wall_s, "%s is %s, %s", row->object,
                              verdict->have ? verdict->have : "?", verdict->reason);
        else if (row->action == KT_DRIFT_GIVE_UP)
                kt_events_add(events, true, "Conflict", row->key, wall_s,
                              "%s was put back twice and is %s again, set by %s; left alone from now on", row->object,
                              verdict->have ? verdict->have : "?", rival);
        else if (is_to_be_written(row) && verdict->state != KT_STATE_DRIFT && row->drift.failures == 1)
                kt_events_add(events, true, "NotWritten", row->key, wall_s, "%s: %s", row->object, verdict->reason);
}

/* Whether the write was tried, and how it went. */
static void note_write(struct round *round, struct kt_node_row *row, const struct kt_tuner_verdict *verdict)
{
        if (!is_to_be_written(row))
                return;
        if (verdict->state == KT_STATE_DRIFT)
                return; /* not even tried: the journal was in use */
        if (verdict->state != KT_STATE_APPLIED && verdict->state != KT_STATE_OK) {
                kt_drift_failed(&row->drift, round->moment->now_ms);
                return;
        }
        row->restored += row->action == KT_DRIFT_RESTORE && verdict->state == KT_STATE_APPLIED;
        kt_drift_written(&row->drift, round->moment->now_ms);
}

static int show_want(const struct kt_tuner_verdict *verdict, struct kt_node_row *row, bool *changed)
{
        KT_AUTO_STR struct kt_str want = { 0 };

        kt_wish_show(verdict->wish, &want);
        if (kt_str_error(&want) < 0)
                return -ENOMEM;
        if (kt_node_set_text(&row->want_value, verdict->wish->want, changed) < 0)
                return -ENOMEM;
        return kt_node_set_text(&row->want, kt_str_get(&want), changed);
}

#define CONFLICT_NEXT \
        "take it out of the other one's settings, or leave it to that one: tuning: {tunables: {ID: {policy: ignore}}}"

/* Between two attempts a row stays what the last one made of it. */
static bool is_between_attempts(const struct kt_node_row *row, const struct kt_tuner_verdict *verdict)
{
        return row->action == KT_DRIFT_WAIT && row->drift.failures > 0 && verdict->state == KT_STATE_DRIFT &&
               (row->state == KT_STATE_DENIED || row->state == KT_STATE_ERROR);
}

static int copy_verdict(struct round *round, struct kt_node_row *row, const struct kt_tuner_verdict *verdict)
{
        const bool is_conflict = row->action == KT_DRIFT_GIVE_UP || row->action == KT_DRIFT_CONFLICT;
        enum kt_state state = is_conflict ? KT_STATE_CONFLICT : verdict->state;
        const char *reason = verdict->reason;
        const char *next = is_conflict ? CONFLICT_NEXT : verdict->next;

        if (state == KT_STATE_APPLIED || state == KT_STATE_OK) { /* written a moment ago or before: it is the same */
                state = KT_STATE_OK;
                reason = verdict->wish->why;
                next = NULL;
        }
        round->changed |= row->state != state;
        row->state = state;
        if (kt_node_set_text(&row->object, verdict->object, &round->changed) < 0 ||
            kt_node_set_text(&row->have, verdict->have, &round->changed) < 0 ||
            kt_node_set_text(&row->reason, reason, &round->changed) < 0 ||
            kt_node_set_text(&row->next, next, &round->changed) < 0)
                return -ENOMEM;
        return show_want(verdict, row, &round->changed);
}

static int conclude(struct round *round, const struct kt_tuner_verdict *verdict, const char *wrong)
{
        struct kt_node_row *row = NULL;
        int r;

        r = find_row(round, verdict, &row);
        if (r < 0)
                return r;
        if (is_between_attempts(row, verdict))
                return 0;

        note_write(round, row, verdict);
        if (wrong && (row->action == KT_DRIFT_RESTORE || row->action == KT_DRIFT_GIVE_UP)) {
                r = kt_node_set_text(&row->have, wrong, &round->changed);
                if (r == 0)
                        r = name_rival(round, row, wrong);
                if (r < 0)
                        return r;
        }
        tell(round, row, verdict);
        return copy_verdict(round, row, verdict);
}

/* Counters are shown by id, over all objects, and must not go back when one of them leaves. */
static void hand_on_counts(struct kt_node_state *state, const struct kt_node_row *gone)
{
        for (size_t i = 0; i < state->row_count; i++) {
                struct kt_node_row *row = &state->rows[i];

                if (!row->is_seen || strcmp(row->id, gone->id) != 0)
                        continue;
                row->drifted += gone->drifted;
                row->restored += gone->restored;
                return;
        }
}

/* What has left: a disk that is gone, a row that kafka.yaml no longer asks for. */
static void forget_unseen(struct round *round)
{
        struct kt_node_state *state = round->state;
        size_t kept = 0;

        for (size_t i = 0; i < state->row_count; i++)
                if (!state->rows[i].is_seen)
                        hand_on_counts(state, &state->rows[i]);
        for (size_t i = 0; i < state->row_count; i++) {
                if (state->rows[i].is_seen)
                        state->rows[kept++] = state->rows[i];
                else
                        kt_node_row_done(&state->rows[i]);
        }
        round->changed |= kept != state->row_count;
        state->row_count = kept;
}

/* ---- A round ---- */

/* The values before the round, by the order of their verdicts: writing replaces them. */
static int keep_wrong_values(const struct kt_tuner_verdicts *verdicts, char **wrong)
{
        for (size_t i = 0; i < verdicts->count; i++) {
                const struct kt_tuner_verdict *verdict = &verdicts->items[i];

                if (verdict->state != KT_STATE_DRIFT || !verdict->have)
                        continue;
                wrong[verdict->order] = strdup(verdict->have);
                if (!wrong[verdict->order])
                        return -ENOMEM;
        }
        return 0;
}

static int judge_and_write(struct round *round, struct kt_tuner_verdicts *verdicts, char **wrong, struct kt_err *e)
{
        struct kt_err why = { 0 };
        size_t written = 0;
        int r = 0;

        for (size_t i = 0; r == 0 && i < verdicts->count; i++)
                r = decide(round, &verdicts->items[i]);
        if (r == 0)
                r = keep_wrong_values(verdicts, wrong);
        if (r < 0)
                return kt_err_set(e, r, "judge the node's rows");

        if (round->is_due)
                r = kt_tuner_restore(round->tuner, verdicts, may_write, round, &written, &why);
        for (size_t i = 0; i < verdicts->count; i++)
                if (conclude(round, &verdicts->items[i], wrong[verdicts->items[i].order]) < 0 || round->error < 0)
                        return kt_err_set(e, -ENOMEM, "keep the node's rows");
        round->changed |= !round->state->is_judged;
        round->state->is_judged = true;
        return r < 0 && r != -EBUSY ? kt_err_set(e, r, "%s", why.text) : 0;
}

int kt_reconcile(const struct kt_tuner *tuner, const struct kt_moment *moment, struct kt_node_state *state,
                 bool *ret_changed, struct kt_err *e)
{
        struct round round = { .tuner = tuner, .moment = moment, .state = state };
        KT_AUTO(kt_tuner_verdicts_done) struct kt_tuner_verdicts verdicts = { 0 };
        char **wrong;
        int r;

        for (size_t i = 0; i < state->row_count; i++)
                state->rows[i].is_seen = false;
        r = kt_tuner_check_node(tuner, &verdicts, e);
        if (r < 0)
                return r;
        wrong = calloc(verdicts.count + 1, sizeof(*wrong));
        if (!wrong)
                return kt_err_set(e, -ENOMEM, "keep the node's rows");

        r = judge_and_write(&round, &verdicts, wrong, e);
        for (size_t i = 0; i < verdicts.count; i++)
                free(wrong[i]);
        free(wrong);
        if (r == 0)
                forget_unseen(&round);
        state->rounds++;
        *ret_changed |= round.changed;
        return r;
}

int kt_reconcile_set_profile(const struct kt_tuner *tuner, struct kt_node_state *state, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        const char *profile = kt_tuner_spec(tuner)->tuning.profile;
        char hash[KT_HASH_MAX];

        kt_tuner_describe(tuner, &text);
        if (kt_str_error(&text) < 0)
                return kt_err_set(e, -ENOMEM, "name the profile");

        (void)kt_hash_text(kt_str_get(&text), hash); /* returns its buffer */
        if (strcmp(hash, state->profile_hash) == 0)
                return 0;
        memcpy(state->profile_hash, hash, sizeof(hash));
        (void)snprintf(state->profile, sizeof(state->profile), "%s", profile); /* the only one there is is short */
        for (size_t i = 0; i < state->row_count; i++)
                state->rows[i].drift = (struct kt_drift){ 0 };
        state->is_judged = false;
        return 0;
}
