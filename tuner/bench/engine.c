/* SPDX-License-Identifier: Apache-2.0 */
/* The coordinator: starts workers, cuts time into windows, ends the job. */
#include "tuner/bench/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/array.h"
#include "lib/base/auto.h"
#include "lib/text/num.h"
#include "tuner/bench/targets.h"
#include "tuner/bench/worker.h"

#define SECOND_NS INT64_C(1000000000)

enum {
        WORKERS_MAX = KT_FILES_MAX * 2 + 1, /* per volume: writers, readers and the one that syncs */
        LOOK_NS = 20000000,                 /* between looks whether all volumes have ended */
        LATE_SECONDS = 60,                  /* where the job does not say it */
        RAMP_FIRST = 2,                     /* windows with the first depth: one to settle, one that counts */
        DEPTH_LEAST = 4,                    /* fewer leave a throttled volume idle between two requests */
        LEAST_WINDOW_NS = 200000000,        /* what is shorter, at the very end, is no window */
};

static const double ramp_gain = 1.05;

struct kt_engine {
        struct kt_disk_volume *volumes; /* borrowed */
        struct kt_worker_volume *states;
        size_t count;
        struct kt_pool pool;
        struct kt_job job;         /* that runs: a request that is lost looks at it when its caller's is gone */
        struct kt_worker *workers; /* of it */
        size_t worker_count;
        int64_t begin_ns; /* of the run */
        unsigned depth;
        sigset_t signals;
        int signal;
};

/* One job while it runs. */
struct course {
        struct kt_engine *engine;
        const struct kt_job *job;
        kt_engine_watch *watch;
        void *context;
        int64_t begin_ns;
        int64_t window_ns; /* when the window began */
        size_t windows;
        unsigned depth; /* writers now */
        double before;  /* bytes per second with the depth before */
        bool is_ramping;
        uint64_t seen_write[KT_DISK_VOLUMES_MAX]; /* bytes up to the last window */
        uint64_t seen_read[KT_DISK_VOLUMES_MAX];
        uint64_t seen_ops[KT_DISK_VOLUMES_MAX];
        bool is_closed[KT_DISK_VOLUMES_MAX]; /* its last window is in */
};

static double seconds_of(int64_t ns)
{
        return (double)ns / (double)SECOND_NS;
}

/* ---- Setting up ---- */

/* A filesystem may take the flag and refuse the write: one page shows it. */
static int probe_direct(struct kt_engine *engine, struct kt_worker_volume *state)
{
        const int fd = state->sets[KT_SET_KEPT].items[0].fd;
        size_t slice;
        const unsigned char *data = kt_pool_take(&engine->pool, KT_POOL_PAGE, &slice);
        ssize_t n = pwrite(fd, data, KT_POOL_PAGE, 0);
        int r = n < 0 ? -errno : 0;

        kt_pool_release(&engine->pool, slice);
        if (r == -EINVAL && state->is_direct) {
                state->is_direct = false;
                return kt_files_switch(&state->sets[KT_SET_KEPT], false);
        }
        return r < 0 ? r : kt_files_empty(&state->sets[KT_SET_KEPT]);
}

