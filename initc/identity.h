/* SPDX-License-Identifier: Apache-2.0 */
/* Who this pod is: name, ordinal, node id and the name under which others reach it. */
#ifndef KT_INITC_IDENTITY_H
#define KT_INITC_IDENTITY_H

#include <stdint.h>

#include "lib/app/spec.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"

enum {
        KT_HOST_NAME_MAX = 254, /* RFC 1035, section 2.3.4, and NUL */
};

struct kt_identity {
        char pod[KT_HOST_NAME_MAX];
        char set[KT_HOST_NAME_MAX]; /* the StatefulSet: the pod's name without its ordinal */
        uint32_t ordinal;
        int32_t node_id;               /* base + ordinal */
        char domain[KT_HOST_NAME_MAX]; /* what stands behind a pod's name: ".kafka.ns.svc", ".kafka", or "" */
};

/* The pod's name is the first of: given (a flag, may be NULL), environment POD_NAME, HOSTNAME, uname(2). The ordinal is
 * the number behind its last '-', as the StatefulSet controller makes it (apps/v1 StatefulSet, "Pod Identity").
 * -EINVAL when there is none or when base + ordinal is no node id. */
KT_MUST_CHECK int kt_identity_find(const struct kt_spec *spec, const char *given, struct kt_identity *ret,
                                   struct kt_err *e);

/* Host name of the pod with that ordinal of the same set. Returns buf. */
const char *kt_identity_host(const struct kt_identity *identity, uint32_t ordinal, char *buf, size_t size);

#endif
