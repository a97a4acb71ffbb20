/* SPDX-License-Identifier: Apache-2.0 */
/* From kafka.yaml and a broker's properties to what its need is computed of: the same for every program. */
#ifndef KT_APP_WORKLOAD_H
#define KT_APP_WORKLOAD_H

#include <stddef.h>

#include "lib/app/spec.h"
#include "lib/kafka/need.h"
#include "lib/kafka/version.h"

/* How to ask for a property: as the broker will have it, or NULL when nobody set it and its default counts. */
struct kt_workload_source {
        const char *(*value)(const void *context, const char *name);
        const void *context;
};

/* Properties that need depends on and that are numbers; NULL-terminated. One that holds none counts as its default:
 * whoever wants to complain looks at them first. */
extern const char *const kt_workload_numbers[];

/* Fills all but found. log_dirs of 0 counts as one. A broker without listeners has one, and one more for its
 * controller. */
void kt_workload_need_input(const struct kt_spec *spec, const struct kt_kafka_version *version,
                            const struct kt_workload_source *source, size_t log_dirs, struct kt_need_input *ret);

#endif
