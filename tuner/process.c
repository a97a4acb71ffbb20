/* SPDX-License-Identifier: Apache-2.0 */
/* Processes of a node. Everything here is under the control of whoever runs in a pod: names and arguments are compared
 * and never believed further than that, and every text has a limit. */
#include "tuner/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/array.h"
#include "lib/os/fs.h"
#include "lib/text/num.h"

enum {
        PROCESSES_MAX = 4096,    /* brokers and runtimes; a node has a dozen */
        ARGUMENTS_MAX = 2 << 20, /* ARG_MAX of Linux; a class path of 200 jars has 20 KiB */
        SMALL_MAX = 16 << 10,
        PATH_BYTES = 64,
        CHUNK = 64 << 10,
        START_TIME_FIELD = 22, /* proc(5), /proc/pid/stat; the second field is the name in parentheses */
        COMM_FIELD = 2,
        DAY_SECONDS = 86400,
        AGE_MIN_SECONDS = 3600, /* a broker opens what it has in its first minutes: that is no trend */
        FILES_PER_SEGMENT = 1,  /* its .log (docs/need.md) */
        MAPS_PER_SEGMENT = 2,   /* .index and .timeindex */
};

/* systemd.unit(5) */
#define UNIT_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\@"

static const struct {
        const char *comm;
        enum kt_process_kind kind;
} names[] = {
        { "java", KT_PROCESS_BROKER },        { "kafka-initc", KT_PROCESS_WAITING },
        { "containerd", KT_PROCESS_RUNTIME }, { "crio", KT_PROCESS_RUNTIME },
        { "dockerd", KT_PROCESS_RUNTIME },    { "k3s-server", KT_PROCESS_RUNTIME },
        { "k3s-agent", KT_PROCESS_RUNTIME },
};

/* ---- Arguments ---- */

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

/* The launcher's options whose value is the next argument (java(1)). */
static bool takes_value(const char *option)
{
        static const char *const options[] = {
                "-cp",           "-classpath",    "--class-path",    "-p",
                "--module-path", "--add-modules", "--limit-modules", "--upgrade-module-path",
                "--add-exports", "--add-opens",   "--add-reads",
        };

        for (size_t i = 0; i < KT_COUNT(options); i++)
                if (strcmp(options[i], option) == 0)
                        return true;
        return false;
}

bool kt_process_has_main_class(const char *arguments, size_t len, const char *main_class)
{
        const char *end = arguments + len;
        const char *at = arguments;
        bool is_value = true; /* the program's own name */

        for (; at < end; at += strnlen(at, (size_t)(end - at)) + 1) {
                if (!memchr(at, '\0', (size_t)(end - at)))
                        return false; /* cut off */
                if (!is_value && at[0] != '-' && at[0] != '@')
                        return strcmp(at, main_class) == 0;
                is_value = !is_value && takes_value(at);
        }
        return false;
}

static bool has_argument(const char *arguments, size_t len, const char *wanted)
{
        size_t size = strlen(wanted) + 1;
        const char *end = arguments + len;

        for (const char *at = arguments; at < end; at += strnlen(at, (size_t)(end - at)) + 1)
                if ((size_t)(end - at) >= size && memcmp(at, wanted, size) == 0)
                        return true;
        return false;
}

/* ---- Files of one process ---- */

static const char *path_of(uint64_t pid, const char *file, char buf[PATH_BYTES])
{
        (void)snprintf(buf, PATH_BYTES, "/proc/%" PRIu64 "/%s", pid, file); /* 20 digits at most */
        return buf;
}

/* Entries of a directory, or lines of a file: a snapshot keeps no more than that of either. */
static uint64_t count_in(const struct kt_root *root, const char *path)
{
        KT_AUTO_FREE char *chunk = NULL;
        KT_AUTO_FD int fd = kt_root_open_file(root, path, O_RDONLY);
        struct stat st;
        uint64_t count = 0;
        ssize_t n = -1;

        if (fd < 0 || fstat(fd, &st) < 0)
                return KT_PROCESS_UNKNOWN;
        if (S_ISDIR(st.st_mode)) {
                KT_AUTO_DIR DIR *dir = fdopendir(kt_take_fd(&fd));

                for (const struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir))
                        count += entry->d_name[0] != '.';
                return dir ? count : KT_PROCESS_UNKNOWN;
        }

        chunk = malloc(CHUNK);
        while (chunk && (n = read(fd, chunk, CHUNK)) > 0)
                for (ssize_t i = 0; i < n; i++)
                        count += chunk[i] == '\n';
        return n < 0 ? KT_PROCESS_UNKNOWN : count;
}

/* "1234.56 789.01" */
bool kt_process_read_uptime(const struct kt_root *root, uint64_t *ret_seconds)
{
        char text[PATH_BYTES];

        if (kt_root_read(root, "/proc/uptime", text, sizeof(text)) < 0)
                return false;
        text[strcspn(text, ". ")] = '\0';
        return kt_num_parse_u64(text, ret_seconds) == 0;
}

