/* SPDX-License-Identifier: Apache-2.0 */
/* What changed since an older run, whose DiskReport was kept. */
#ifndef KT_TUNER_BENCH_COMPARE_H
#define KT_TUNER_BENCH_COMPARE_H

#include "lib/app/report.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"
#include "tuner/bench/result.h"

/* Reads a DiskReport; -EBADMSG when the file is another thing. Free it with kt_json_free. */
KT_MUST_CHECK int kt_compare_load(const char *path, struct kt_json **ret, struct kt_err *e);

/* Appends a line for each number that both runs have, of the volumes with the same path. Changes within both runs'
 * intervals are called noise. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_compare_text(const struct kt_disk_result *result, struct kt_json *old, struct kt_str *out);

/* Appends the DiskReport with the same as its member compare. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_compare_json(const struct kt_disk_result *result, struct kt_json *old, struct kt_str *out);

#endif
