/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine's threads do. */
#include "tuner/bench/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tuner/bench/series.h"

#define SECOND_NS INT64_C(1000000000)

enum {
        /* Where O_DIRECT does not work bytes count when they were flushed. With more at a time a slow volume would show
         * seconds without a byte, and then all files' at once. */
        FLUSH_BYTES = 1 << 20,
        SYNC_BLOCK = 4096,        /* a record or two of the metadata log, a checkpoint; the load is the other writers */
        SYNC_CALIBRATIONS = 5,    /* before its pace is set */
        SYNC_LEAST_NS = 5000000,  /* no faster than 200 a second: the load is what is to be felt */
        SYNC_MOST_NS = 250000000, /* no slower than four */
        SYNC_SHARE = 10,          /* a tenth of the load at most: it is to be felt, not made */
        SLEEP_MOST_NS = 50000000, /* between looks at the stop flag */
};

int64_t kt_worker_now(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
        return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static bool is_over(const struct kt_worker *worker)
{
        return atomic_load_explicit(&worker->volume->stop, memory_order_relaxed);
}

/* False when the job ended first. */
static bool sleep_until(const struct kt_worker *worker, int64_t due)
{
        for (int64_t left = due - kt_worker_now(); left > 0; left = due - kt_worker_now()) {
                const int64_t step = left < SLEEP_MOST_NS ? left : SLEEP_MOST_NS;
                const struct timespec pause = { .tv_nsec = (long)step };

                if (is_over(worker))
                        return false;
                (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL); /* shorter is fine: it is a loop */
        }
        return !is_over(worker);
}

static void fail(struct kt_worker *worker, int code)
{
        int none = 0;

        if (atomic_compare_exchange_strong(&worker->volume->error, &none, code))
                atomic_store(&worker->volume->error_kind, (int)worker->kind);
        atomic_store(&worker->volume->stop, true);
}

static void raise_worst(struct kt_worker_volume *volume, int64_t latency)
{
        int64_t worst = atomic_load_explicit(&volume->worst_ns, memory_order_relaxed);

        while (latency > worst && !atomic_compare_exchange_weak_explicit(&volume->worst_ns, &worst, latency,
                                                                         memory_order_relaxed, memory_order_relaxed))
                ;
}

/* What of n bytes, moved from begin to end, belongs to the window before. A request that began even earlier was
 * stalled: that is to be seen, so that nothing is moved back. */
static uint64_t late_share(const struct kt_worker *worker, uint64_t n, int64_t begin, int64_t end)
{
        const int64_t boundary = atomic_load_explicit(&worker->volume->window_ns, memory_order_relaxed);

        if (begin >= boundary || begin < boundary - SECOND_NS || end <= boundary)
                return 0;
        return (uint64_t)((double)n * (double)(boundary - begin) / (double)(end - begin));
}

/* The bytes first: who reads them takes what is late first. */
static void count(struct kt_worker *worker, uint64_t n, int64_t begin, int64_t end)
{
        struct kt_worker_volume *volume = worker->volume;
        const bool is_read = worker->kind == KT_WORKER_READ;

        atomic_fetch_add(is_read ? &volume->read_bytes : &volume->write_bytes, n);
        atomic_fetch_add(is_read ? &volume->late_read_bytes : &volume->late_write_bytes,
                         late_share(worker, n, begin, end));
}

/* Counts one request that was due at `due` and has just ended. Returns when. */
static int64_t record(struct kt_worker *worker, int64_t due)
{
        const int64_t end = kt_worker_now();
        const int64_t latency = end > due ? end - due : 0;

        kt_histogram_record(&worker->histogram, (uint64_t)latency);
        raise_worst(worker->volume, latency);
        atomic_fetch_add_explicit(&worker->volume->ops, 1, memory_order_relaxed);
        atomic_store_explicit(&worker->volume->last_ns, end, memory_order_relaxed);
        return end;
}

/* ---- Writing ---- */

/* When the next request is due; false when there is none any more. Without a rate that is now, with one the middle of
 * the request's time: then what was written is on average neither ahead of the rate nor behind it. */
static bool next_due(struct kt_worker *worker, int64_t *ret_due)
{
        struct kt_worker_volume *volume = worker->volume;

        if (volume->rate > 0) {
                const uint64_t block = worker->job->write_block;
                uint64_t before = atomic_fetch_add_explicit(&volume->paced, block, memory_order_relaxed);
                double offset = ((double)before + (double)block / 2) / volume->rate;

                *ret_due = worker->begin_ns + (int64_t)(offset * (double)SECOND_NS);
                return sleep_until(worker, *ret_due);
        }
        *ret_due = kt_worker_now();
        return !is_over(worker);
}

static bool reserve(struct kt_worker *worker)
{
        struct kt_worker_volume *volume = worker->volume;
        const uint64_t block = worker->job->write_block;

        if (atomic_fetch_add_explicit(&volume->reserved, block, memory_order_relaxed) + block <= volume->byte_limit)
                return true;
        atomic_store(&volume->is_full, true);
        atomic_store(&volume->stop, true); /* readers beside it, too: without writes they would measure another thing */
        return false;
}

/* Without O_DIRECT only what was flushed counts; write-out of each request starts at once so that the flush has little
 * left to do. Returns the bytes that count now, or -errno. */
static int64_t flush(struct kt_file *file, uint64_t offset, uint64_t n)
{
        file->pending += n;
        if (sync_file_range(file->fd, (off_t)offset, (off_t)n, SYNC_FILE_RANGE_WRITE) < 0 && errno != ESPIPE &&
            errno != ENOSYS && errno != EOPNOTSUPP)
                return -errno;
        if (file->pending < FLUSH_BYTES)
                return 0;
        if (fdatasync(file->fd) < 0)
                return -errno;

        n = file->pending;
        file->pending = 0;
        return (int64_t)n;
}

/* Appends one block. Returns the bytes that count, or -errno. A short write is followed by the reason for it. */
static int64_t append(struct kt_worker *worker, struct kt_file *file, const unsigned char *data)
{
        const uint64_t block = worker->job->write_block;
        const uint64_t offset = file->size;
        ssize_t n = pwrite(file->fd, data, block, (off_t)offset);

        if (n < 0)
                return errno == EINTR ? 0 : -errno;
        if ((uint64_t)n < block)
                n -= n % KT_POOL_PAGE; /* the next one has to be aligned again */
        if (n == 0)
                return -ENOSPC;

        file->size += (uint64_t)n;
        if (worker->volume->is_direct || worker->job->is_buffered)
                return n;
        return flush(file, offset, (uint64_t)n);
}

static void write_blocks(struct kt_worker *worker)
{
        struct kt_worker_volume *volume = worker->volume;
        struct kt_files *files = &volume->sets[worker->job->set];
        int64_t due;

        while (next_due(worker, &due) && reserve(worker)) {
                size_t slice;
                const unsigned char *data = kt_pool_take(worker->pool, worker->job->write_block, &slice);
                size_t at = kt_claim(files->busy_list, files->count, &files->turn);
                int64_t begin = kt_worker_now();
                /* How long a buffered writer is blocked is asked, not how late it is: that grows without end. */
                int64_t from = worker->job->is_buffered ? begin : due;
                int64_t n = append(worker, &files->items[at], data);

                atomic_flag_clear_explicit(&files->items[at].busy, memory_order_release);
                kt_pool_release(worker->pool, slice);
                if (n < 0) {
                        fail(worker, (int)n);
                        return;
                }
                count(worker, (uint64_t)n, begin, record(worker, from));
        }
}

/* ---- Reading ---- */

/* Reads on where the last read of the file ended; at its end from the start again. Returns bytes or -errno. */
static int64_t read_on(struct kt_worker *worker, struct kt_file *file)
{
        const uint64_t wanted = worker->job->read_block;
        const uint64_t block = wanted < file->size ? wanted : file->size;
        ssize_t n;

        if (file->read_at + block > file->size)
                file->read_at = 0;
        n = pread(file->fd, worker->buffer, block, (off_t)file->read_at);
        if (n < 0)
                return errno == EINTR ? 0 : -errno;
        if (n == 0)
                return -EIO; /* it was written: it has to be there */

        file->read_at += (uint64_t)n;
        return n;
}

/* Of several files turn by turn; a single stream reads one file to its end before the next, as a consumer does. */
static struct kt_file *claim_for_reading(struct kt_worker *worker, struct kt_file *current)
{
        struct kt_files *files = &worker->volume->sets[KT_SET_KEPT];

        if (worker->job->is_buffered && current && current->read_at + worker->job->read_block <= current->size) {
                if (!atomic_flag_test_and_set_explicit(&current->busy, memory_order_acquire))
                        return current;
        }
        for (;;) {
                struct kt_file *file = &files->items[kt_claim(files->busy_list, files->count, &files->turn)];

                if (file->size > 0)
                        return file;
                atomic_flag_clear_explicit(&file->busy, memory_order_release);
                if (is_over(worker))
                        return NULL;
        }
}

/* Nobody writes to them meanwhile. */
static bool has_data(const struct kt_files *files)
{
        for (size_t i = 0; i < files->count; i++)
                if (files->items[i].size > 0)
                        return true;
        return false;
}

static void read_blocks(struct kt_worker *worker)
{
        struct kt_file *file = NULL;

        if (!has_data(&worker->volume->sets[KT_SET_KEPT]))
                return;
        while (!is_over(worker)) {
                int64_t begin;
                int64_t n;

                file = claim_for_reading(worker, file);
                if (!file)
                        return;
                begin = kt_worker_now();
                n = read_on(worker, file);
                atomic_flag_clear_explicit(&file->busy, memory_order_release);
                if (n < 0) {
                        fail(worker, (int)n);
                        return;
                }
                count(worker, (uint64_t)n, begin, record(worker, begin));
        }
}

/* ---- fdatasync ---- */

/* Its bytes are part of the load: they take their turn from the other writers. */
static int sync_once(struct kt_worker *worker)
{
        struct kt_worker_volume *volume = worker->volume;
        size_t slice;
        const unsigned char *data = kt_pool_take(worker->pool, SYNC_BLOCK, &slice);
        ssize_t n = pwrite(volume->sync_fd, data, SYNC_BLOCK, (off_t)volume->sync_size);
        int r = n < 0 ? -errno : 0;

        atomic_fetch_add_explicit(&volume->paced, SYNC_BLOCK, memory_order_relaxed);
        kt_pool_release(worker->pool, slice);
        if (r == 0 && fdatasync(volume->sync_fd) < 0)
                r = -errno;
        if (r == 0) {
                volume->sync_size += (uint64_t)n;
                atomic_fetch_add_explicit(&volume->write_bytes, (uint64_t)n, memory_order_relaxed);
        }
        return r;
}

/* Four times what it takes leaves room for the slow ones: from the moment each was due, not from when it began, is
 * counted, and a pace that cannot be kept would measure only itself. */
static int64_t find_pace(struct kt_worker *worker)
{
        double taken[SYNC_CALIBRATIONS];
        double pace = SYNC_LEAST_NS;

        for (size_t i = 0; i < KT_COUNT(taken); i++) {
                int64_t begin = kt_worker_now();
                int r = sync_once(worker);

                if (r < 0) {
                        fail(worker, r);
                        return 0;
                }
                taken[i] = (double)(kt_worker_now() - begin);
        }
        pace = fmax(pace, 4 * kt_median(taken, KT_COUNT(taken)));
        if (worker->volume->rate > 0)
                pace = fmax(pace, (double)SYNC_BLOCK * SYNC_SHARE / worker->volume->rate * (double)SECOND_NS);
        return (int64_t)fmin(pace, SYNC_MOST_NS);
}

static void sync_blocks(struct kt_worker *worker)
{
        int64_t pace = find_pace(worker);
        int64_t due = kt_worker_now();

        while (pace > 0 && sleep_until(worker, due)) {
                int r = sync_once(worker);

                if (r < 0) {
                        fail(worker, r);
                        return;
                }
                (void)record(worker, due); /* its bytes are counted already */
                due += pace;
        }
}

/* ---- The thread ---- */

static void *work(void *opaque)
{
        static void (*const kinds[KT_WORKER_KIND_COUNT_])(struct kt_worker * worker) = { write_blocks, read_blocks,
                                                                                         sync_blocks };
        struct kt_worker *worker = opaque;

        kinds[worker->kind](worker);
        atomic_fetch_sub(&worker->volume->running, 1);
        return NULL;
}

int kt_worker_start(struct kt_worker *worker)
{
        sigset_t all;
        sigset_t old;
        int r;

        (void)sigfillset(&all);                         /* cannot fail */
        (void)pthread_sigmask(SIG_SETMASK, &all, &old); /* cannot fail with these arguments */
        atomic_fetch_add(&worker->volume->running, 1);
        r = pthread_create(&worker->thread, NULL, work, worker);
        if (r != 0)
                atomic_fetch_sub(&worker->volume->running, 1);
        (void)pthread_sigmask(SIG_SETMASK, &old, NULL); /* as above */
        return -r;
}