static int open_volume(struct kt_engine *engine, size_t v, struct kt_err *e)
{
        struct kt_disk_volume *volume = &engine->volumes[v];
        struct kt_worker_volume *state = &engine->states[v];
        bool is_direct = false;
        int r = 0;

        state->dirfd = open(volume->target.resolved, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (state->dirfd < 0)
                return kt_err_set(e, -errno, "open %s", volume->target.path);

        state->is_direct = true;
        kt_files_sweep(state->dirfd);
        for (enum kt_engine_set set = 0; set < KT_SET_COUNT_ && r == 0; set++)
                r = kt_files_open(&state->sets[set], state->dirfd, KT_FILES_MAX, &state->is_direct);
        if (r == 0)
                r = probe_direct(engine, state);
        if (r == 0)
                state->sync_fd = kt_file_open_nameless(state->dirfd, &is_direct);
        if (r == 0 && state->sync_fd < 0)
                r = state->sync_fd;
        if (r < 0)
                return kt_err_set(e, r, "make a file in %s", volume->target.path);

        volume->target.is_direct = state->is_direct;
        return 0;
}

int kt_engine_new(struct kt_disk_volume *volumes, size_t count, struct kt_engine **ret, struct kt_err *e)
{
        struct kt_engine *engine = calloc(1, sizeof(*engine));
        int r = 0;

        if (engine)
                engine->states = calloc(count, sizeof(*engine->states));
        if (!engine || !engine->states) {
                free(engine);
                return kt_err_set(e, -ENOMEM, "set up %zu volumes", count);
        }

        engine->volumes = volumes;
        engine->count = count;
        engine->depth = 1;
        engine->begin_ns = kt_worker_now();
        for (size_t v = 0; v < count; v++)
                engine->states[v].dirfd = engine->states[v].sync_fd = -1;

        (void)sigemptyset(&engine->signals); /* these cannot fail with such arguments */
        (void)sigaddset(&engine->signals, SIGINT);
        (void)sigaddset(&engine->signals, SIGTERM);
        (void)sigaddset(&engine->signals, SIGHUP);
        (void)pthread_sigmask(SIG_BLOCK, &engine->signals, NULL);

        r = kt_pool_reserve(&engine->pool, KT_POOL_SLICES);
        if (r < 0)
                r = kt_err_set(e, r, "make data to write");
        for (size_t v = 0; v < count && r == 0; v++)
                r = open_volume(engine, v, e);
        if (r < 0) {
                kt_engine_free(engine);
                return r;
        }
        *ret = engine;
        return 0;
}

void kt_engine_free(struct kt_engine *engine)
{
        if (!engine)
                return;
        for (size_t v = 0; v < engine->count; v++) {
                struct kt_worker_volume *state = &engine->states[v];

                for (enum kt_engine_set set = 0; set < KT_SET_COUNT_; set++)
                        kt_files_done(&state->sets[set]);
                state->sync_fd = kt_close(state->sync_fd);
                state->dirfd = kt_close(state->dirfd);
        }
        kt_pool_done(&engine->pool);
        free(engine->states);
        free(engine->workers);
        free(engine);
}

/* ---- Workers ---- */

static bool takes_part(const struct course *course, size_t v)
{
        return course->job->shares[v].is_on && course->engine->volumes[v].error == 0;
}

static int add_worker(struct course *course, size_t v, enum kt_worker_kind kind)
{
        struct kt_engine *engine = course->engine;
        struct kt_worker *worker = &engine->workers[engine->worker_count];
        int r;

        *worker = (struct kt_worker){
                .kind = kind,
                .volume = &engine->states[v],
                .pool = &engine->pool,
                .job = course->job,
                .begin_ns = course->begin_ns,
        };
        r = kt_pool_reserve(&engine->pool, engine->worker_count + 1);
        if (r == 0 && kind == KT_WORKER_READ) {
                worker->buffer = mmap(NULL, KT_POOL_SLICE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (worker->buffer == MAP_FAILED) {
                        worker->buffer = NULL;
                        return -ENOMEM;
                }
        }
        if (r == 0)
                r = kt_worker_start(worker);
        if (r == 0)
                engine->worker_count++;
        else if (worker->buffer)
                (void)munmap(worker->buffer, KT_POOL_SLICE); /* our own, whole mapping */
        return r;
}

/* Until volume v has as many of the kind as are wanted. */
static int add_workers(struct course *course, size_t v, enum kt_worker_kind kind, unsigned from, unsigned to)
{
        int r = 0;

        for (unsigned i = from; i < to && r == 0; i++)
                r = add_worker(course, v, kind);
        return r;
}

static uint64_t room_on(const struct kt_worker_volume *state)
{
        struct statvfs space;
        uint64_t total;
        uint64_t free_bytes;
        uint64_t keep;

        if (fstatvfs(state->dirfd, &space) < 0)
                return 0;
        total = (uint64_t)space.f_blocks * space.f_frsize;
        free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
        keep = total / 100 * KT_TARGET_FREE_PERCENT;
        return free_bytes > keep ? free_bytes - keep : 0;
}

static int prepare_volume(struct course *course, size_t v)
{
        struct kt_worker_volume *state = &course->engine->states[v];
        const struct kt_job *job = course->job;
        const uint64_t limit = job->shares[v].byte_limit;
        const uint64_t room = room_on(state);
        bool direct = state->is_direct && !job->is_buffered;
        int r = 0;

        state->rate = job->shares[v].rate;
        state->byte_limit = limit < room ? limit : room;
        atomic_store(&state->stop, false);
        atomic_store(&state->is_full, false);
        atomic_store(&state->reserved, 0);
        atomic_store(&state->paced, 0);
        atomic_store(&state->write_bytes, 0);
        atomic_store(&state->read_bytes, 0);
        atomic_store(&state->ops, 0);
        atomic_store(&state->worst_ns, 0);
        atomic_store(&state->last_ns, course->begin_ns);
        atomic_store(&state->window_ns, course->begin_ns);
        atomic_store(&state->late_write_bytes, 0);
        atomic_store(&state->late_read_bytes, 0);
        if (job->writes && job->set == KT_SET_BESIDE)
                r = kt_files_empty(&state->sets[KT_SET_BESIDE]);
        for (enum kt_engine_set set = 0; set < KT_SET_COUNT_ && r == 0; set++)
                r = kt_files_switch(&state->sets[set], direct);
        return r;
}

static void begin_phase(struct course *course, size_t v)
{
        const struct kt_job *job = course->job;
        struct kt_disk_phase *phase = &course->engine->volumes[v].phases[job->phase];

        free(phase->windows);
        *phase = (struct kt_disk_phase){
                .id = job->phase,
                .begin_seconds = seconds_of(course->begin_ns - course->engine->begin_ns),
                .depth = job->depth,
                .files = KT_FILES_MAX,
                .block_bytes = job->writes ? job->write_block : job->read_block,
                .wanted_rate = job->shares[v].rate,
        };
}

static void give_up(struct course *course, size_t v, int code)
{
        struct kt_disk_volume *volume = &course->engine->volumes[v];
        char buf[128];

        volume->error = code;
        volume->phases[course->job->phase].end = KT_END_ERROR;
        (void)snprintf(volume->error_text, sizeof(volume->error_text), "prepare the files for \"%s\": %s",
                       kt_disk_phase_title(course->job->phase), strerror_r(-code, buf, sizeof(buf))); /* cut is fine */
}

static int start(struct course *course)
{
        const struct kt_job *job = course->job;
        int r = 0;

        for (size_t v = 0; v < course->engine->count; v++) {
                if (!takes_part(course, v))
                        continue;
                begin_phase(course, v);
                r = prepare_volume(course, v);
                if (r < 0)
                        give_up(course, v, r);
        }
        r = 0;
        course->begin_ns = course->window_ns = kt_worker_now();
        for (size_t v = 0; v < course->engine->count && r == 0; v++) {
                if (!takes_part(course, v))
                        continue;
                if (job->writes)
                        r = add_workers(course, v, KT_WORKER_WRITE, 0, job->depth);
                if (r == 0 && job->reads)
                        r = add_workers(course, v, KT_WORKER_READ, 0, job->is_buffered ? 1 : job->depth);
                if (r == 0 && job->syncs)
                        r = add_workers(course, v, KT_WORKER_SYNC, 0, 1);
        }
        return r;
}

static bool all_ended(const struct course *course)
{
        for (size_t v = 0; v < course->engine->count; v++)
                if (takes_part(course, v) && atomic_load(&course->engine->states[v].running) > 0)
                        return false;
        return true;
}

/* ---- Windows ---- */

/* Waits until a moment; sooner when all workers have ended or a signal came. */
static void wait_until(struct course *course, int64_t due)
{
        struct kt_engine *engine = course->engine;

        for (int64_t left = due - kt_worker_now(); left > 0; left = due - kt_worker_now()) {
                const int64_t step = left < LOOK_NS ? left : LOOK_NS;
                const struct timespec pause = { .tv_nsec = (long)step };
                int got = sigtimedwait(&engine->signals, NULL, &pause);

                if (got > 0)
                        engine->signal = got;
                if (engine->signal != 0 || all_ended(course))
                        return;
        }
}

static int keep_window(struct kt_disk_phase *phase, const struct kt_disk_window *window)
{
        int r = kt_array_reserve(&phase->windows, &phase->window_cap, phase->window_count + 1, sizeof(*window));

        if (r == 0)
                phase->windows[phase->window_count++] = *window;
        return r;
}

/* Gives the last window what ended after it and was under way in it; what it takes from the next one is counted as seen
 * already. Before the first window there is none, and nothing is late. */
static void settle_late(struct course *course, size_t v)
{
        struct kt_worker_volume *state = &course->engine->states[v];
        struct kt_disk_phase *phase = &course->engine->volumes[v].phases[course->job->phase];
        const uint64_t late_write = atomic_exchange(&state->late_write_bytes, 0);
        const uint64_t late_read = atomic_exchange(&state->late_read_bytes, 0);

        if (phase->window_count == 0)
                return;
        phase->windows[phase->window_count - 1].write_bytes += late_write;
        phase->windows[phase->window_count - 1].read_bytes += late_read;
        course->seen_write[v] += late_write;
        course->seen_read[v] += late_read;
}

/* Cuts the window of one volume. Of one that has ended it ends with its last request. */
static int cut_volume(struct course *course, size_t v, int64_t now)
{
        struct kt_engine *engine = course->engine;
        struct kt_worker_volume *state = &engine->states[v];
        struct kt_disk_phase *phase = &engine->volumes[v].phases[course->job->phase];
        const bool has_ended = atomic_load(&state->running) == 0;
        const int64_t end = has_ended ? atomic_load(&state->last_ns) : now;
        const uint64_t write_bytes = atomic_load(&state->write_bytes);
        const uint64_t read_bytes = atomic_load(&state->read_bytes);
        const uint64_t ops = atomic_load(&state->ops);
        const struct kt_disk_window window = {
                .begin_seconds = seconds_of(course->window_ns - engine->begin_ns),
                .seconds = seconds_of(end - course->window_ns),
                .write_bytes = write_bytes - course->seen_write[v],
                .read_bytes = read_bytes - course->seen_read[v],
                .ops = ops - course->seen_ops[v],
                .worst_ns = atomic_exchange(&state->worst_ns, 0),
                .is_ramp = course->is_ramping,
        };

        course->is_closed[v] = has_ended;
        course->seen_write[v] = write_bytes;
        course->seen_read[v] = read_bytes;
        course->seen_ops[v] = ops;
        if (end <= course->window_ns || (end - course->window_ns < LEAST_WINDOW_NS && phase->window_count > 0))
                return 0;
        return keep_window(phase, &window);
}

/* Others may be filling the volume, too. */
static void stop_full(struct course *course, size_t v)
{
        struct kt_worker_volume *state = &course->engine->states[v];

        if (course->job->writes && room_on(state) == 0) {
                atomic_store(&state->is_full, true);
                atomic_store(&state->stop, true);
        }
}

static int cut(struct course *course)
{
        const int64_t now = kt_worker_now();
        int r = 0;

        for (size_t v = 0; v < course->engine->count && r == 0; v++) {
                if (!takes_part(course, v) || course->is_closed[v])
                        continue;
                settle_late(course, v);
                r = cut_volume(course, v, now);
                atomic_store(&course->engine->states[v].window_ns, now);
                stop_full(course, v);
        }
        course->window_ns = now;
        course->windows++;
        return r;
}

/* ---- The ramp ---- */

static double last_rate(const struct course *course)
{
        double rate = 0;

        for (size_t v = 0; v < course->engine->count; v++) {
                const struct kt_disk_phase *phase = &course->engine->volumes[v].phases[course->job->phase];

                if (takes_part(course, v) && phase->window_count > 0) {
                        const struct kt_disk_window *last = &phase->windows[phase->window_count - 1];

                        rate += (double)last->write_bytes / last->seconds;
                }
        }
        return rate;
}

/* Doubles the depth as long as the last doubling gained 5 %; the depth that gained nothing more is kept, since it is
 * running already and hides the pauses between two requests. */
static int ramp(struct course *course)
{
        const double rate = last_rate(course);
        const unsigned from = course->depth;
        int r = 0;

        if (!course->is_ramping || course->windows < RAMP_FIRST)
                return 0;
        if (from == KT_FILES_MAX || (from >= DEPTH_LEAST && rate < course->before * ramp_gain)) {
                course->is_ramping = false;
                return 0;
        }

        course->before = rate;
        course->depth = from * 2;
        for (size_t v = 0; v < course->engine->count && r == 0; v++)
                if (takes_part(course, v) && atomic_load(&course->engine->states[v].running) > 0)
                        r = add_workers(course, v, KT_WORKER_WRITE, from, course->depth);
        return r;
}

/* ---- The end ---- */

static void stop_all(struct course *course)
{
        for (size_t v = 0; v < course->engine->count; v++)
                atomic_store(&course->engine->states[v].stop, true);
}

/* A request that never returns would keep us for ever: a dead network volume does that. False when there is one. */
static bool wait_for_all(const struct course *course)
{
        const struct timespec pause = { .tv_nsec = 1000000 };
        const int64_t deadline = kt_worker_now() + (int64_t)(course->job->late_seconds * (double)SECOND_NS);

        while (!all_ended(course)) {
                if (kt_worker_now() > deadline)
                        return false;
                (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL); /* shorter is fine: it is a loop */
        }
        return true;
}

static void summarise(const struct kt_histogram *from, struct kt_disk_latency *ret)
{
        *ret = (struct kt_disk_latency){
                .count = from->count,
                .least_ns = (int64_t)kt_histogram_min(from),
                .most_ns = (int64_t)kt_histogram_max(from),
                .mean_ns = kt_histogram_mean(from),
        };
        for (size_t q = 0; q < KT_DISK_QUANTILE_COUNT; q++)
                ret->quantile_ns[q] = (int64_t)kt_histogram_percentile(from, 100 * kt_disk_quantiles[q]);
}

/* Merges what the workers of one kind on one volume saw into the first of them. */
static void merge(struct course *course, size_t v, enum kt_worker_kind kind, struct kt_disk_latency *ret)
{
        struct kt_engine *engine = course->engine;
        struct kt_histogram *all = NULL;

        for (size_t w = 0; w < engine->worker_count; w++) {
                struct kt_worker *worker = &engine->workers[w];

                if (worker->volume != &engine->states[v] || worker->kind != kind)
                        continue;
                if (all)
                        kt_histogram_merge(all, &worker->histogram);
                else
                        all = &worker->histogram;
        }
        if (all)
                summarise(all, ret);
}

static void keep_error(struct kt_disk_volume *volume, const struct kt_worker_volume *state)
{
        static const char *const acts[KT_WORKER_KIND_COUNT_] = { "write", "read", "fdatasync" };
        char bytes[KT_NUM_TEXT_MAX];
        char buf[128];

        volume->error = atomic_load(&state->error);
        kt_num_format_decimal(volume->written_bytes, bytes);
        (void)snprintf(volume->error_text, sizeof(volume->error_text), "%s after %s were written: %s",
                       acts[atomic_load(&state->error_kind)], bytes,
                       strerror_r(-volume->error, buf, sizeof(buf))); /* cut is fine */
}

static void keep_loss(struct kt_disk_volume *volume, double seconds)
{
        char bytes[KT_NUM_TEXT_MAX];

        volume->error = -ETIMEDOUT;
        (void)snprintf(volume->error_text, sizeof(volume->error_text),
                       "a request has not returned for %.0f s, after %s were written", seconds,
                       kt_num_format_decimal(volume->written_bytes, bytes)); /* fits */
}

/* What a worker that is lost has seen is not looked at: it may come back at any moment. */
static void finish_volume(struct course *course, size_t v, int64_t now)
{
        struct kt_disk_volume *volume = &course->engine->volumes[v];
        const struct kt_worker_volume *state = &course->engine->states[v];
        struct kt_disk_phase *phase = &volume->phases[course->job->phase];
        const bool is_lost = atomic_load(&state->running) > 0;

        phase->seconds = seconds_of(now - course->begin_ns);
        phase->depth = course->depth;
        phase->write_bytes = atomic_load(&state->write_bytes);
        phase->read_bytes = atomic_load(&state->read_bytes);
        volume->written_bytes += phase->write_bytes;
        if (!is_lost) {
                merge(course, v, KT_WORKER_WRITE, &phase->write_latency);
                merge(course, v, KT_WORKER_READ, &phase->read_latency);
                merge(course, v, KT_WORKER_SYNC, &phase->sync_latency);
        }
        if (atomic_load(&state->error) != 0)
                keep_error(volume, state);
        else if (is_lost)
                keep_loss(volume, course->job->late_seconds);
        if (volume->error != 0)
                phase->end = KT_END_ERROR;
        else if (course->engine->signal != 0)
                phase->end = KT_END_SIGNAL;
        else if (atomic_load(&state->is_full))
                phase->end = KT_END_BYTES;
        else
                phase->end = KT_END_TIME;
}

static void drop_workers(struct kt_engine *engine)
{
        for (size_t w = 0; w < engine->worker_count; w++) {
                (void)pthread_join(engine->workers[w].thread, NULL); /* it has ended, and is joined once */
                if (engine->workers[w].buffer)
                        (void)munmap(engine->workers[w].buffer, KT_POOL_SLICE); /* our own, whole mapping */
        }
        engine->worker_count = 0;
        free(engine->workers);
        engine->workers = NULL;
}

static int run(struct course *course)
{
        int r = start(course);

        while (r == 0) {
                double seconds;

                wait_until(course, course->window_ns + SECOND_NS);
                r = cut(course);
                if (r == 0)
                        r = ramp(course);
                seconds = seconds_of(kt_worker_now() - course->begin_ns);
                if (course->watch && course->watch(course->context, course->job, seconds))
                        break;
                if (course->engine->signal != 0 || all_ended(course) || seconds + 0.5 > course->job->seconds)
                        break;
        }
        return r;
}

int kt_engine_run(struct kt_engine *engine, const struct kt_job *job, kt_engine_watch *watch, void *context,
                  struct kt_err *e)
{
        struct course course = {
                .engine = engine,
                .job = &engine->job,
                .watch = watch,
                .context = context,
                .begin_ns = kt_worker_now(),
                .depth = job->depth,
                .is_ramping = job->is_ramp,
        };
        bool is_lost;
        int64_t now;
        int r;

        engine->job = *job;
        if (engine->job.late_seconds <= 0)
                engine->job.late_seconds = LATE_SECONDS;
        engine->workers = calloc(engine->count * WORKERS_MAX, sizeof(*engine->workers));
        if (!engine->workers)
                return kt_err_set(e, -ENOMEM, "start %s", kt_disk_phase_title(job->phase));

        r = run(&course);
        now = kt_worker_now();
        stop_all(&course);
        is_lost = !wait_for_all(&course);
        for (size_t v = 0; v < engine->count; v++) {
                if (!takes_part(&course, v))
                        continue;
                settle_late(&course, v);
                finish_volume(&course, v, now);
        }
        if (is_lost)
                return kt_err_set(e, -ETIMEDOUT, "run %s", kt_disk_phase_title(job->phase));
        drop_workers(engine);
        if (job->is_ramp)
                engine->depth = course.depth;
        if (engine->signal != 0)
                return -EINTR;
        return r < 0 ? kt_err_set(e, r, "run %s", kt_disk_phase_title(job->phase)) : 0;
}

int kt_engine_rest(struct kt_engine *engine, double seconds)
{
        const int64_t due = kt_worker_now() + (int64_t)(seconds * (double)SECOND_NS);

        for (int64_t left = due - kt_worker_now(); left > 0; left = due - kt_worker_now()) {
                const struct timespec pause = { .tv_sec = left / SECOND_NS, .tv_nsec = (long)(left % SECOND_NS) };
                int got = sigtimedwait(&engine->signals, NULL, &pause);

                if (got > 0) {
                        engine->signal = got;
                        return -EINTR;
                }
        }
        return 0;
}

unsigned kt_engine_depth(const struct kt_engine *engine)
{
        return engine->depth;
}

double kt_engine_seconds(const struct kt_engine *engine)
{
        return seconds_of(kt_worker_now() - engine->begin_ns);
}

int kt_engine_signal(const struct kt_engine *engine)
{
        return engine->signal;
}
