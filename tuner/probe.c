/* SPDX-License-Identifier: Apache-2.0 */
/* Kafka-shaped probes. Each of them opens its file anew for each measurement: a file keeps the read-ahead that its disk
 * had when it was opened (mm/readahead.c, file_ra_state_init). */
#include "tuner/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "lib/os/fs.h"

enum {
        READ_PIECE = 64 << 10,     /* sendfile(2) hands a consumer that much at a time: the size of a pipe */
        WRITE_PIECE = 16 << 10,    /* a batch of a producer (batch.size) */
        READ_MAX = 256 << 20,      /* as much of a segment as a quick disk reads in a tenth of a second */
        READ_MIN = 8 << 20,        /* less than some read-aheads would be no sequence */
        FLUSH_READ_MAX = 16 << 20, /* a read that ends before the flush does */
        WRITE_BYTES = 32 << 20,    /* each pass writes that much: all of a proof together 0.7 GB, on a quick disk 3 */
        FREE_SHARE = 16,           /* the probe may take that part of what is free */
        READ_PASSES = 16,          /* of a quick disk: one pass is over before the machine has settled */
        WRITE_PASSES = 4,
        BUFFER = READ_PIECE,
        WINDOW = 1 << 20, /* what is looked at to learn whether a file is in memory */
        PAGE_MIN = 4096,
};

/* A measurement takes at least so long, unless that needs more passes than the kind may have. */
static const double seconds_min = 0.2;

