/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of a log dir, judged. */
#include "initc/entry.h"

#include "lib/base/attr.h"

struct entry_row {
        const char *words;
        bool is_blocking;
};

/* A link or a special file hinders nobody: Kafka passes over names that are no partitions, and as UID 1000 it reaches
 * nothing through them that it could not reach anyway. What cannot be given away although it must, does. */
static const struct entry_row rows[KT_ENTRY_COUNT_] = {
        [KT_ENTRY_RIGHT] = { "in order", false },
        [KT_ENTRY_FIXABLE] = { "of another owner", false },
        [KT_ENTRY_LINK] = { "a symbolic link", false },
        [KT_ENTRY_SPECIAL] = { "a device, fifo or socket", false },
        [KT_ENTRY_HARD_LINK] = { "a file of another owner with a second name (hard link)", true },
        [KT_ENTRY_SET_ID] = { "a set-id file of another owner", true },
        [KT_ENTRY_OTHER_MOUNT] = { "another mount", true },
        [KT_ENTRY_TOO_DEEP] = { "nested deeper than Kafka ever does", true },
        [KT_ENTRY_UNREADABLE] = { "not readable", true },
};

mode_t kt_entry_mode(const struct stat *st)
{
        mode_t mode = st->st_mode & 07777;

        if (S_ISDIR(st->st_mode))
                return mode | 0700;
        if ((mode & 0600) == 0400) /* Kafka seals its snapshots with 0400 (org.apache.kafka.snapshot.Snapshots) */
                return mode;
        return mode | 0600;
}

enum kt_entry kt_entry_judge(const struct stat *st, const struct kt_owner *owner)
{
        bool is_regular = S_ISREG(st->st_mode);

        if (S_ISLNK(st->st_mode))
                return KT_ENTRY_LINK;
        if (!is_regular && !S_ISDIR(st->st_mode))
                return KT_ENTRY_SPECIAL;
        if (st->st_uid == owner->uid && st->st_gid == owner->gid && kt_entry_mode(st) == (st->st_mode & 07777))
                return KT_ENTRY_RIGHT;
        if (is_regular && st->st_nlink > 1)
                return KT_ENTRY_HARD_LINK;
        if (is_regular && st->st_mode & (S_ISUID | S_ISGID))
                return KT_ENTRY_SET_ID;
        return KT_ENTRY_FIXABLE;
}

const char *kt_entry_words(enum kt_entry entry)
{
        return rows[entry].words;
}

bool kt_entry_is_blocking(enum kt_entry entry)
{
        return rows[entry].is_blocking;
}
