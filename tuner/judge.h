/* SPDX-License-Identifier: Apache-2.0 */
/* Is the present value fine? Pure: texts in, an answer out. */
#ifndef KT_TUNER_JUDGE_H
#define KT_TUNER_JUDGE_H

#include <stdbool.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"
#include "tuner/row.h"

/* Compares have, as kt_tuner_facts_read returns it, with want by the row's rule. 0 and *ret_holds, -EBADMSG when
 * have is no value of the row's type, -EINVAL when want is none that the rule understands. */
KT_MUST_CHECK int kt_tuner_judge(const struct kt_row *row, const char *have, const char *want, bool *ret_holds,
                                 struct kt_err *e);

/* 0, or -EINVAL with the reason when want is no value that the row's rule understands. */
KT_MUST_CHECK int kt_tuner_judge_want(const struct kt_row *row, const char *want, struct kt_err *e);

/* True when both texts are the same value, in the row's own terms: numbers as numbers, all of a tuple. */
bool kt_tuner_judge_is_same(const struct kt_row *row, const char *left, const char *right);

/* Appends the value to write so that want holds: for a tuple the other numbers stay, for between the nearer end. Both
 * texts have passed kt_tuner_judge. */
void kt_tuner_judge_target(const struct kt_row *row, const char *have, const char *want, struct kt_str *out);

#endif
