/* SPDX-License-Identifier: Apache-2.0 */
/* Back end: the hard limits of a process, read in /proc/PID/limits and set with prlimit(2). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/os/caps.h"
#include "lib/os/limits.h"
#include "lib/text/num.h"
#include "tuner/backend.h"
#include "tuner/process.h"

enum {
        LIMITS_MAX = 16 << 10, /* /proc/PID/limits has 16 lines of 80 bytes */
        STAT_MAX = 4 << 10,    /* /proc/PID/stat has 52 fields of at most 20 digits */
        PATH_MAX_ = 64,
};

static const struct {
        const char *name; /* as prlimit(1) calls it */
        enum __rlimit_resource resource;
} resources[] = {
        { "nofile", RLIMIT_NOFILE },
        { "nproc", RLIMIT_NPROC },
        { "memlock", RLIMIT_MEMLOCK },
        { "core", RLIMIT_CORE },
};

/* The one of those that were found which place means; NULL: --pid names one, or there is only the own one. */
static const struct kt_process *process_of(const struct kt_tuner_facts *facts)
{
        if (facts->pid > 0 || !facts->processes || facts->place >= facts->processes->count)
                return NULL;
        return &facts->processes->items[facts->place];
}

/* 0: the own one. */
static uint64_t pid_of(const struct kt_tuner_facts *facts)
{
        const struct kt_process *process = process_of(facts);

        return process ? process->pid : facts->pid;
}

static size_t count_processes(const struct kt_tuner_facts *facts, const struct kt_row *row)
{
        (void)row; /* the same for all limits */
        return facts->pid == 0 && facts->processes && facts->processes->count > 0 ? facts->processes->count : 1;
}

static int read_limit(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                      struct kt_err *e)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        const uint64_t pid = pid_of(facts);
        struct kt_limit limit = { 0 };
        char path[PATH_MAX_] = "/proc/self/limits";
        int r;

        if (pid > 0)
                (void)snprintf(path, sizeof(path), "/proc/%" PRIu64 "/limits", pid); /* 20 digits at most */
        r = kt_root_read_all(facts->root, path, LIMITS_MAX, &text);
        if (r == -ENOENT && pid > 0)
                return kt_err_set(e, -ESRCH, "there is no process %" PRIu64, pid);
        if (r == -ENOENT)
                return kt_err_set(e, r, "%s is not there", path);
        if (r < 0)
                return kt_err_set(e, r, "read %s", path);

        r = kt_limits_parse(kt_str_get(&text), row->line, &limit);
        if (r < 0)
                return kt_err_set(e, -EBADMSG, "%s has no line '%s' with two limits", path, row->line);

        if (limit.hard == KT_LIMIT_UNLIMITED)
                kt_str_add(have, "unlimited");
        else
                kt_str_addf(have, "%" PRIu64, limit.hard);
        return 0;
}

static int parse_limit(const char *text, rlim_t *ret)
{
        uint64_t number = 0;

        if (strcmp(text, "unlimited") == 0)
                *ret = RLIM_INFINITY;
        else if (kt_num_parse_u64(text, &number) < 0)
                return -EINVAL;
        else
                *ret = (rlim_t)number;
        return 0;
}

static int explain_refusal(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value, int code,
                           struct kt_err *e)
{
        const char *why = "";

        if (code == -ESTALE)
                return kt_err_set(e, code, "process %" PRIu64 " no longer has the limit that was seen", facts->pid);
        if (code == -EPERM && !kt_caps_has(CAP_SYS_RESOURCE))
                why = " without CAP_SYS_RESOURCE";
        else if (code == -EPERM && strcmp(row->limit, "nofile") == 0)
                why = ", which may be above fs.nr_open"; /* setrlimit(2): there no privilege helps */
        return kt_err_set(e, code, "set %s of process %" PRIu64 " to %s%s", row->limit, facts->pid, value, why);
}

/* *ret is what this has replaced. */
static int swap_limits(uint64_t pid, enum __rlimit_resource resource, rlim_t soft, rlim_t hard, struct rlimit *ret)
{
        const struct rlimit limit = { .rlim_cur = soft < hard ? soft : hard, .rlim_max = hard };

        return prlimit((pid_t)pid, resource, &limit, ret) < 0 ? -errno : 0;
}

/* The soft limit stays as it is, unless the hard one goes below it: the JVM raises its own (MaxFDLimit). When it did so
 * between the look and the write, it gets what it had then. A hard one that is not *seen (NULL: any) is another
 * process's, which has the number by now: that one keeps both, or gets them back. -ESTALE. */
static int set_hard(uint64_t pid, enum __rlimit_resource resource, rlim_t hard, const rlim_t *seen)
{
        struct rlimit before;
        struct rlimit limit;
        struct rlimit ours;
        int r;

        if (prlimit((pid_t)pid, resource, NULL, &limit) < 0)
                return -errno;
        if (seen && limit.rlim_max != *seen)
                return -ESTALE;
        r = swap_limits(pid, resource, limit.rlim_cur, hard, &before);
        if (r < 0)
                return r;
        if (before.rlim_max != limit.rlim_max) {
                r = swap_limits(pid, resource, before.rlim_cur, before.rlim_max, &ours);
                return r < 0 ? r : -ESTALE;
        }
        return before.rlim_cur == limit.rlim_cur ? 0 : swap_limits(pid, resource, before.rlim_cur, hard, &ours);
}

