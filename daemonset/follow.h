/* SPDX-License-Identifier: Apache-2.0 */
/* A collection of the Kubernetes API, kept up to date: a list, then a watch from there, for as long as it takes. */
#ifndef KT_DAEMONSET_FOLLOW_H
#define KT_DAEMONSET_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemonset/backoff.h"
#include "daemonset/kube.h"
#include "lib/app/report.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"

enum kt_follow_change {
        KT_FOLLOW_LISTING, /* a list begins: what is not told from here to LISTED is not there any more */
        KT_FOLLOW_PRESENT, /* the object is there, new or changed or as before */
        KT_FOLLOW_DELETED, /* the object is gone; this was its last state */
        KT_FOLLOW_LISTED,  /* the list is complete */
        KT_FOLLOW_HEARING, /* changes are told from now on: the watch is open (again) */
        KT_FOLLOW_BROKEN,  /* nothing is heard: error says why, and retry_ms when it is tried again */
        KT_FOLLOW_COUNT_,
};

/* Borrowed for the call. */
struct kt_follow_notice {
        enum kt_follow_change change;
        struct kt_json *object;     /* of PRESENT and DELETED; those of a list have neither kind nor apiVersion */
        const struct kt_err *error; /* of BROKEN */
        int code;                   /* of BROKEN: the -errno */
        int64_t retry_ms;           /* of BROKEN; -1: never, for want of memory or room: free it and make a new one */
};

/* Texts are copied. Zero means the value in brackets. */
struct kt_follow_config {
        const char *path;   /* of a collection: "/api/v1/namespaces/kafka/pods" */
        const char *labels; /* label selector, "app=kafka"; NULL: all */
        const char *fields; /* field selector, "spec.nodeName=n1"; NULL: all */
        int64_t watch_ms;   /* [1800000] a watch is opened anew after this, or up to twice of it */
        int64_t first_ms;   /* [0] the first list is sent after up to this: nodes that start together come apart */
        struct kt_backoff backoff; /* [1000, 60000] until the first list is there; its most_ms counts behind it, too */
        /* [20000] What was followed and is lost is tried again after up to this, then with back-off from it: nodes that
         * lose their server together come back apart. */
        int64_t return_ms;
        /* Must not free what it is told by. */
        void (*notice)(void *context, const struct kt_follow_notice *notice);
        void *context;
};

struct kt_follow_stats {
        uint64_t lists;    /* begun, pages not counted */
        uint64_t watches;  /* opened */
        uint64_t events;   /* of the watch, bookmarks included */
        uint64_t failures; /* BROKEN was told */
};

struct kt_follow;

/* Lists, then watches from there until it is freed: a watch whose time is up goes on where it was, a version that is
 * gone (410) leads to a new list, anything else is tried again after return_ms or with back-off. The first list comes
 * from the server's cache (resourceVersion=0), later ones are no older than what was seen, and only where a server does
 * not know that version any more (it was restored from a backup) the newest is asked for. Borrows kube, which has to
 * outlive it. */
KT_MUST_CHECK int kt_follow_new(struct kt_kube *kube, const struct kt_follow_config *config, struct kt_follow **ret,
                                struct kt_err *e);
void kt_follow_free(struct kt_follow *follow);
void kt_follow_get_stats(const struct kt_follow *follow, struct kt_follow_stats *ret);

#endif
