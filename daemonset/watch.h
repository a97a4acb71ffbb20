/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of a Kubernetes watch, one JSON object a line, as events; bounded, and fed as the bytes come in. */
#ifndef KT_DAEMONSET_WATCH_H
#define KT_DAEMONSET_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "lib/app/report.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"

enum {
        KT_WATCH_LINE_MAX = 8 << 20,  /* etcd holds objects of 1.5 MiB; JSON writes some bytes as six */
        KT_WATCH_VERSION_MAX = 64,    /* a resourceVersion is opaque, and in fact a number of 64 bits */
        KT_WATCH_KEEP_MAX = 64 << 10, /* memory for lines that stays when the line is done */
};

enum kt_watch_kind {
        KT_WATCH_ADDED,
        KT_WATCH_MODIFIED,
        KT_WATCH_DELETED,
        KT_WATCH_BOOKMARK, /* only a newer resourceVersion */
        KT_WATCH_ERROR,    /* the object is a Status; the server ends the stream */
        KT_WATCH_COUNT_,
};

/* Borrowed for the call. */
struct kt_watch_event {
        enum kt_watch_kind kind;
        struct kt_json *object; /* of an error: metav1.Status */
        const char *version;    /* metadata.resourceVersion; NULL for an error */
        uint64_t code;          /* of an error: its HTTP status, 410 for a version that is gone; else 0 */
};

/* One stream. Zero-initialise, release with kt_watch_done. */
struct kt_watch {
        size_t line_max;  /* [0: KT_WATCH_LINE_MAX] */
        uint64_t skipped; /* events of kinds that are unknown here (the API may add some) */
        struct kt_str line;
};

void kt_watch_done(struct kt_watch *watch);

/* Forgets a line that was not finished: a new stream begins. */
void kt_watch_reset(struct kt_watch *watch);

/* Takes bytes of the stream and calls each for every event that they complete, until it returns non-zero, which is
 * returned. -EBADMSG: a line is no event; -EFBIG: a line is longer than line_max; -ENOMEM. After an error the stream
 * cannot be used further. Empty lines are nothing. */
KT_MUST_CHECK int kt_watch_feed(struct kt_watch *watch, const char *data, size_t len,
                                int (*each)(void *context, const struct kt_watch_event *event), void *context,
                                struct kt_err *e);

#endif
