/* SPDX-License-Identifier: Apache-2.0 */
/* Gives a log dir to the broker's user, whatever an attacker put into it. */
#ifndef KT_INITC_CHOWN_H
#define KT_INITC_CHOWN_H

#include <stdint.h>

#include "initc/entry.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"

struct kt_chown_stats {
        uint64_t entries;               /* looked at, the root included */
        uint64_t changed;               /* owner or mode */
        uint64_t failed;                /* could not be changed; the walk went on */
        uint64_t left[KT_ENTRY_COUNT_]; /* what is not given away, by what it is */
};

struct kt_chown_opts {
        struct kt_owner owner;
        /* Called now and then on long walks; may be NULL. */
        void (*progress)(void *context, const struct kt_chown_stats *stats);
        void *context;
};

/* Gives every inode under root_fd, and at last the root itself, to opts->owner, and makes its mode workable for that
 * owner (kt_entry_mode). Borrows root_fd. Each inode is pinned and judged again before it is changed
 * (kt_entry_judge); links, special files, hard-linked and set-id files of others and other mounts are left alone and
 * counted. What is right is not written. Failures are counted and the walk goes on; returns the first of them, or 0.
 * Safe to repeat: the root comes last. */
KT_MUST_CHECK int kt_chown_tree(int root_fd, const struct kt_chown_opts *opts, struct kt_chown_stats *ret,
                                struct kt_err *e);

/* Only looks: counts what kt_chown_tree would change as changed, and what cannot be read as left. */
KT_MUST_CHECK int kt_chown_verify(int root_fd, const struct kt_owner *owner, struct kt_chown_stats *ret,
                                  struct kt_err *e);

/* How many of those that were left the owner cannot do without (kt_entry_is_blocking). */
uint64_t kt_chown_blocking(const struct kt_chown_stats *stats);

#endif
