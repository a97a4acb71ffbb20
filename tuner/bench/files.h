/* SPDX-License-Identifier: Apache-2.0 */
/* The files of one volume that are measured with. They have no name, so that nothing can be left behind. */
#ifndef KT_TUNER_BENCH_FILES_H
#define KT_TUNER_BENCH_FILES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"

enum {
        KT_FILES_MAX = 16, /* as many as requests in flight at most */
};

/* One file. Whoever set busy owns the rest until it is cleared. */
struct kt_file {
        int fd;
        atomic_flag busy;
        uint64_t size;    /* appended so far */
        uint64_t pending; /* of it not flushed: where O_DIRECT does not work */
        uint64_t read_at; /* where the next read goes on */
};

struct kt_files {
        struct kt_file items[KT_FILES_MAX];
        atomic_flag *busy_list[KT_FILES_MAX];
        size_t count;
        atomic_size_t turn;
};

/* Opens a nameless file in the folder for reading and writing: O_TMPFILE, or where the filesystem has none a file that
 * is unlinked at once. *is_direct says whether O_DIRECT is wanted, and after the call whether it was had. Returns the
 * descriptor or -errno. */
KT_MUST_CHECK int kt_file_open_nameless(int dirfd, bool *is_direct);

/* Removes the empty files that a run may have left that was killed between creating and unlinking. */
void kt_files_sweep(int dirfd);

/* Opens count files that are not open yet. 0 or -errno; what was opened stays so until kt_files_done. */
KT_MUST_CHECK int kt_files_open(struct kt_files *files, int dirfd, size_t count, bool *is_direct);
void kt_files_done(struct kt_files *files);

/* Empties all of them, so that what follows is written to fresh space; -errno. */
KT_MUST_CHECK int kt_files_empty(struct kt_files *files);

/* Past the page cache or through it from now on; what the cache holds of them is dropped. 0 or -errno. */
KT_MUST_CHECK int kt_files_switch(struct kt_files *files, bool is_direct);

#endif
