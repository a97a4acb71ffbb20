/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's properties, read as the broker will read them. */
#ifndef KT_INITC_CONFIG_H
#define KT_INITC_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "initc/identity.h"
#include "initc/layout.h"
#include "lib/app/spec.h"
#include "lib/kafka/listener.h"
#include "lib/kafka/properties.h"
#include "lib/kafka/version.h"

/* What properties are compiled and checked for; all borrowed. */
struct kt_compile {
        const struct kt_spec *spec;
        const struct kt_kafka_version *version;
        const struct kt_identity *identity; /* NULL: a file is checked without a pod */
        const struct kt_layout *layout;     /* NULL: the same */
};

/* Source of a property that is one of our defaults (compile.h). */
#define KT_DEFAULT_SOURCE "default"

/* The value that the broker will use: the property's, else the version's default, else "". Borrowed. */
const char *kt_config_value(const struct kt_kafka_version *version, const struct kt_properties *list, const char *key);

/* The same as a number; fallback when it is none. */
uint64_t kt_config_count(const struct kt_kafka_version *version, const struct kt_properties *list, const char *key,
                         uint64_t fallback);

/* The controller listener as other nodes reach it: from advertised.listeners, else from listeners, where the pod's own
 * name stands for "every address". False: there is none. */
bool kt_config_controller(const struct kt_compile *in, const struct kt_properties *list, struct kt_listener *ret);

#endif