/* The name, which is the second field, may hold blanks and parentheses itself. */
bool kt_process_parse_start(const char *stat, uint64_t *ret_ticks)
{
        const char *at = strrchr(stat, ')');
        char word[KT_NUM_TEXT_MAX] = "";

        for (int field = COMM_FIELD; at && field < START_TIME_FIELD; field++) {
                at = strchr(at, ' ');
                at = at ? at + 1 : NULL;
        }
        if (at && strcspn(at, " \n") < sizeof(word))
                memcpy(word, at, strcspn(at, " \n"));
        return kt_num_parse_u64(word, ret_ticks) == 0;
}

static uint64_t read_age(const struct kt_root *root, uint64_t pid)
{
        KT_AUTO_STR struct kt_str stat = { 0 };
        char path[PATH_BYTES];
        uint64_t uptime;
        uint64_t ticks;

        if (kt_root_read_all(root, path_of(pid, "stat", path), SMALL_MAX, &stat) < 0 ||
            !kt_process_read_uptime(root, &uptime) || !kt_process_parse_start(kt_str_get(&stat), &ticks) ||
            ticks / KT_PROCESS_TICKS_PER_SECOND > uptime)
                return KT_PROCESS_UNKNOWN;
        return uptime - ticks / KT_PROCESS_TICKS_PER_SECOND;
}

static void read_usage(const struct kt_root *root, struct kt_process *process)
{
        KT_AUTO_STR struct kt_str limits = { 0 };
        char path[PATH_BYTES];

        process->files = (struct kt_limit){ KT_PROCESS_UNKNOWN, KT_PROCESS_UNKNOWN };
        process->files_used = KT_PROCESS_UNKNOWN;
        process->maps_used = KT_PROCESS_UNKNOWN;
        process->age_seconds = read_age(root, process->pid);
        if (kt_root_read_all(root, path_of(process->pid, "limits", path), SMALL_MAX, &limits) == 0 &&
            kt_limits_parse(kt_str_get(&limits), "Max open files", &process->files) < 0)
                process->files = (struct kt_limit){ KT_PROCESS_UNKNOWN, KT_PROCESS_UNKNOWN };
        if (process->kind == KT_PROCESS_RUNTIME)
                return; /* what it uses itself is not what its pods use */
        process->files_used = count_in(root, path_of(process->pid, "fd", path));
        process->maps_used = count_in(root, path_of(process->pid, "maps", path));
}

/* "0::/system.slice/containerd.service": the last component that is a service. False for what runs in a pod. */
static bool read_unit(const struct kt_root *root, struct kt_process *process)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        char path[PATH_BYTES];
        const char *service;
        const char *start;

        if (kt_root_read_all(root, path_of(process->pid, "cgroup", path), SMALL_MAX, &text) < 0)
                return true;
        if (strstr(kt_str_get(&text), "kubepods") || strstr(kt_str_get(&text), "/docker/"))
                return false;
        service = strstr(kt_str_get(&text), ".service");
        for (start = service; service && start > kt_str_get(&text) && start[-1] != '/'; start--)
                ;
        if (service)
                (void)snprintf(process->unit, sizeof(process->unit), "%.*s", (int)(service - start) + 8,
                               start); /* a longer one is no unit that we could name */
        if (strlen(process->unit) + 1 == sizeof(process->unit) ||
            process->unit[strspn(process->unit, UNIT_LETTERS)] != '\0')
                process->unit[0] = '\0';
        return true;
}

/* What /proc/PID/exe leads to; without it (another user's process, a captured node) the first argument has to do. */
static bool runs(const struct kt_root *root, const struct kt_process *process, const char *arguments)
{
        char path[PATH_BYTES];
        char target[SMALL_MAX];
        KT_AUTO_FD int fd = kt_fs_open_in_root(root->fd, path_of(process->pid, "exe", path) + 1, O_PATH | O_NOFOLLOW);
        ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target) - 1);

        if (n <= 0)
                return strcmp(base_name(arguments), process->name) == 0;
        target[n] = '\0';
        /* proc(5): " (deleted)" behind the path of a file that was replaced */
        return strncmp(base_name(target), process->name, strlen(process->name)) == 0 &&
               strchr(" ", base_name(target)[strlen(process->name)]);
}

static bool is_meant(const struct kt_root *root, struct kt_process *process)
{
        KT_AUTO_STR struct kt_str arguments = { 0 };
        const char *text;
        char path[PATH_BYTES];

        if (process->kind == KT_PROCESS_RUNTIME)
                return read_unit(root, process);
        if (kt_root_read_all(root, path_of(process->pid, "cmdline", path), ARGUMENTS_MAX, &arguments) < 0)
                return false;
        text = kt_str_get(&arguments);
        if (!runs(root, process, text))
                return false;
        if (process->kind == KT_PROCESS_WAITING)
                return has_argument(text, arguments.len, "exec");
        return kt_process_has_main_class(text, arguments.len, "kafka.Kafka");
}

/* ---- All of them ---- */

struct walk {
        const struct kt_root *root;
        struct kt_processes *found;
};

