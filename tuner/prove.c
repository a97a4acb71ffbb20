/* SPDX-License-Identifier: Apache-2.0 */
/* A/B/A/B. What the journal cannot hold is not written, and what cannot be told from nothing is not called a gain. */
#include "tuner/prove.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tuner/apply.h"
#include "tuner/judge.h"

/* One object of the row. */
struct side {
        const struct kt_step *step;
        size_t change; /* its index in the journal */
        bool is_new;   /* which value it was given last */
};

struct trial {
        struct kt_journal *journal;
        const struct kt_prove_how *how;
        struct side *sides;
        size_t count; /* announced so far */
        double before[KT_EFFECT_ROUNDS_MAX];
        double after[KT_EFFECT_ROUNDS_MAX];
};

static const struct kt_change *change_of(const struct trial *trial, const struct side *side)
{
        return &trial->journal->items[side->change];
}

/* ---- Writing one side ---- */

static const char *value_of(const struct kt_change *change, bool is_new)
{
        if (!is_new)
                return change->before;
        return change->now ? change->now : change->wrote;
}

static int expect_ours(const struct trial *trial, const struct side *side, struct kt_err *e)
{
        const char *ours = value_of(change_of(trial, side), side->is_new);
        KT_AUTO_STR struct kt_str now = { 0 };
        int r;

        r = kt_tuner_facts_read(&side->step->verdict->at, side->step->row, &now, e);
        if (r < 0)
                return r;
        if (kt_tuner_judge_is_same(side->step->row, kt_str_get(&now), ours))
                return 0;
        return kt_err_set(e, -ESTALE, "somebody changed it from %s to %s in the middle of the proof; left alone", ours,
                          kt_str_get(&now));
}

static int write_new(const struct trial *trial, struct side *side, struct kt_err *e)
{
        const struct kt_step *step = side->step;
        const struct kt_change *change;
        KT_AUTO_STR struct kt_str now = { 0 };
        bool holds = false;
        int r;

        side->is_new = true;
        r = kt_apply_write(&step->verdict->at, step->row, step->target, trial->journal, &now, e);
        if (r < 0)
                return r;
        change = change_of(trial, side);
        if (kt_tuner_judge(step->row, kt_str_get(&now), step->verdict->wish->want, &holds, NULL) < 0 || !holds ||
            (change->now && !kt_tuner_judge_is_same(step->row, kt_str_get(&now), change->now)))
                return kt_err_set(e, -EIO, "the kernel accepted %s and keeps %s", step->target, kt_str_get(&now));
        if (change->now)
                return 0;
        /* It may have been rounded: from here on this is what is ours. */
        return kt_journal_move(trial->journal, side->change, KT_CHANGE_PROVING, kt_str_get(&now), e);
}

static int write_old(const struct trial *trial, struct side *side, struct kt_err *e)
{
        bool is_back = false;
        int r;

        r = kt_apply_put_back(&side->step->verdict->at, side->step->row, trial->journal, side->change, &is_back, e);
        if (r < 0)
                return r;
        if (!is_back)
                return kt_err_set(e, -EIO, "the kernel accepted %s and keeps something else",
                                  change_of(trial, side)->before);
        side->is_new = false;
        return 0;
}