static int write_limit(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                       struct kt_err *e)
{
        rlim_t hard = 0;
        rlim_t seen = 0;
        size_t i = 0;
        int r;

        while (i < KT_COUNT(resources) && strcmp(resources[i].name, row->limit) != 0)
                i++;
        if (i == KT_COUNT(resources) || !facts->root->is_host || facts->pid == 0 || facts->pid > INT32_MAX)
                return kt_err_set(e, -EOPNOTSUPP, "limits are set of a process of this machine only");
        if (parse_limit(value, &hard) < 0)
                return kt_err_set(e, -EINVAL, "'%s' is no limit", value);
        if (facts->seen && parse_limit(facts->seen, &seen) < 0)
                return kt_err_set(e, -EINVAL, "'%s' is no limit", facts->seen);

        r = set_hard(facts->pid, resources[i].resource, hard, facts->seen ? &seen : NULL);
        return r < 0 ? explain_refusal(facts, row, value, r, e) : 0;
}

static void limit_object(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out)
{
        const struct kt_process *process = process_of(facts);

        if (process)
                kt_str_addf(out, "%s of %s %" PRIu64, row->id, process->name, process->pid);
        else if (facts->pid > 0)
                kt_str_addf(out, "%s of %" PRIu64, row->id, facts->pid);
        else
                kt_str_addf(out, "%s of self", row->id);
}

static void limit_note(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out)
{
        const struct kt_process *process = process_of(facts);

        (void)row; /* the same for all limits */
        if (process && process->kind == KT_PROCESS_RUNTIME)
                kt_str_add(out, "pods start with what the runtime has");
        if (process && process->kind == KT_PROCESS_WAITING)
                kt_str_add(out, "its broker has not started yet");
}

/* A process id comes back; together with the time of its start it does not (until the next boot). */
static int identify_process(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out,
                            struct kt_err *e)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        const uint64_t pid = pid_of(facts);
        char path[PATH_MAX_];
        uint64_t start = 0;
        int r;

        (void)row;                                                         /* the same for all limits */
        (void)snprintf(path, sizeof(path), "/proc/%" PRIu64 "/stat", pid); /* 20 digits at most */
        r = kt_root_read_all(facts->root, path, STAT_MAX, &text);
        if (r == -ENOENT || r == -ESRCH)
                return kt_err_set(e, -ESRCH, "process %" PRIu64 " has ended", pid);
        if (r < 0)
                return kt_err_set(e, r, "read %s", path);
        if (!kt_process_parse_start(kt_str_get(&text), &start))
                return kt_err_set(e, -EBADMSG, "%s has no time of the start", path);

        kt_str_addf(out, "%" PRIu64 " started %" PRIu64, pid, start);
        return 0;
}

static int locate_process(const char *identity, const struct kt_row *row, struct kt_tuner_facts *facts,
                          struct kt_err *e)
{
        struct kt_tuner_facts found = *facts;
        KT_AUTO_STR struct kt_str now = { 0 };
        char pid[KT_NUM_TEXT_MAX] = "";
        size_t len = strcspn(identity, " ");
        int r;

        if (len < sizeof(pid))
                memcpy(pid, identity, len);
        if (kt_num_parse_u64(pid, &found.pid) < 0)
                return kt_err_set(e, -EBADMSG, "'%s' names no process", identity);

        r = identify_process(&found, row, &now, e);
        if (r < 0)
                return r;
        if (strcmp(kt_str_get(&now), identity) != 0)
                return kt_err_set(e, -ESRCH, "process %s has ended, and another one has its number", pid);

        *facts = found;
        return 0;
}

/* In a drop-in, which outlives an update of the package. */
static void add_drop_in(const struct kt_process *process, const struct kt_row *row, const char *value,
                        struct kt_str *out)
{
        kt_str_addf(out, "%s=%s below [Service] in ", row->unit_setting,
                    strcmp(value, "unlimited") == 0 ? "infinity" : value);
        if (process->unit[0] == '\0')
                kt_str_addf(out, "the unit that starts %s, then restart it", process->name);
        else
                kt_str_addf(out, "/etc/systemd/system/%s.d/50-kafka.conf, then systemctl daemon-reload and restart %s",
                            process->unit, process->unit);
}

static void limit_command(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                          struct kt_str *out)
{
        const struct kt_process *process = process_of(facts);

        if (process && process->kind == KT_PROCESS_RUNTIME)
                add_drop_in(process, row, value, out);
        else if (process)
                kt_str_addf(out, "kafka-tuner apply --pid %" PRIu64 " --only %s", process->pid, row->id);
        else if (facts->pid > 0)
                kt_str_addf(out, "prlimit --pid %" PRIu64 " --%s=%s", facts->pid, row->limit, value);
        else
                kt_str_addf(out, "prlimit --pid $$ --%s=%s", row->limit, value);
}

static void limit_script(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *old_value,
                         const char *new_value, struct kt_str *out)
{
        kt_str_addf(out, "set_limit %s %" PRIu64 " %s '%s' %s %s\n", row->id, facts->pid, row->limit, row->line,
                    old_value, new_value);
}

const struct kt_backend kt_backend_limit = {
        .read = read_limit,
        .write = write_limit,
        .count = count_processes,
        .object = limit_object,
        .note = limit_note,
        .identify = identify_process,
        .locate = locate_process,
        .command = limit_command,
        .script = limit_script,
        .capability = CAP_SYS_RESOURCE,
};
