/* SPDX-License-Identifier: Apache-2.0 */
/* Two views of a result: text for people, JSON for programs. html.h is the third. */
#ifndef KT_TUNER_BENCH_REPORT_H
#define KT_TUNER_BENCH_REPORT_H

#include "lib/base/attr.h"
#include "lib/text/str.h"
#include "tuner/bench/result.h"

/* Appends the whole report. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_report_disk_text(const struct kt_disk_result *result, bool colour, struct kt_str *out);

/* Appends a DiskReport: rates in bytes per second, times in seconds, with a final newline. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_report_disk_json(const struct kt_disk_result *result, struct kt_str *out);

/* The same as a document, for who has something to add; free it with kt_json_free. */
struct kt_json;
struct kt_json *kt_report_disk_document(const struct kt_disk_result *result);

#endif
