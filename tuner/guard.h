/* SPDX-License-Identifier: Apache-2.0 */
/* A write may disturb another row, as a scheduler resets nr_requests. The journal announces that row first, as a change
 * whose old and new value are the same, so that after a kill it is still known what it was. */
#ifndef KT_TUNER_GUARD_H
#define KT_TUNER_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"
#include "tuner/facts.h"
#include "tuner/journal.h"
#include "tuner/row.h"

struct kt_guard {
        const struct kt_row *row; /* the one that is disturbed; NULL: none is */
        size_t index;             /* in the journal */
};

/* Announces what a write of row to the object that facts point at will disturb. A guard of an earlier write that could
 * not bring its value back is used again. May move the journal's changes. */
KT_MUST_CHECK int kt_guard_begin(const struct kt_tuner_facts *facts, const struct kt_row *row,
                                 struct kt_journal *journal, struct kt_guard *ret, struct kt_err *e);

/* Behind the write: puts the old value back and says so in the journal. What the kernel refuses beside the new value of
 * row (-EINVAL) is no error: the guard stays open as done, and the value comes back when row is taken back. */
KT_MUST_CHECK int kt_guard_end(const struct kt_guard *guard, const struct kt_tuner_facts *facts,
                               struct kt_journal *journal, struct kt_err *e);

/* Finishes the guard that a killed run left. One whose value is now somebody else's stays as it is. 0, or the error
 * after which the journal is no longer to be relied on. */
KT_MUST_CHECK int kt_guard_settle(const struct kt_tuner_facts *facts, const struct kt_row *row,
                                  struct kt_journal *journal, size_t index, struct kt_err *e);

/* True when settling may have to write for that change. */
bool kt_guard_is_unfinished(const struct kt_change *change);

/* Appends "; ..." when a write of row has left another one disturbed; facts point at the object. */
void kt_guard_note(const struct kt_tuner_facts *facts, const struct kt_row *row, const struct kt_journal *journal,
                   struct kt_str *out);

#endif
