/* SPDX-License-Identifier: Apache-2.0 */
/* What wanted values are derived from: kafka.yaml, the Kafka version's defaults, and what a broker needs by them. */
#ifndef KT_TUNER_INPUTS_H
#define KT_TUNER_INPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/app/spec.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/kafka/need.h"
#include "lib/kafka/version.h"
#include "lib/text/finding.h"

#define KT_SPEC_PATH "/etc/k8skafka/kafka.yaml"

struct kt_inputs {
        struct kt_spec spec;
        bool has_file; /* false: no kafka.yaml, all of spec is defaults */
        const struct kt_kafka_version *version;
        struct kt_need_input need_input;
        struct kt_need need;
        uint64_t receive_buffer_bytes; /* the largest SO_RCVBUF that the broker asks for */
        uint64_t send_buffer_bytes;    /* the largest SO_SNDBUF */
};

/* Loads path; NULL means KT_SPEC_PATH, which may be missing. 0, -EINVAL with the reasons in findings, or another -errno
 * with its reason in e. Release with kt_inputs_done in any case. */
KT_MUST_CHECK int kt_inputs_load(const char *path, struct kt_inputs *ret, struct kt_findings *findings,
                                 struct kt_err *e);
void kt_inputs_done(struct kt_inputs *inputs);

#endif
