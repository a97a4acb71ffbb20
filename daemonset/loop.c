/* SPDX-License-Identifier: Apache-2.0 */
/* The loop. Each source is a row: its descriptor, the events that count, and what is done then. */
#include "daemonset/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "daemonset/document.h"
#include "daemonset/gauge.h"
#include "daemonset/log.h"
#include "daemonset/metrics.h"
#include "daemonset/uevent.h"
#include "lib/app/exit.h"
#include "lib/app/report.h"

enum {
        TICK_S = 1,
        TICK_MIN_MS = 200,       /* hints that come thick make no more rounds than that */
        SLACK_NS = 50 * 1000000, /* timers may be that late: the processor wakes up for several things at once */
        ONCE_WAIT_MS = 10 * 1000,
        EVENTS_MAX = 4096,
};

enum source { SIGNALS, TIMER, UEVENTS, MOUNTS, CONFIG, KUBE, METRICS, SOURCE_COUNT };

struct loop {
        const struct kt_loop_options *options;
        struct kt_agent *agent;
        struct kt_gauge *gauge;
        struct kt_metrics_server *server;
        int fds[SOURCE_COUNT]; /* -1: there is none; those of KUBE and METRICS are borrowed */
        bool is_due;           /* a round */
        bool is_over;
        int64_t ticked_ms;
};