static double now(void)
{
        struct timespec ts = { 0 };

        (void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail: the clock exists on every Linux */
        return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- Files ---- */

/* Bytes that neither compress nor repeat: some disks and hypervisors would save themselves the work (xorshift64). */
static void fill_buffer(void *buffer, uint64_t *seed)
{
        uint64_t *words = buffer;

        for (size_t i = 0; i < BUFFER / sizeof(*words); i++) {
                *seed ^= *seed << 13;
                *seed ^= *seed >> 7;
                *seed ^= *seed << 17;
                words[i] = *seed;
        }
}

static int fill_file(struct kt_probe *probe)
{
        uint64_t seed = 0x9e3779b97f4a7c15;

        fill_buffer(probe->buffer, &seed); /* for probes that only append */
        for (uint64_t at = 0; at < probe->size_bytes; at += BUFFER) {
                int r;

                fill_buffer(probe->buffer, &seed);
                r = kt_fs_write_all(probe->fds[0], probe->buffer, BUFFER);
                if (r < 0)
                        return r;
        }
        return fsync(probe->fds[0]) < 0 ? -errno : 0;
}

/* The same file with a read-ahead of its own. The owner may do that without any capability. */
static int reopen(int fd)
{
        char path[64];
        int again;

        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* fits */
        again = open(path, O_RDONLY | O_CLOEXEC);
        return again < 0 ? -errno : again;
}

/* How many pages of the window in the middle are in memory. Looking with RWF_NOWAIT would start a read-ahead, which a
 * quick device has done before the look is over. */
static int count_resident(int fd, uint64_t size)
{
        const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
        const size_t pages = WINDOW / page;
        unsigned char resident[WINDOW / PAGE_MIN] = { 0 };
        void *window = mmap(NULL, WINDOW, PROT_READ, MAP_SHARED, fd, (off_t)(size / 2 / WINDOW * WINDOW));
        int count = 0;
        int r;

        if (window == MAP_FAILED)
                return -errno;
        r = mincore(window, WINDOW, resident) < 0 ? -errno : 0;
        for (size_t i = 0; i < pages; i++)
                count += resident[i] & 1;
        (void)munmap(window, WINDOW); /* cannot fail: it was mapped so */
        return r < 0 ? r : count;
}

/* posix_fadvise(2) is only advice: on tmpfs, for one, all pages stay. Some that are on their way to a list may. */
static int make_cold(int fd, uint64_t size)
{
        const int pages = (int)(WINDOW / sysconf(_SC_PAGESIZE));
        int resident;
        int r;

        r = posix_fadvise(fd, 0, (off_t)size, POSIX_FADV_DONTNEED);
        if (r != 0)
                return -r;
        resident = count_resident(fd, size);
        if (resident < 0)
                return resident;
        return resident > pages / 2 ? -EOPNOTSUPP : 0;
}

/* ---- Measuring ---- */

static int read_through(int fd, void *buffer, uint64_t size)
{
        uint64_t total = 0;

        while (total < size) {
                ssize_t n = read(fd, buffer, READ_PIECE);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EIO; /* it was that long when it was made */
                total += (uint64_t)n;
        }
        return 0;
}

/* A consumer that catches up. */
static int measure_cold_read(struct kt_probe *probe, double *ret_seconds, uint64_t *ret_bytes)
{
        KT_AUTO_FD int fd = -1;
        double start;
        int r;

        r = make_cold(probe->fds[0], probe->size_bytes);
        if (r < 0)
                return r;
        fd = reopen(probe->fds[0]);
        if (fd < 0)
                return fd;

        start = now();
        r = read_through(fd, probe->buffer, probe->size_bytes);
        *ret_seconds = now() - start;
        *ret_bytes = probe->size_bytes;
        return r;
}

static int append_in_turn(struct kt_probe *probe, size_t first)
{
        for (size_t i = first; i < probe->files; i++)
                if (ftruncate(probe->fds[i], 0) < 0 || lseek(probe->fds[i], 0, SEEK_SET) < 0)
                        return -errno;
        for (uint64_t written = 0; written < WRITE_BYTES; written += WRITE_PIECE) {
                size_t file = first + (written / WRITE_PIECE) % (probe->files - first);
                int r = kt_fs_write_all(probe->fds[file], probe->buffer, WRITE_PIECE);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Producers, and the flush behind them. */
static int measure_append(struct kt_probe *probe, double *ret_seconds, uint64_t *ret_bytes)
{
        double start = now();
        int r;

        r = append_in_turn(probe, 0);
        for (size_t i = 0; r == 0 && i < probe->files; i++)
                r = fdatasync(probe->fds[i]) < 0 ? -errno : 0;
        *ret_seconds = now() - start;
        *ret_bytes = WRITE_BYTES;
        return r;
}

/* A consumer that catches up while what producers wrote is flushed. */
static int measure_read_in_flush(struct kt_probe *probe, double *ret_seconds, uint64_t *ret_bytes)
{
        int r;

        r = append_in_turn(probe, 1);
        for (size_t i = 1; r == 0 && i < probe->files; i++)
                r = sync_file_range(probe->fds[i], 0, 0, SYNC_FILE_RANGE_WRITE) < 0 ? -errno : 0;
        if (r == 0)
                r = measure_cold_read(probe, ret_seconds, ret_bytes);
        for (size_t i = 1; r == 0 && i < probe->files; i++)
                r = fdatasync(probe->fds[i]) < 0 ? -errno : 0; /* the next one starts with nothing left of this */
        return r;
}

/* One row for each kind: how many files, how much of the first one is there to be read. */
static const struct {
        const char *about;
        int (*measure)(struct kt_probe *probe, double *ret_seconds, uint64_t *ret_bytes);
        size_t files;
        uint64_t read_max;
        uint64_t write_bytes;
        int passes;
} kinds[KT_ROW_PROBE_COUNT_] = {
        [KT_ROW_PROBE_COLD_READ] = { "one reader, front to back, of a file that is not in memory", measure_cold_read, 1,
                                     READ_MAX, 0, READ_PASSES },
        [KT_ROW_PROBE_APPEND] = { "appending to eight files in turn, and flushing them", measure_append, KT_PROBE_FILES,
                                  0, WRITE_BYTES, WRITE_PASSES },
        [KT_ROW_PROBE_READ_IN_FLUSH] = { "one reader of a file that is not in memory, while seven others are flushed",
                                         measure_read_in_flush, KT_PROBE_FILES, FLUSH_READ_MAX, WRITE_BYTES,
                                         WRITE_PASSES },
};

const char *kt_probe_about(enum kt_row_probe kind)
{
        return kinds[kind].about;
}

int kt_probe_measure(struct kt_probe *probe, double *ret, struct kt_err *e)
{
        double total_seconds = 0;
        uint64_t total_bytes = 0;
        int r = 0;

        for (int pass = 0; r == 0 && pass < kinds[probe->kind].passes && total_seconds < seconds_min; pass++) {
                double seconds = 0;
                uint64_t bytes = 0;

                r = kinds[probe->kind].measure(probe, &seconds, &bytes);
                total_seconds += seconds;
                total_bytes += bytes;
        }
        if (r == -EOPNOTSUPP)
                return kt_err_set(e, r, "this filesystem keeps files in memory whatever is asked of it");
        if (r < 0)
                return kt_err_set(e, r, "measure %s", kinds[probe->kind].about);
        if (!(total_seconds > 0))
                return kt_err_set(e, -ERANGE, "the clock did not move while %s", kinds[probe->kind].about);

        *ret = (double)total_bytes / total_seconds;
        return 0;
}

/* ---- Opening ---- */

static int plan_size(int folder_fd, const char *folder, struct kt_probe *probe, struct kt_err *e)
{
        const uint64_t read_max = kinds[probe->kind].read_max;
        const uint64_t least = (read_max > 0 ? READ_MIN : 0) + kinds[probe->kind].write_bytes;
        struct statvfs volume;
        uint64_t share;

        if (fstatvfs(folder_fd, &volume) < 0)
                return kt_err_set(e, -errno, "ask how much is free on %s", folder);
        share = (uint64_t)volume.f_bavail * volume.f_frsize / FREE_SHARE;
        if (share < least)
                return kt_err_set(e, -ENOSPC, "a probe takes a sixteenth of what is free on %s, and needs %u MiB of it",
                                  folder, (unsigned)(least >> 20));

        share -= kinds[probe->kind].write_bytes;
        probe->size_bytes = (share < read_max ? share : read_max) / BUFFER * BUFFER;
        return 0;
}

int kt_probe_open(enum kt_row_probe kind, const char *folder, struct kt_probe *ret, struct kt_err *e)
{
        KT_AUTO_FD int folder_fd = -1;
        int r;

        if (!kinds[kind].measure)
                return kt_err_set(e, -EOPNOTSUPP, "there is no such probe");
        folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder_fd < 0)
                return kt_err_set(e, -errno, "open the folder %s", folder);

        ret->kind = kind;
        r = plan_size(folder_fd, folder, ret, e);
        if (r < 0)
                return r;
        ret->buffer = calloc(1, BUFFER);
        if (!ret->buffer)
                return kt_err_set(e, -ENOMEM, "measure %s", folder);
        for (; ret->files < kinds[kind].files; ret->files++) {
                ret->fds[ret->files] = openat(folder_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
                if (ret->fds[ret->files] < 0)
                        return kt_err_set(e, -errno, "make a file without a name on %s", folder);
        }

        r = fill_file(ret);
        if (r == 0 && ret->size_bytes > 0)
                r = make_cold(ret->fds[0], ret->size_bytes);
        if (r == -EOPNOTSUPP)
                return kt_err_set(e, r, "the filesystem of %s keeps files in memory: nothing there is read cold",
                                  folder);
        return r < 0 ? kt_err_set(e, r, "fill a file on %s", folder) : 0;
}

void kt_probe_done(struct kt_probe *probe)
{
        for (size_t i = 0; i < KT_PROBE_FILES; i++)
                probe->fds[i] = kt_close(probe->fds[i]);
        free(probe->buffer);
        *probe = (struct kt_probe)KT_PROBE_CLOSED;
}