static int add_process(void *context, const char *entry)
{
        struct walk *walk = context;
        struct kt_processes *found = walk->found;
        struct kt_process process = { 0 };
        char path[PATH_BYTES];
        size_t i = 0;

        if (entry[0] < '1' || entry[0] > '9' || kt_num_parse_u64(entry, &process.pid) < 0)
                return 0;
        if (kt_root_read(walk->root, path_of(process.pid, "comm", path), process.name, sizeof(process.name)) < 0)
                return 0;
        while (i < KT_COUNT(names) && strcmp(names[i].comm, process.name) != 0)
                i++;
        if (i == KT_COUNT(names))
                return 0;
        process.kind = names[i].kind;
        if (!is_meant(walk->root, &process))
                return 0;

        if (found->count == PROCESSES_MAX)
                return -E2BIG;
        if (kt_array_reserve(&found->items, &found->cap, found->count + 1, sizeof(*found->items)) < 0)
                return -ENOMEM;
        read_usage(walk->root, &process);
        found->items[found->count++] = process;
        return 0;
}

static int compare(const void *left, const void *right)
{
        const struct kt_process *a = left;
        const struct kt_process *b = right;

        if (a->kind != b->kind)
                return a->kind < b->kind ? -1 : 1;
        return a->pid < b->pid ? -1 : a->pid > b->pid;
}

int kt_processes_load(const struct kt_root *root, struct kt_processes *ret, struct kt_err *e)
{
        struct walk walk = { .root = root, .found = ret };
        KT_AUTO_FD int fd = kt_root_open_file(root, "/proc", O_RDONLY | O_DIRECTORY);
        int r = 0;

        if (kt_root_read_u64(root, "/proc/sys/vm/max_map_count", &ret->max_map_count, NULL) < 0)
                ret->max_map_count = KT_PROCESS_UNKNOWN;
        if (fd >= 0)
                r = kt_fs_each(fd, add_process, &walk);
        if (ret->count > 1)
                qsort(ret->items, ret->count, sizeof(*ret->items), compare);
        return r == -E2BIG || r == -ENOMEM ? kt_err_set(e, r, "look through /proc") : 0;
}

void kt_processes_done(struct kt_processes *processes)
{
        free(processes->items);
        *processes = (struct kt_processes){ 0 };
}

const char *kt_process_kind_name(enum kt_process_kind kind)
{
        static const char *const kinds[KT_PROCESS_KIND_COUNT_] = {
                [KT_PROCESS_BROKER] = "broker",
                [KT_PROCESS_WAITING] = "waiting",
                [KT_PROCESS_RUNTIME] = "runtime",
        };

        return kinds[kind];
}

/* ---- Forecast ---- */

const char *kt_forecast_basis_name(enum kt_forecast_basis basis)
{
        static const char *const bases[KT_FORECAST_BASIS_COUNT_] = {
                [KT_FORECAST_WORKLOAD] = "workload",
                [KT_FORECAST_AGE] = "since its start",
        };

        return bases[basis];
}

/* With a workload: every segment that is filled takes its share, until retention deletes as fast as producers write. */
static struct kt_forecast forecast_workload(const struct kt_inputs *inputs, uint64_t used, uint64_t limit,
                                            uint64_t per_segment, uint64_t need)
{
        double segments = (double)inputs->need_input.write_rate_bytes * DAY_SECONDS /
                          (double)(inputs->need_input.segment_bytes > 0 ? inputs->need_input.segment_bytes : 1 << 30);
        struct kt_forecast forecast = { .basis = KT_FORECAST_WORKLOAD, .days = HUGE_VAL };

        if (limit < need && segments > 0)
                forecast.days = (double)(limit - used) / (segments * (double)per_segment);
        return forecast;
}

struct kt_forecast kt_process_forecast(const struct kt_inputs *inputs, const struct kt_process *process, uint64_t used,
                                       uint64_t limit, uint64_t per_segment, uint64_t need)
{
        struct kt_forecast forecast = { .basis = KT_FORECAST_AGE };

        if (used == KT_PROCESS_UNKNOWN || limit == KT_PROCESS_UNKNOWN)
                return (struct kt_forecast){ 0 };
        if (used < limit && inputs->spec.workload.is_given)
                return forecast_workload(inputs, used, limit, per_segment, need);
        if (used >= limit)
                return forecast;
        if (process->age_seconds == KT_PROCESS_UNKNOWN || process->age_seconds < AGE_MIN_SECONDS)
                return (struct kt_forecast){ 0 };

        forecast.days = used == 0 ? HUGE_VAL
                                  : (double)(limit - used) / (double)used * (double)process->age_seconds / DAY_SECONDS;
        return forecast;
}

struct kt_forecast kt_process_forecast_files(const struct kt_inputs *inputs, const struct kt_process *process)
{
        return kt_process_forecast(inputs, process, process->files_used, process->files.hard, FILES_PER_SEGMENT,
                                   inputs->need.descriptors.total);
}

struct kt_forecast kt_process_forecast_maps(const struct kt_inputs *inputs, const struct kt_processes *processes,
                                            const struct kt_process *process)
{
        return kt_process_forecast(inputs, process, process->maps_used, processes->max_map_count, MAPS_PER_SEGMENT,
                                   inputs->need.maps.total);
}
