/* SPDX-License-Identifier: Apache-2.0 */
/* server.properties: what the user set, what we add, and whether the whole makes sense to that version of Kafka. */
#ifndef KT_INITC_COMPILE_H
#define KT_INITC_COMPILE_H

#include "initc/config.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/kafka/properties.h"
#include "lib/text/finding.h"
#include "lib/text/str.h"

/* One property that we add when the user did not set it. The whole list is in docs/defaults.md. */
struct kt_default {
        const char *key;
        const char *when;   /* for people: in which mode */
        const char *reason; /* why a broker in a pod needs it */
        /* Appends the value; leaves out empty when the property does not apply here. */
        void (*value)(const struct kt_compile *in, const struct kt_properties *list, struct kt_str *out);
};

extern const struct kt_default kt_defaults[];
extern const size_t kt_default_count;

/* Adds our defaults to what the user set, then checks every key against the schema of the version and the rules between
 * keys. Everything there is to say goes to findings; 0, -ENOMEM, or -EINVAL when there is an error among them. */
KT_MUST_CHECK int kt_compile(const struct kt_compile *in, struct kt_properties *list, struct kt_findings *findings,
                             struct kt_err *e);

#endif
