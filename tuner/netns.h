/* SPDX-License-Identifier: Apache-2.0 */
/* How far a value of a network namespace reaches: asked of the running kernel, in a namespace made for it. */
#ifndef KT_TUNER_NETNS_H
#define KT_TUNER_NETNS_H

#include "lib/base/attr.h"
#include "lib/os/root.h"

enum kt_reach {
        KT_REACH_NONE,      /* not asked: no such row, or a captured machine */
        KT_REACH_GLOBAL,    /* one value for all namespaces: a new one has no such file, or a read-only one */
        KT_REACH_INHERITED, /* a namespace of its own, and a new one starts with the value of this one */
        KT_REACH_CONSTANT,  /* a namespace of its own, and a new one starts with another value: it never gets there */
        KT_REACH_UNKNOWN,   /* no namespace could be made (CAP_SYS_ADMIN) */
        KT_REACH_COUNT_
};

/* Makes a network namespace in a child, compares path there with its value here, and forgets it. Writes nothing. A
 * value that is the kernel's default here and there counts as inherited: only a different one could tell. */
enum kt_reach kt_netns_probe(const struct kt_root *root, const char *path);

const char *kt_reach_name(enum kt_reach reach);

/* What a person has to know about it, one clause; NULL: nothing. Static. */
const char *kt_reach_note(enum kt_reach reach);

#endif
