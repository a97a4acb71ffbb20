/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON objects of kafka-initc, as docs/json.md promises them. */
#ifndef KT_INITC_REPORT_H
#define KT_INITC_REPORT_H

#include "initc/gather.h"
#include "initc/steps.h"
#include "lib/app/exit.h"
#include "lib/app/report.h"

/* These print one document on stdout and return code, or KT_EXIT_FAILED when it could not be written. */
enum kt_exit kt_report_prepare(const struct kt_gathered *g, const struct kt_steps *steps, enum kt_exit code);
enum kt_exit kt_report_volumes(const struct kt_gathered *g, enum kt_exit code);
enum kt_exit kt_report_need(const struct kt_gathered *g, enum kt_exit code);
enum kt_exit kt_report_config(const struct kt_properties *list, const struct kt_kafka_version *version,
                              const struct kt_findings *findings, enum kt_exit code);

#endif
