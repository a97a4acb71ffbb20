/* SPDX-License-Identifier: Apache-2.0 */
/* Which directory of each volume is the broker's log dir: the one that is there already, or a new one of ours. */
#ifndef KT_INITC_LAYOUT_H
#define KT_INITC_LAYOUT_H

#include "initc/facts.h"
#include "initc/identity.h"
#include "lib/app/spec.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/kafka/properties.h"
#include "lib/text/finding.h"

struct kt_layout_dir {
        struct kt_volume *volume; /* borrowed */
        size_t index;             /* of the log dir within the volume */
        char *path;               /* absolute: what log.dirs holds */
};

struct kt_layout {
        struct kt_layout_dir *items; /* the first holds the KRaft metadata */
        size_t count;
        bool is_given; /* by log.dirs or log.dir of the user, not by us */
};

/* Chooses: log.dirs (or log.dir) of the user where set; error findings when one of them is on no volume, the same as or
 * inside another, or when there is none. Else per volume a formatted kafka-log<node id>, else the directory with a
 * meta.properties (preferably with our node id) or the volume itself where it looks like a log dir, else
 * kafka-log<node id>, to be made. Whether what was chosen may be used is judge.h's to say. */
KT_MUST_CHECK int kt_layout_choose(struct kt_volumes *volumes, const struct kt_identity *identity,
                                   const struct kt_properties *properties, struct kt_layout *ret,
                                   struct kt_findings *findings, struct kt_err *e);
void kt_layout_done(struct kt_layout *layout);

struct kt_log_dir *kt_layout_log_dir(const struct kt_layout_dir *item);

/* Takes empty and "." components out of an absolute path, in place. False, and nothing is changed: it is not absolute, or
 * has a ".." in it. */
bool kt_layout_make_plain(char *path);

#endif
