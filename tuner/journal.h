/* SPDX-License-Identifier: Apache-2.0 */
/* What was changed, so that it can be taken back: JSON lines, each one on the disk before what it announces happens. */
#ifndef KT_TUNER_JOURNAL_H
#define KT_TUNER_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/root.h"

#define KT_JOURNAL_PATH "/var/lib/k8skafka/journal"

enum {
        KT_JOURNAL_FILE_MAX = 16 << 20,
        KT_JOURNAL_LINE_MAX = 32 << 10, /* three values of a page each, escaped, and names */
        KT_JOURNAL_BOOT_MAX = 64,       /* a UUID of 36 characters */
};

/* How far a change has come. Each but the first is a line of its own in the file. */
enum kt_change_state {
        KT_CHANGE_INTENT,    /* announced; whether it was written only the kernel knows */
        KT_CHANGE_PROVING,   /* old and new value are written in turn; without a verdict the old one has to come back */
        KT_CHANGE_DONE,      /* written and read back */
        KT_CHANGE_VOID,      /* never came into force */
        KT_CHANGE_REVERTING, /* the old value is about to be written */
        KT_CHANGE_REVERTED,
        KT_CHANGE_FORGOTTEN, /* the machine was restarted, or the object is gone */
        KT_CHANGE_OVERTAKEN, /* somebody else changed it, and we changed that: only the newer change is taken back */
        KT_CHANGE_COUNT_
};

/* Texts are owned. */
struct kt_change {
        uint64_t seq;
        enum kt_change_state state;
        char *boot_id;
        char *id;       /* of the row */
        char *object;   /* as in reports */
        char *identity; /* as kt_tuner_facts_identify says */
        char *before;   /* the old value */
        char *wrote;
        char *now;        /* what read back; NULL as long as that is not known, which ends with KT_CHANGE_DONE */
        char *undo_id;    /* the row that is written to get the old value back: id itself, or its twin */
        char *undo_value; /* and with what */
        char *effect;     /* what a proof found: "better: +12 % ..."; NULL: it was not asked for */
        char *time;       /* UTC, ISO 8601 */
        uint64_t writer_pid;
};

/* Start with { .dir_fd = -1, .fd = -1 }. */
struct kt_journal {
        int dir_fd; /* holds the lock */
        int fd;
        char *path;
        char boot_id[KT_JOURNAL_BOOT_MAX];
        struct kt_change *items; /* by seq */
        size_t count;
        size_t cap;
        uint64_t next_seq;
};

/* Parses the text of a journal. A last line without its newline was torn by a crash and is left out; *ret_good is the
 * length of what counts. Any other line that is none is -EBADMSG with its number. Release with kt_journal_done. */
KT_MUST_CHECK int kt_journal_parse(const char *name, const char *text, size_t len, struct kt_journal *ret,
                                   size_t *ret_good, struct kt_err *e);

/* Locks the folder of path (NULL: KT_JOURNAL_PATH, with folders made), reads the journal, cuts a torn last line off.
 * Waits for another holder of the lock at most wait_ms: -EBUSY. Boot-id comes from root. */
KT_MUST_CHECK int kt_journal_open(const char *path, const struct kt_root *root, int wait_ms, struct kt_journal *ret,
                                  struct kt_err *e);
void kt_journal_done(struct kt_journal *journal);

/* True for the codes of kt_journal_open that keep values from being written, too: that is said row by row. */
bool kt_journal_is_refused(int code);

/* Announces a change: fills seq, boot-id, time and writer, appends and syncs. draft's texts are copied. */
KT_MUST_CHECK int kt_journal_begin(struct kt_journal *journal, const struct kt_change *draft, size_t *ret_index,
                                   struct kt_err *e);

/* Appends and syncs that the change has come to state; now (may be NULL) is the value that was read back. */
KT_MUST_CHECK int kt_journal_move(struct kt_journal *journal, size_t index, enum kt_change_state state, const char *now,
                                  struct kt_err *e);

/* As kt_journal_move, for the end of a proof: effect is kept with it. */
KT_MUST_CHECK int kt_journal_conclude(struct kt_journal *journal, size_t index, enum kt_change_state state,
                                      const char *now, const char *effect, struct kt_err *e);

/* True when the change is none: another write disturbs the value, which has to be old again at the end (guard.c). */
bool kt_change_is_guard(const struct kt_change *change);
/* True when there is something to take back or to find out. */
bool kt_change_is_open(const struct kt_change *change);
/* True when the change was made since the machine was started. */
bool kt_journal_is_of_this_boot(const struct kt_journal *journal, const struct kt_change *change);

#endif
