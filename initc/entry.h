/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a log dir, judged by what fstat(2) says: whose it is, and whether it may be given away. */
#ifndef KT_INITC_ENTRY_H
#define KT_INITC_ENTRY_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

struct kt_owner {
        uid_t uid;
        gid_t gid;
};

enum kt_entry {
        KT_ENTRY_RIGHT,     /* nothing to do */
        KT_ENTRY_FIXABLE,   /* wrong owner, or a mode that its owner cannot work with */
        KT_ENTRY_LINK,      /* symbolic link: never followed, never changed */
        KT_ENTRY_SPECIAL,   /* device, fifo or socket: never changed */
        KT_ENTRY_HARD_LINK, /* a file with other names, of a wrong owner: the other names may be anywhere */
        KT_ENTRY_SET_ID,    /* runs as its owner for whoever starts it: a present for an attacker if given away */
        KT_ENTRY_OTHER_MOUNT,
        KT_ENTRY_TOO_DEEP,
        KT_ENTRY_UNREADABLE,
        KT_ENTRY_COUNT_
};

/* RIGHT, FIXABLE, LINK, SPECIAL, HARD_LINK or SET_ID. Pure. A hard-linked or set-id file with the right owner is
 * RIGHT. */
enum kt_entry kt_entry_judge(const struct stat *st, const struct kt_owner *owner);

/* The mode that its owner can work with: directories rwx, files rw, but for the read-only checkpoints that Kafka makes.
 * The other bits stay. */
mode_t kt_entry_mode(const struct stat *st);

/* What is wrong, for people: "symbolic link", ...; and whether it stops the whole log dir from being handed over. */
const char *kt_entry_words(enum kt_entry entry);
bool kt_entry_is_blocking(enum kt_entry entry);

#endif
