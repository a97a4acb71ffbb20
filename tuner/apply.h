/* SPDX-License-Identifier: Apache-2.0 */
/* The acts: carry out a plan, and take back what a journal says. Nothing is written that the journal does not hold. */
#ifndef KT_TUNER_APPLY_H
#define KT_TUNER_APPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "tuner/engine.h"
#include "tuner/journal.h"
#include "tuner/plan.h"

/* Drops every capability but those that the steps need. An error means: do not write. */
KT_MUST_CHECK int kt_apply_drop(const struct kt_plan *plan, struct kt_err *e);

/* For each step: looks again, announces it, writes once, reads back, compares; the step's verdict says what became of
 * it. Goes on after a failure; returns -ENOMEM, or the error after which the journal is no longer to be relied on: the
 * steps behind it are not carried out then. *ret_written counts what was written. */
KT_MUST_CHECK int kt_apply(const struct kt_plan *plan, struct kt_journal *journal, size_t *ret_written,
                           struct kt_err *e);

/* Gives every step's verdict the state of that failure, with its reason. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_apply_refuse(const struct kt_plan *plan, const struct kt_err *why);

/* Finds out what became of the changes that a killed run left between two lines. What cannot be told stays as it is. */
KT_MUST_CHECK int kt_apply_settle(const struct kt_tuner_facts *facts, struct kt_journal *journal, struct kt_err *e);

/* One change of them; facts point at its object. 0, also when it cannot be told. */
KT_MUST_CHECK int kt_apply_settle_one(const struct kt_tuner_facts *facts, const struct kt_row *row,
                                      struct kt_journal *journal, size_t index, struct kt_err *e);

/* When settling may write (a proof was killed, or the write of what disturbs another row): drops every capability but
 * those that any write needs. An error means: do not settle. */
KT_MUST_CHECK int kt_apply_drop_for_settling(const struct kt_journal *journal, struct kt_err *e);

/* The parts of a step: is it still as it was when it was judged (if not, its verdict says so); write it down; and its
 * verdict after a failure. 0 or -ENOMEM, and of the second what keeps the journal from taking it. */
KT_MUST_CHECK int kt_apply_look_again(const struct kt_step *step, bool *ret_is_same);
KT_MUST_CHECK int kt_apply_announce(const struct kt_step *step, struct kt_journal *journal, size_t *ret_index,
                                    struct kt_err *e);
KT_MUST_CHECK int kt_apply_say_failure(const struct kt_step *step, const struct kt_err *why);

/* Writes the old value of a change and reads it back; *ret_is_back says whether it is there now. 0 or -errno. May move
 * the journal's changes. */
KT_MUST_CHECK int kt_apply_put_back(const struct kt_tuner_facts *facts, const struct kt_row *row,
                                    struct kt_journal *journal, size_t index, bool *ret_is_back, struct kt_err *e);

/* Writes value through the row's back end and reads it back; *ret_now is set when it could be read. What the write
 * disturbs is announced before and put back after it. Returns 0 when all of it worked, whatever now holds. May move the
 * journal's changes. */
KT_MUST_CHECK int kt_apply_write(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                                 struct kt_journal *journal, struct kt_str *ret_now, struct kt_err *e);

/* What a person does about a write that failed with code; NULL when there is nothing to say. Static. */
const char *kt_apply_advice(const struct kt_row *row, int code);

#endif
