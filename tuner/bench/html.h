/* SPDX-License-Identifier: Apache-2.0 */
/* A result as one page for a browser: nothing is loaded, no script runs, and no text of the outside is markup. */
#ifndef KT_TUNER_BENCH_HTML_H
#define KT_TUNER_BENCH_HTML_H

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"
#include "tuner/bench/result.h"

/* Appends the page. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_html_render(const struct kt_disk_result *result, struct kt_str *out);

/* Puts the page at path, whole or not at all, in a directory that is there; what was at path is replaced. */
KT_MUST_CHECK int kt_html_write(const struct kt_disk_result *result, const char *path, struct kt_err *e);

#endif
