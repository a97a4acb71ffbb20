/* SPDX-License-Identifier: Apache-2.0 */
/* Takes back what a journal says, and nothing else. */
#ifndef KT_TUNER_REVERT_H
#define KT_TUNER_REVERT_H

#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "tuner/engine.h"
#include "tuner/journal.h"

/* Newest change first: compares, announces, writes the old value, reads back. One verdict for each change that was
 * open; only (ids, separated by commas; NULL: all) restricts them. Resumable: killed anywhere, the next run goes on. */
KT_MUST_CHECK int kt_revert(const struct kt_tuner_facts *facts, struct kt_journal *journal, const char *only,
                            struct kt_tuner_verdicts *ret, size_t *ret_written, struct kt_err *e);

/* Drops every capability but those that writing the open changes needs. An error means: do not write. */
KT_MUST_CHECK int kt_revert_drop(const struct kt_journal *journal, struct kt_err *e);

#endif