static int set_all(struct trial *trial, bool is_new, struct kt_err *e)
{
        for (size_t i = 0; i < trial->count; i++) {
                struct side *side = &trial->sides[i];
                int r;

                r = expect_ours(trial, side, e);
                if (r == 0 && is_new != side->is_new)
                        r = is_new ? write_new(trial, side, e) : write_old(trial, side, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- Measuring ---- */

static int measure_side(struct trial *trial, bool is_new, double *ret, struct kt_err *e)
{
        const struct timespec nap = { .tv_sec = trial->how->wait_ms / 1000,
                                      .tv_nsec = (long)(trial->how->wait_ms % 1000) * 1000000L };
        int r;

        if (trial->how->is_stopped && trial->how->is_stopped())
                return kt_err_set(e, -EINTR, "stopped before there was a verdict");
        r = set_all(trial, is_new, e);
        if (r < 0)
                return r;
        (void)nanosleep(&nap, NULL); /* a shorter nap does no harm */
        return trial->how->measure(trial->how->context, ret, e);
}

static int measure_all(struct trial *trial, struct kt_effect *ret, struct kt_err *e)
{
        double warm_up; /* the first one finds colder caches than all others */
        int r;

        r = measure_side(trial, false, &warm_up, e);
        for (size_t round = 0; r == 0 && round < trial->how->rounds; round++) {
                r = measure_side(trial, false, &trial->before[round], e);
                if (r == 0)
                        r = measure_side(trial, true, &trial->after[round], e);
        }
        if (r == 0 && kt_effect_compute(trial->before, trial->after, trial->how->rounds, ret) < 0)
                r = kt_err_set(e, -ERANGE, "the measurements are no rates that could be compared");
        return r;
}

/* ---- Ending ---- */

static int set_have(struct kt_tuner_verdict *verdict, const char *have)
{
        char *copy = strdup(have);

        if (!copy)
                return -ENOMEM;
        free(verdict->have);
        verdict->have = copy;
        return 0;
}

/* Nothing came of it: the old value comes back, unless the present one is somebody else's. */
static int give_up(const struct trial *trial, struct side *side, const struct kt_err *why, struct kt_err *e)
{
        const struct kt_step *step = side->step;
        struct kt_err failure = { 0 };
        int r;

        r = kt_apply_settle_one(&step->verdict->at, step->row, trial->journal, side->change, e);
        if (r < 0)
                return r;
        if (change_of(trial, side)->state == KT_CHANGE_VOID)
                return kt_apply_say_failure(step, why);
        if (expect_ours(trial, side, &failure) == -ESTALE) {
                r = kt_journal_move(trial->journal, side->change, KT_CHANGE_OVERTAKEN, NULL, e);
                return r < 0 ? r : kt_apply_say_failure(step, &failure);
        }
        kt_err_clear(&failure);
        (void)kt_err_set(&failure, -EIO, "%s could not be put back; kafka-tuner revert tries again",
                         step->before); /* the text is all that counts */
        return kt_apply_say_failure(step, &failure);
}

/* All of them, whatever fails on the way; the first failure is told. */
static int give_up_all(const struct trial *trial, const struct kt_err *why, struct kt_err *e)
{
        int first = 0;

        for (size_t i = 0; i < trial->count; i++) {
                struct kt_err failure = { 0 };
                int r = give_up(trial, &trial->sides[i], why, &failure);

                if (r < 0 && first == 0)
                        first = kt_err_set(e, r, "%s", failure.text[0] ? failure.text : "prove");
        }
        return first;
}

static bool are_back(const struct trial *trial)
{
        for (size_t i = 0; i < trial->count; i++)
                if (change_of(trial, &trial->sides[i])->state != KT_CHANGE_VOID)
                        return false;
        return true;
}

static int conclude(const struct trial *trial, const struct side *side, const struct kt_proof *proof, struct kt_err *e)
{
        struct kt_tuner_verdict *verdict = side->step->verdict;
        const enum kt_change_state end = proof->is_kept ? KT_CHANGE_DONE : KT_CHANGE_VOID;
        const struct kt_change *change = change_of(trial, side);
        KT_AUTO_STR struct kt_str effect = { 0 };
        KT_AUTO_STR struct kt_str reason = { 0 };
        int r;

        kt_effect_show(&proof->effect, &effect);
        kt_str_addf(&reason, "%s; %s", kt_str_get(&effect), proof->is_kept ? "was " : "old value kept");
        if (proof->is_kept)
                kt_str_add(&reason, change->before);
        if (kt_str_error(&effect) < 0 || kt_str_error(&reason) < 0)
                return kt_err_set(e, -ENOMEM, "say what the proof found");

        r = kt_journal_conclude(trial->journal, side->change, end, NULL, kt_str_get(&effect), e);
        if (r < 0)
                return r;
        if (set_have(verdict, value_of(change, proof->is_kept)) < 0 ||
            kt_tuner_verdict_set(verdict, proof->is_kept ? KT_STATE_APPLIED : KT_STATE_DRIFT, kt_str_get(&reason),
                                 NULL) < 0)
                return kt_err_set(e, -ENOMEM, "say what the proof found");
        return 0;
}

static bool is_worth_keeping(const struct kt_effect *effect)
{
        return effect->verdict == KT_EFFECT_BETTER || effect->verdict == KT_EFFECT_SAME;
}

/* ---- Beginning ---- */

/* Writes down what is about to be written in turn. *ret_is_same is false when somebody changed it since then. */
static int announce(struct trial *trial, const struct kt_step *step, bool *ret_is_same, struct kt_err *e)
{
        struct side *side = &trial->sides[trial->count];
        int r;

        side->step = step;
        r = kt_apply_look_again(step, ret_is_same);
        if (r < 0 || !*ret_is_same)
                return r;
        r = kt_apply_announce(step, trial->journal, &side->change, e);
        if (r < 0)
                return r;
        trial->count++;
        return kt_journal_move(trial->journal, side->change, KT_CHANGE_PROVING, NULL, e);
}

static int begin(struct trial *trial, const struct kt_plan *plan, struct kt_err *e)
{
        for (size_t i = 0; i < plan->count; i++) {
                bool is_same = false;
                int r;

                r = announce(trial, &plan->items[i], &is_same, e);
                if (r == 0 && !is_same)
                        r = kt_err_set(e, -ESTALE, "%s changed before the proof began", plan->items[i].verdict->object);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int run(struct trial *trial, const struct kt_plan *plan, struct kt_proof *proof, struct kt_err *e)
{
        int r;

        r = begin(trial, plan, e);
        if (r == 0)
                r = measure_all(trial, &proof->effect, e);
        if (r < 0)
                return r;

        proof->is_measured = true;
        proof->is_kept = is_worth_keeping(&proof->effect);
        return set_all(trial, proof->is_kept, e);
}

int kt_prove(const struct kt_plan *plan, struct kt_journal *journal, const struct kt_prove_how *how,
             struct kt_proof *ret, struct kt_err *e)
{
        struct trial trial = { .journal = journal, .how = how };
        struct kt_err why = { 0 };
        bool is_back;
        int end = 0;
        int r;

        *ret = (struct kt_proof){ 0 };
        trial.sides = calloc(plan->count + 1, sizeof(*trial.sides));
        if (!trial.sides)
                return kt_err_set(e, -ENOMEM, "prove %zu steps", plan->count);

        r = run(&trial, plan, ret, &why);
        if (r < 0) {
                *ret = (struct kt_proof){ 0 };
                end = give_up_all(&trial, &why, e);
        }
        for (size_t i = 0; r == 0 && end == 0 && i < trial.count; i++)
                end = conclude(&trial, &trial.sides[i], ret, e);
        is_back = are_back(&trial);
        free(trial.sides);
        if (end < 0)
                return end;
        if (r < 0 && trial.count == 0 && r != -ESTALE) /* nothing is written without the journal */
                return kt_err_set(e, r, "%s", why.text[0] ? why.text : "prove");
        return r == -EINTR ? kt_err_set(e, r, "%s%s", why.text, is_back ? "; the old value is back" : "") : 0;
}
