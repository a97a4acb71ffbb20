/* SPDX-License-Identifier: Apache-2.0 */
/* `config explain` and `config diff`: what the releases' own definitions say of their properties. */
#ifndef KT_INITC_EXPLAIN_H
#define KT_INITC_EXPLAIN_H

#include <stdbool.h>

#include "lib/base/attr.h"
#include "lib/kafka/version.h"
#include "lib/text/str.h"

/* Appends what is known of a property in all versions, as text or JSON. 1: it is known (or legal without a definition),
 * 0: it is not, -ENOMEM. version is the one in use, for what replaced a property that is gone. */
KT_MUST_CHECK int kt_explain_key(const struct kt_kafka_version *version, const char *name, bool is_json,
                                 struct kt_str *out);

/* Appends what changed between two versions: properties added and removed, other defaults, types and ranges. */
KT_MUST_CHECK int kt_explain_diff(const struct kt_kafka_version *from, const struct kt_kafka_version *to, bool is_json,
                                  struct kt_str *out);

#endif