static int64_t now_ms(void)
{
        struct timespec now = { 0 };

        (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- What is done ---- */

static int on_signal(struct loop *loop, struct kt_err *e)
{
        struct signalfd_siginfo info;

        (void)e; /* no signal is an error */
        while (read(loop->fds[SIGNALS], &info, sizeof(info)) == (ssize_t)sizeof(info)) {
                if (info.ssi_signo == SIGHUP) {
                        kt_agent_hint_config(loop->agent);
                        loop->is_due = true;
                        continue;
                }
                kt_log(KT_LEVEL_NOTE, "signal %u: ends, and leaves the node as it is", info.ssi_signo);
                loop->is_over = true;
        }
        return 0;
}

static int on_timer(struct loop *loop, struct kt_err *e)
{
        uint64_t expired = 0;

        (void)e; /* the descriptor is readable */
        if (read(loop->fds[TIMER], &expired, sizeof(expired)) == (ssize_t)sizeof(expired))
                loop->is_due = true;
        return 0;
}

static int on_uevent(struct loop *loop, struct kt_err *e)
{
        struct kt_uevent event = { 0 };
        int r;

        for (r = kt_uevent_read(loop->fds[UEVENTS], &event); r == 1; r = kt_uevent_read(loop->fds[UEVENTS], &event)) {
                if (!kt_uevent_is_disk(&event))
                        continue;
                kt_agent_hint_disk(loop->agent, event.name);
                loop->is_due = true;
        }
        if (r == -ENOBUFS) { /* some were lost: any disk may be another one */
                kt_agent_hint_disk(loop->agent, NULL);
                loop->is_due = true;
                return 0;
        }
        return r < 0 ? kt_err_set(e, r, "read uevents") : 0;
}

static int on_mounts(struct loop *loop, struct kt_err *e)
{
        (void)e; /* poll(2) has told it all, proc(5) */
        kt_agent_hint_mounts(loop->agent);
        loop->is_due = true;
        return 0;
}

static int on_config(struct loop *loop, struct kt_err *e)
{
        char events[EVENTS_MAX];

        (void)e; /* whatever it was, the file is read again */
        while (read(loop->fds[CONFIG], events, sizeof(events)) > 0)
                ;
        kt_agent_hint_config(loop->agent);
        loop->is_due = true;
        return 0;
}

/* kt_agent_step is called after each poll anyway. */
static int on_kube(struct loop *loop, struct kt_err *e)
{
        (void)loop;
        (void)e; /* nothing is done here */
        return 0;
}

static int on_metrics(struct loop *loop, struct kt_err *e)
{
        return kt_metrics_server_step(loop->server, now_ms(), e);
}

/* ---- Opening ---- */

static int open_signals(const struct loop *loop, struct kt_err *e)
{
        sigset_t set;
        int fd;

        (void)loop; /* the same for all */
        if (sigemptyset(&set) < 0 || sigaddset(&set, SIGTERM) < 0 || sigaddset(&set, SIGINT) < 0 ||
            sigaddset(&set, SIGHUP) < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return kt_err_set(e, -errno, "block signals");
        fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return fd < 0 ? kt_err_set(e, -errno, "receive signals") : fd;
}

static int open_timer(const struct loop *loop, struct kt_err *e)
{
        const struct itimerspec each = { .it_interval.tv_sec = TICK_S, .it_value.tv_sec = TICK_S };
        KT_AUTO_FD int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

        (void)loop; /* the same for all */
        if (fd < 0 || timerfd_settime(fd, 0, &each, NULL) < 0)
                return kt_err_set(e, -errno, "set a timer");
        return kt_take_fd(&fd);
}

/* Without uevents a disk is noticed when mountinfo changes, or a minute later. */
static int open_uevents(const struct loop *loop, struct kt_err *e)
{
        char buf[KT_ERR_TEXT_MAX];
        struct kt_err why = { 0 };
        int fd = kt_uevent_open(&why);

        (void)loop; /* the same for all */
        (void)e;    /* it goes on without */
        if (fd < 0)
                kt_log(KT_LEVEL_WARNING, "%s", kt_err_text(&why, buf, sizeof(buf)));
        return fd < 0 ? -1 : fd;
}

static int open_mounts(const struct loop *loop, struct kt_err *e)
{
        int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

        (void)loop; /* the same for all */
        return fd < 0 ? kt_err_set(e, -errno, "open /proc/self/mountinfo") : fd;
}

/* The folder: a ConfigMap's volume swaps its link ..data (kubelet, AtomicWriter), an editor renames. Without the folder
 * there is no kafka.yaml either; SIGHUP looks again. */
static int open_config(const struct loop *loop, struct kt_err *e)
{
        const char *path = loop->options->agent.config ? loop->options->agent.config : KT_SPEC_PATH;
        KT_AUTO_FD int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        char folder[PATH_MAX];
        int n = snprintf(folder, sizeof(folder), "%s", path);

        if (fd < 0)
                return kt_err_set(e, -errno, "watch %s", path);
        if (n < 0 || (size_t)n >= sizeof(folder))
                return kt_err_set(e, -ENAMETOOLONG, "watch %s", path);
        if (inotify_add_watch(fd, dirname(folder),
                              IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM) < 0)
                kt_log(KT_LEVEL_NOTE, "the folder of %s is not there", path);
        return kt_take_fd(&fd);
}

static int borrow_kube(const struct loop *loop, struct kt_err *e)
{
        (void)e; /* none is fine */
        return kt_agent_fd(loop->agent);
}

static int borrow_metrics(const struct loop *loop, struct kt_err *e)
{
        (void)e; /* none is fine */
        return loop->server ? kt_metrics_server_fd(loop->server) : -1;
}

static const struct {
        int (*open)(const struct loop *loop, struct kt_err *e); /* -1: there is none; other negative: -errno in e */
        int (*act)(struct loop *loop, struct kt_err *e);
        short events;
        bool is_borrowed;
} sources[SOURCE_COUNT] = {
        [SIGNALS] = { open_signals, on_signal, POLLIN, false },   [TIMER] = { open_timer, on_timer, POLLIN, false },
        [UEVENTS] = { open_uevents, on_uevent, POLLIN, false },   [MOUNTS] = { open_mounts, on_mounts, POLLPRI, false },
        [CONFIG] = { open_config, on_config, POLLIN, false },     [KUBE] = { borrow_kube, on_kube, POLLIN, true },
        [METRICS] = { borrow_metrics, on_metrics, POLLIN, true },
};

static int open_sources(struct loop *loop, struct kt_err *e)
{
        for (size_t i = 0; i < SOURCE_COUNT; i++) {
                loop->fds[i] = sources[i].open(loop, e);
                if (e->code < 0)
                        return e->code;
        }
        return 0;
}

static void loop_done(struct loop *loop)
{
        if (loop->server)
                kt_metrics_server_free(loop->server);
        kt_gauge_free(loop->gauge);
        kt_agent_free(loop->agent);
        for (size_t i = 0; i < SOURCE_COUNT; i++)
                if (!sources[i].is_borrowed)
                        loop->fds[i] = kt_close(loop->fds[i]);
}

/* ---- Running ---- */

static int64_t sooner(int64_t left, int64_t right)
{
        if (left < 0 || right < 0)
                return left < 0 ? right : left;
        return left < right ? left : right;
}

static int wait_for_something(struct loop *loop, struct kt_err *e)
{
        struct pollfd fds[SOURCE_COUNT] = { 0 };
        int64_t wait_ms = kt_agent_wait_ms(loop->agent);
        int n;

        if (loop->server)
                wait_ms = sooner(wait_ms, kt_metrics_server_wait_ms(loop->server, now_ms()));
        for (size_t i = 0; i < SOURCE_COUNT; i++)
                fds[i] = (struct pollfd){ .fd = loop->fds[i], .events = sources[i].events };
        n = poll(fds, SOURCE_COUNT, wait_ms > INT_MAX ? INT_MAX : (int)wait_ms);
        if (n < 0 && errno != EINTR)
                return kt_err_set(e, -errno, "wait");
        for (size_t i = 0; n > 0 && i < SOURCE_COUNT; i++) {
                int r = fds[i].revents != 0 ? sources[i].act(loop, e) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

static int turn(struct loop *loop, struct kt_err *e)
{
        int r;

        r = wait_for_something(loop, e);
        if (r == 0 && loop->server)
                r = kt_metrics_server_step(loop->server, now_ms(), e);
        if (r == 0)
                r = kt_agent_step(loop->agent, e);
        if (r < 0 || !loop->is_due || now_ms() - loop->ticked_ms < TICK_MIN_MS)
                return r; /* the timer comes soon enough */

        loop->is_due = false;
        loop->ticked_ms = now_ms();
        return kt_agent_tick(loop->agent, e);
}

static int start(struct loop *loop, struct kt_err *e)
{
        const struct kt_loop_options *options = loop->options;
        int r;

        (void)prctl(PR_SET_TIMERSLACK, SLACK_NS, 0, 0, 0); /* saves wake-ups where it works */
        r = kt_agent_new(&options->agent, &loop->agent, e);
        if (r < 0)
                return r;
        loop->gauge = kt_gauge_new(loop->agent, options->version);
        if (!loop->gauge)
                return kt_err_set(e, -ENOMEM, "keep metrics");
        if (options->metrics && !options->once) {
                const struct kt_metrics_source source = kt_gauge_source(loop->gauge);

                r = kt_metrics_server_new(options->metrics, &source, &loop->server, e);
                if (r < 0)
                        return r;
                kt_log(KT_LEVEL_NOTE, "metrics on port %u", kt_metrics_server_port(loop->server));
        }
        r = open_sources(loop, e);
        return r < 0 ? r : kt_agent_tick(loop->agent, e);
}

/* ---- Once ---- */

static void show_rows(const struct kt_node_state *state, struct kt_str *out)
{
        for (size_t i = 0; i < state->row_count; i++) {
                const struct kt_node_row *row = &state->rows[i];

                kt_str_addf(out, "%-12s %-32s %-20s %s\n", kt_state_name(row->state), row->object,
                            row->have ? row->have : "?", row->want);
        }
        if (state->config_problem)
                kt_str_addf(out, "%s\n", state->config_problem);
}

static int show(const struct loop *loop, struct kt_err *e)
{
        const struct kt_node_state *state = kt_agent_state(loop->agent);
        KT_AUTO_STR struct kt_str out = { 0 };
        char digest[KT_HASH_MAX];
        int r = 0;

        if (loop->options->output == 1)
                r = kt_document_status(state, digest, &out);
        else
                show_rows(state, &out);
        if (r == 0)
                r = kt_report_print(&out, stdout);
        return r < 0 ? kt_err_set(e, r, "print the report") : 0;
}

static int judge_once(const struct loop *loop)
{
        const struct kt_node_state *state = kt_agent_state(loop->agent);

        if (state->config_problem)
                return KT_EXIT_USAGE;
        if (!kt_agent_is_published(loop->agent)) {
                kt_log(KT_LEVEL_ERROR, "the API server does not hold all of it %s; the lines above say why",
                       loop->is_over ? "yet" : "after ten seconds");
                return KT_EXIT_FAILED;
        }
        return kt_node_is_ready(state, NULL) ? KT_EXIT_OK : KT_EXIT_NOT_WANTED;
}

static int run_once(struct loop *loop, struct kt_err *e)
{
        const int64_t end_ms = now_ms() + ONCE_WAIT_MS;
        int r = 0;

        while (r == 0 && !loop->is_over && !kt_agent_is_published(loop->agent) && now_ms() < end_ms)
                r = turn(loop, e);
        if (r == 0)
                r = show(loop, e);
        return r < 0 ? r : judge_once(loop);
}

int kt_loop_run(const struct kt_loop_options *options, struct kt_err *e)
{
        KT_AUTO(loop_done) struct loop loop = { .options = options, .fds = { -1, -1, -1, -1, -1, -1, -1 } };
        int r;

        r = start(&loop, e);
        if (r == 0 && options->once)
                return run_once(&loop, e);
        while (r == 0 && !loop.is_over)
                r = turn(&loop, e);
        return r < 0 ? r : KT_EXIT_OK;
}
