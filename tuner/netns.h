/* SPDX-License-Identifier: Apache-2.0 */
/* How far a value of a network namespace reaches: asked of the running kernel, in a namespace made for it. */
#ifndef KT_TUNER_NETNS_H
#define KT_TUNER_NETNS_H

#include <stdbool.h>

#include "lib/base/attr.h"
#include "lib/os/root.h"

enum kt_reach {
        KT_REACH_NONE,      /* not asked: no such row, or a captured machine */
        KT_REACH_GLOBAL,    /* one value for all namespaces: a new one has no such file, or a read-only one */
        KT_REACH_INHERITED, /* a namespace of its own, and a new one starts with the value of this one */
        KT_REACH_CONSTANT,  /* a namespace of its own, and a new one starts with another value: it never gets there */
        KT_REACH_SAME,      /* a new one starts with the same value, which may be the kernel's default here and there */
        KT_REACH_UNKNOWN,   /* no namespace could be made (CAP_SYS_ADMIN, or user namespaces are off) */
        KT_REACH_COUNT_
};

/* What was seen of a key. */
struct kt_netns_sight {
        const char *outside; /* its value in this namespace */
        const char *inside;  /* in a new one; NULL: it has no such file */
        bool is_writable;    /* there */
        bool is_user;        /* it belongs to a user namespace of its own, which is not shown all keys */
        const char *before;  /* what both had at an earlier look, replaced by outside since; NULL: there was none */
};

/* Pure. Equal values prove nothing, since both may be the kernel's default: only one that changed here and is found
 * there has been inherited. */
enum kt_reach kt_netns_judge(const struct kt_netns_sight *sight);

/* Makes a network namespace in a child, compares path there with its value here, and forgets it. Writes nothing. before
 * is the value that both had when it was asked last (KT_REACH_SAME) and that was replaced here since; or NULL. */
enum kt_reach kt_netns_probe(const struct kt_root *root, const char *path, const char *before);

const char *kt_reach_name(enum kt_reach reach);

/* What a person has to know about it, one clause; NULL: nothing. Static. */
const char *kt_reach_note(enum kt_reach reach);

#endif
