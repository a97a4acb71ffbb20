/* SPDX-License-Identifier: Apache-2.0 */
/* Visits every entry below a directory, for the one who counts (facts) and the one who changes (chown). */
#ifndef KT_INITC_WALK_H
#define KT_INITC_WALK_H

#include <sys/stat.h>

#include "initc/entry.h"
#include "lib/base/attr.h"

enum {
        KT_WALK_DEPTH_MAX = 16,  /* Kafka: log dir / partition / file; tiered storage one more */
        KT_WALK_PATH_MAX = 4096, /* of the paths for messages */
};

struct kt_walk_entry {
        int dir_fd; /* the directory it is in: pinned, on the same mount as the root */
        int fd;     /* an open directory; -1 for all else */
        const char *name;
        const char *dir_name;  /* name of the directory it is in; "" at the top */
        const char *path;      /* relative to the root, for messages only */
        unsigned depth;        /* 1: directly in the root */
        struct stat st;        /* of fd where there is one, else of the name, not followed */
        enum kt_entry problem; /* OTHER_MOUNT, TOO_DEEP, UNREADABLE: not entered; else RIGHT */
        int error;             /* with UNREADABLE: -errno */
};

/* Calls visit for everything below root_fd, directories before what is in them, and enters no link, no other mount and
 * nothing deeper than KT_WALK_DEPTH_MAX. visit returns 0, or what ends the walk and is returned. Borrows root_fd. */
KT_MUST_CHECK int kt_walk(int root_fd, int (*visit)(void *context, const struct kt_walk_entry *entry), void *context);

#endif
