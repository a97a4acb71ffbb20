/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-tuner snapshot: the facts of a machine as an archive. */
#include "tuner/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/app/exit.h"
#include "lib/app/report.h"
#include "lib/base/array.h"
#include "lib/os/fs.h"
#include "lib/text/num.h"
#include "tuner/kubelet.h"
#include "tuner/process.h"
#include "tuner/row.h"
#include "tuner/setters.h"
#include "tuner/tar.h"
#include "tuner/verbs.h"

enum {
        FILE_MAX = 4 << 20, /* mountinfo of a crowded node; all else is far smaller */
        ARCHIVE_MAX = 64 << 20,
        NAMES_MAX = 20000, /* block devices of one node, loop devices included */
        PATH_BYTES = 1024,
        LINES_MAX = 16 << 20, /* open files and map areas of one process */
};

/* Makes out of a file's text what may be shown of it. */
typedef void filter_fn(struct kt_str *masks, const char *text, struct kt_str *out);

/* ---- Filters ---- */

static void keep_all(struct kt_str *masks, const char *text, struct kt_str *out)
{
        (void)masks; /* nothing to hide */
        kt_str_add(out, text);
}

/* The lines that start with one of the words. */
static void keep_lines(const char *const *words, const char *text, struct kt_str *out)
{
        while (*text != '\0') {
                size_t len = strcspn(text, "\n");

                for (size_t i = 0; words[i]; i++)
                        if (strncmp(text, words[i], strlen(words[i])) == 0) {
                                kt_str_add_bytes(out, text, len);
                                kt_str_add_char(out, '\n');
                                break;
                        }
                text += len + (text[len] != '\0');
        }
}

static void keep_status(struct kt_str *masks, const char *text, struct kt_str *out)
{
        static const char *const words[] = { "Uid:", "Gid:", "CapEff:", "CapPrm:", "CapBnd:", NULL };

        (void)masks; /* the rest is left out */
        keep_lines(words, text, out);
}

static void keep_system(struct kt_str *masks, const char *text, struct kt_str *out)
{
        static const char *const words[] = { "ID=", "ID_LIKE=", "VERSION_ID=", NULL };

        (void)masks; /* the rest is left out */
        keep_lines(words, text, out);
}

static void keep_memory(struct kt_str *masks, const char *text, struct kt_str *out)
{
        static const char *const words[] = { "MemTotal:", "MemAvailable:", "SwapTotal:", NULL };

        (void)masks; /* the rest is left out */
        keep_lines(words, text, out);
}

static void keep_setters(struct kt_str *masks, const char *text, struct kt_str *out)
{
        (void)masks; /* the rest is left out */
        kt_setters_keep(text, out);
}

/* Of the kubelet's configuration what doctor looks at. */
static void keep_kubelet(struct kt_str *masks, const char *text, struct kt_str *out)
{
        static const char flag[] = "protectKernelDefaults:";
        bool is_inside = false;

        (void)masks; /* the rest is left out */
        while (*text != '\0') {
                size_t len = strcspn(text, "\n");
                const bool is_flag = strncmp(text, flag, strlen(flag)) == 0;

                is_inside = strncmp(text, "allowedUnsafeSysctls:", strlen("allowedUnsafeSysctls:")) == 0 ||
                            (is_inside && strchr(" -", text[0]) && len > 0);
                if (is_inside || is_flag) {
                        kt_str_add_bytes(out, text, len);
                        kt_str_add_char(out, '\n');
                }
                text += len + (text[len] != '\0');
        }
}

/* Number of a value among those that were masked, from 1; masks holds them one behind the other, each with its NUL. */
static size_t mask_number(struct kt_str *masks, const char *value)
{
        size_t number = 1;

        for (const char *at = kt_str_get(masks), *end = at + masks->len; at < end; at += strlen(at) + 1, number++)
                if (strcmp(at, value) == 0)
                        return number;
        kt_str_add_bytes(masks, value, strlen(value) + 1);
        return number;
}

/* What kind of number it is stays readable: "naa.", "LVM-", "mpath-". An empty one and one of zeros stay what they are:
 * they name nothing, and lib/os/device takes them for none. */
static void mask_value(struct kt_str *masks, const char *text, struct kt_str *out)
{
        static const char *const kinds[] = { "naa.", "eui.",   "t10.",   "nvme.",        "uuid.", "nqn.",
                                             "LVM-", "mpath-", "CRYPT-", "part1-mpath-", NULL };
        size_t len = strlen(text);
        KT_AUTO_FREE char *value = strndup(text, len > 0 && text[len - 1] == '\n' ? len - 1 : len);

        if (!value) {
                out->error = -ENOMEM;
                return;
        }
        if (value[strspn(value, " ")] == '\0')
                return;
        if (value[strspn(value, "0-")] == '\0') {
                kt_str_add(out, text);
                return;
        }
        for (size_t i = 0; kinds[i]; i++)
                if (strncmp(value, kinds[i], strlen(kinds[i])) == 0)
                        kt_str_add(out, kinds[i]);
        kt_str_addf(out, "masked-%zu\n", mask_number(masks, value));
}

/* Flags stay, and of what has a value only what says how a local filesystem works. */
static void keep_options(const char *options, size_t len, struct kt_str *out)
{
        static const char *const kept[] = { "commit=",    "data=",    "errors=", "logbufs=", "logbsize=",
                                            "stripe=",    "sunit=",   "swidth=", "size=",    "mode=",
                                            "allocsize=", "hidepid=", "subset=", NULL };
        const char *separator = "";

        for (const char *at = options, *end = options + len; at < end;) {
                size_t n = strcspn(at, ", \n");
                bool is_kept = !memchr(at, '=', n);

                for (size_t i = 0; kept[i]; i++)
                        is_kept = is_kept || strncmp(at, kept[i], strlen(kept[i])) == 0;
                if (is_kept) {
                        kt_str_add(out, separator);
                        kt_str_add_bytes(out, at, n);
                        separator = ",";
                }
                at += n + 1;
        }
}

/* A device or a plain word; what has a server or a user in it is masked. */
static void keep_source(struct kt_str *masks, const char *source, size_t len, struct kt_str *out)
{
        KT_AUTO_FREE char *text = strndup(source, len);

        if (!text)
                out->error = -ENOMEM;
        else if (strncmp(text, "/dev/", strlen("/dev/")) == 0 || !strpbrk(text, ":/@"))
                kt_str_add(out, text);
        else
                kt_str_addf(out, "masked-%zu", mask_number(masks, text));
}

/* proc(5): "... - fstype source super-options". */
static void keep_mounts(struct kt_str *masks, const char *text, struct kt_str *out)
{
        while (*text != '\0') {
                size_t len = strcspn(text, "\n");
                const char *dash = strstr(text, " - ");
                const char *type = dash ? dash + strlen(" - ") : text;
                const char *source = type + strcspn(type, " \n");
                const char *options;

                if (dash && dash < text + len && *source == ' ') {
                        source++;
                        options = source + strcspn(source, " \n");
                        kt_str_add_bytes(out, text, (size_t)(source - text));
                        keep_source(masks, source, (size_t)(options - source), out);
                        kt_str_add_char(out, ' ');
                        options += *options == ' ';
                        keep_options(options, strcspn(options, "\n"), out);
                        kt_str_add_char(out, '\n');
                }
                text += len + (text[len] != '\0');
        }
}

/* ---- What is kept: one row for each kind of file ---- */

struct kept {
        const char *path; /* the last component may be a pattern */
        filter_fn *filter;
};

static const struct kept machine[] = {
        { "/proc/self/limits", keep_all },
        { "/proc/self/status", keep_status },
        { "/proc/self/uid_map", keep_all },
        { "/proc/self/mountinfo", keep_mounts },
        { "/proc/1/limits", keep_all },
        { "/proc/1/mountinfo", keep_mounts },
        { "/proc/meminfo", keep_memory },
        { "/proc/uptime", keep_all },
        { "/sys/class/dmi/id/sys_vendor", keep_all },
        { "/sys/class/dmi/id/product_name", keep_all },
        { "/proc/sys/fs/file-nr", keep_all },
        { "/proc/sys/kernel/osrelease", keep_all },
        { "/proc/sys/kernel/random/boot_id", keep_all },
        { "/proc/sys/vm/dirty_background_bytes", keep_all },
        { "/proc/sys/vm/dirty_bytes", keep_all },
        { "/etc/os-release", keep_system },
        { "/etc/sysctl.conf", keep_setters },
        { "/etc/tuned/active_profile", keep_all },
        { "/var/lib/kubelet/config.yaml", keep_kubelet },
};

/* Below the folder of a block device. */
static const struct kept device_files[] = {
        { "dev", keep_all },          { "size", keep_all },
        { "ro", keep_all },           { "removable", keep_all },
        { "hidden", keep_all },       { "partition", keep_all },
        { "start", keep_all },        { "diskseq", keep_all },
        { "wwid", mask_value },       { "serial", mask_value },
        { "uuid", mask_value },       { "nsid", keep_all },
        { "queue/*", keep_all },      { "dm/name", keep_all },
        { "dm/uuid", mask_value },    { "dm/suspended", keep_all },
        { "md/level", keep_all },     { "md/raid_disks", keep_all },
        { "md/uuid", mask_value },    { "md/chunk_size", keep_all },
        { "mq/0/nr_tags", keep_all }, { "loop/backing_file", keep_all },
};

/* Below the folder that its link "device" leads to: the SCSI device, the virtio device, the NVMe controller. */
static const struct kept hardware_files[] = {
        { "model", keep_all },     { "vendor", keep_all }, { "rev", keep_all },         { "firmware_rev", keep_all },
        { "type", keep_all },      { "state", keep_all },  { "timeout", keep_all },     { "queue_depth", keep_all },
        { "transport", keep_all }, { "cntlid", keep_all }, { "numa_node", keep_all },   { "iopolicy", keep_all },
        { "serial", mask_value },  { "wwid", mask_value }, { "subsysnqn", mask_value },
};

static const char *const device_folders[] = { "slaves", "holders" };
static const char *const device_links[] = { "device", "subsystem", "bdi" };
static const char *const block_folders[] = { "/sys/class/block", "/sys/block", "/sys/dev/block" };

/* ---- Collecting ---- */

struct snapshot {
        const struct kt_root *root;
        struct kt_str *out;
        struct kt_str masks;
        struct kt_str errors;
        struct kt_snapshot_stats stats;
};

struct names {
        char **items;
        size_t count;
        size_t cap;
};

static void names_done(struct names *names)
{
        for (size_t i = 0; i < names->count; i++)
                free(names->items[i]);
        free(names->items);
}

static int add_name(void *context, const char *name)
{
        struct names *names = context;

        if (names->count == NAMES_MAX)
                return -E2BIG;
        if (kt_array_reserve(&names->items, &names->cap, names->count + 1, sizeof(*names->items)) < 0)
                return -ENOMEM;
        names->items[names->count] = strdup(name);
        return names->items[names->count++] ? 0 : -ENOMEM;
}

static int compare_names(const void *left, const void *right)
{
        return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Sorted; a folder that is not there is an empty one. */
static int list(const struct kt_root *root, const char *path, struct names *names)
{
        KT_AUTO_FD int fd = kt_root_open_file(root, path, O_RDONLY | O_DIRECTORY);
        int r = fd;

        if (fd >= 0)
                r = kt_fs_each(fd, add_name, names);
        if (names->count > 1)
                qsort(names->items, names->count, sizeof(*names->items), compare_names);
        return r == -E2BIG || r == -ENOMEM ? r : 0;
}

/* "PATH ERRNO", and an empty file in its place, as unreadable there as here. */
static void add_unreadable(struct snapshot *s, const char *path, mode_t mode, int r)
{
        const char *name = strerrorname_np(-r);

        kt_str_addf(&s->errors, "%s %s\n", path, name ? name : "EIO");
        kt_tar_add_file(s->out, path + 1, mode, "", 0);
        s->stats.unreadable++;
        s->stats.entries++;
}

/* What is not there is left out. */
static void add_file(struct snapshot *s, const char *path, filter_fn *filter)
{
        KT_AUTO_FD int fd = kt_root_open_file(s->root, path, O_RDONLY);
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_STR struct kt_str shown = { 0 };
        struct stat st = { 0 };
        int r = fd;

        if (fd == -EACCES || fd == -EPERM)
                add_unreadable(s, path, 0, fd);
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || s->out->len > ARCHIVE_MAX)
                return;

        r = kt_fs_read_fd(fd, FILE_MAX, &text);
        if (r < 0) {
                add_unreadable(s, path, st.st_mode, r);
                return;
        }
        filter(&s->masks, kt_str_get(&text), &shown);
        s->out->error = shown.error ? shown.error : s->out->error;
        kt_tar_add_file(s->out, path + 1, st.st_mode & 0777, kt_str_get(&shown), shown.len);
        s->stats.entries++;
}

/* All of folder that a row names; its last component may be a pattern. */
static int add_kept(struct snapshot *s, const char *folder, const struct kept *kept)
{
        const char *slash = strrchr(kept->path, '/');
        const char *pattern = slash ? slash + 1 : kept->path;
        char path[PATH_BYTES];
        char above[PATH_BYTES];
        KT_AUTO(names_done) struct names names = { 0 };
        int n = snprintf(path, sizeof(path), "%s%s%s", folder, folder[0] ? "/" : "", kept->path);
        int r;

        if (n < 0 || (size_t)n >= sizeof(path))
                return 0;
        if (!strchr(pattern, '*')) {
                add_file(s, path, kept->filter);
                return 0;
        }

        memcpy(above, path, sizeof(above));
        *strrchr(above, '/') = '\0';
        r = list(s->root, above, &names);
        for (size_t i = 0; r == 0 && i < names.count; i++) {
                n = snprintf(path, sizeof(path), "%s/%s", above, names.items[i]);
                if (n > 0 && (size_t)n < sizeof(path) && fnmatch(pattern, names.items[i], 0) == 0)
                        add_file(s, path, kept->filter);
        }
        return r;
}

static int add_all(struct snapshot *s, const char *folder, const struct kept *kept, size_t count)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < count; i++)
                r = add_kept(s, folder, &kept[i]);
        return r;
}

/* The target of a link, and as an absolute path where that leads. False when path is none. */
static bool follow(const struct kt_root *root, const char *path, char target[PATH_BYTES], char real[PATH_BYTES])
{
        KT_AUTO_FD int fd = kt_fs_open_in_root(root->fd, path, O_PATH | O_NOFOLLOW);
        ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, PATH_BYTES - 1);
        const char *rest = target;
        size_t len;

        if (n <= 0)
                return false;
        target[n] = '\0';
        (void)snprintf(real, PATH_BYTES, "%s", path); /* it came out of a buffer of that size */
        *strrchr(real, '/') = '\0';
        while (strncmp(rest, "..", 2) == 0 && strchr("/", rest[2]) && strrchr(real, '/')) {
                *strrchr(real, '/') = '\0';
                rest += rest[2] == '/' ? 3 : 2;
        }
        len = strlen(real);
        if (target[0] == '/' || strstr(rest, "..") || len + strlen(rest) + 2 > PATH_BYTES)
                return false;
        if (rest[0] != '\0')
                real[len++] = '/';
        memcpy(real + len, rest, strlen(rest) + 1);
        return true;
}

static bool add_link(struct snapshot *s, const char *path, char real[PATH_BYTES])
{
        char target[PATH_BYTES];

        if (!follow(s->root, path, target, real))
                return false;
        kt_tar_add_link(s->out, path + 1, target);
        s->stats.entries++;
        return true;
}

/* A folder of links, such as slaves/; it is there even when it is empty. */
static int add_links(struct snapshot *s, const char *folder)
{
        KT_AUTO(names_done) struct names names = { 0 };
        KT_AUTO_FD int fd = kt_fs_open_in_root(s->root->fd, folder, O_PATH | O_DIRECTORY);
        char path[PATH_BYTES];
        char real[PATH_BYTES];
        int r;

        if (fd < 0)
                return 0;
        kt_tar_add_dir(s->out, folder + 1);
        s->stats.entries++;
        r = list(s->root, folder, &names);
        for (size_t i = 0; r == 0 && i < names.count; i++) {
                int n = snprintf(path, sizeof(path), "%s/%s", folder, names.items[i]);

                if (n > 0 && (size_t)n < sizeof(path))
                        (void)add_link(s, path, real); /* what is no link is not of interest */
        }
        return r;
}

/* Two namespaces of one NVMe controller lead to the same hardware: the archive has it twice then, and equal. */
static int add_device(struct snapshot *s, const char *folder)
{
        char path[PATH_BYTES];
        char real[PATH_BYTES];
        int r;

        r = add_all(s, folder, device_files, KT_COUNT(device_files));
        for (size_t i = 0; r == 0 && i < KT_COUNT(device_folders); i++) {
                int n = snprintf(path, sizeof(path), "%s/%s", folder, device_folders[i]);

                if (n > 0 && (size_t)n < sizeof(path))
                        r = add_links(s, path);
        }
        for (size_t i = 0; r == 0 && i < KT_COUNT(device_links); i++) {
                int n = snprintf(path, sizeof(path), "%s/%s", folder, device_links[i]);

                if (n > 0 && (size_t)n < sizeof(path) && add_link(s, path, real) && i == 0)
                        r = add_all(s, real, hardware_files, KT_COUNT(hardware_files));
        }
        return r;
}

static int add_devices(struct snapshot *s)
{
        int r = 0;

        for (size_t folder = 0; r == 0 && folder < KT_COUNT(block_folders); folder++) {
                KT_AUTO(names_done) struct names names = { 0 };
                char path[PATH_BYTES];
                char real[PATH_BYTES];

                r = list(s->root, block_folders[folder], &names);
                for (size_t i = 0; r == 0 && i < names.count; i++) {
                        (void)snprintf(path, sizeof(path), "%s/%s", block_folders[folder], names.items[i]); /* fits */
                        if (add_link(s, path, real) && folder == 0)
                                r = add_device(s, real);
                }
        }
        return r;
}

static bool is_in_machine(const char *path)
{
        for (size_t i = 0; i < KT_COUNT(machine); i++)
                if (strcmp(machine[i].path, path) == 0)
                        return true;
        return false;
}

/* Files of rows, each once: several rows are lines of one. Those of processes and devices are elsewhere. */
static void add_rows(struct snapshot *s)
{
        for (size_t i = 0; i < kt_row_count(); i++) {
                const char *path = kt_row_at(i)->path;
                bool is_seen =
                        !path || path[0] != '/' || strstr(path, "PID") || strstr(path, "DEVICE") || is_in_machine(path);

                for (size_t k = 0; k < i && !is_seen; k++)
                        is_seen = kt_row_at(k)->path && strcmp(kt_row_at(k)->path, path) == 0;
                if (!is_seen)
                        add_file(s, path, keep_all);
        }
}

static int add_setters(struct snapshot *s)
{
        KT_AUTO(kt_setters_done) struct kt_setters setters = { 0 };
        int r = 0;

        for (size_t i = 0; r == 0 && i < kt_setters_sysctl_dir_count; i++)
                r = add_kept(s, kt_setters_sysctl_dirs[i], &(const struct kept){ "*.conf", keep_setters });
        if (r < 0)
                return r;

        /* Also profiles that set nothing themselves: they include others. */
        if (kt_setters_load(s->root, &setters, NULL) < 0)
                return 0; /* what cannot be read has been noted above */
        for (const char *at = kt_str_get(&setters.files), *end = at + setters.files.len; at < end; at += strlen(at) + 1)
                add_file(s, at, keep_setters);
        return 0;
}

/* ---- Processes: not their files, which hold secrets, but what is known of them, in the form of these files ---- */

static void add_text(struct snapshot *s, uint64_t pid, const char *name, const char *bytes, size_t len)
{
        char path[PATH_BYTES];

        (void)snprintf(path, sizeof(path), "proc/%" PRIu64 "/%s", pid, name); /* 20 digits at most */
        kt_tar_add_file(s->out, path, 0444, bytes, len);
        s->stats.entries++;
}

/* As many empty lines: what counts entries or lines finds the same number. */
static void add_lines(struct snapshot *s, uint64_t pid, const char *name, uint64_t count)
{
        KT_AUTO_FREE char *lines = count < LINES_MAX ? malloc((size_t)count + 1) : NULL;

        if (!lines)
                return;
        memset(lines, '\n', (size_t)count);
        add_text(s, pid, name, lines, (size_t)count);
}

static void add_process(struct snapshot *s, const struct kt_process *process, uint64_t uptime)
{
        static const struct {
                const char *text;
                size_t len;
        } arguments[KT_PROCESS_KIND_COUNT_] = {
                [KT_PROCESS_BROKER] = { "java\0kafka.Kafka", sizeof("java\0kafka.Kafka") },
                [KT_PROCESS_WAITING] = { "kafka-initc\0exec", sizeof("kafka-initc\0exec") },
                [KT_PROCESS_RUNTIME] = { "", 0 },
        };
        KT_AUTO_STR struct kt_str text = { 0 };
        char path[PATH_BYTES];

        kt_str_addf(&text, "%s\n", process->name);
        add_text(s, process->pid, "comm", kt_str_get(&text), text.len);
        add_text(s, process->pid, "cmdline", arguments[process->kind].text, arguments[process->kind].len);
        (void)snprintf(path, sizeof(path), "/proc/%" PRIu64 "/limits", process->pid); /* 20 digits at most */
        add_file(s, path, keep_all);
        if (process->unit[0] != '\0') {
                kt_str_clear(&text);
                kt_str_addf(&text, "0::/%s\n", process->unit);
                add_text(s, process->pid, "cgroup", kt_str_get(&text), text.len);
        }
        if (process->age_seconds <= uptime) {
                kt_str_clear(&text);
                kt_str_addf(&text, "%" PRIu64 " (%s) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 %" PRIu64 " 0\n",
                            process->pid, process->name, (uptime - process->age_seconds) * KT_PROCESS_TICKS_PER_SECOND);
                add_text(s, process->pid, "stat", kt_str_get(&text), text.len);
        }
        add_lines(s, process->pid, "fd", process->files_used);
        add_lines(s, process->pid, "maps", process->maps_used);
        s->out->error = text.error ? text.error : s->out->error;
}

static int add_processes(struct snapshot *s)
{
        KT_AUTO(kt_processes_done) struct kt_processes processes = { 0 };
        uint64_t uptime;
        int r;

        r = kt_processes_load(s->root, &processes, NULL);
        if (r < 0)
                return r;
        if (!kt_process_read_uptime(s->root, &uptime))
                uptime = 0;
        for (size_t i = 0; i < processes.count; i++)
                add_process(s, &processes.items[i], uptime);
        return 0;
}

/* Its flags about sysctls, as arguments; and its configuration where they say it is. */
static int add_kubelet(struct snapshot *s)
{
        KT_AUTO(kt_kubelet_done) struct kt_kubelet kubelet = { 0 };
        KT_AUTO_STR struct kt_str arguments = { 0 };
        const char *separator = "--allowed-unsafe-sysctls=";
        int r;

        r = kt_kubelet_load(s->root, &kubelet, NULL);
        if (r < 0)
                return r;
        for (size_t i = 0; i < kt_kubelet_own_count; i++)
                add_file(s, kt_kubelet_owns[i].path, keep_all);
        if (strcmp(kubelet.config, KT_KUBELET_CONFIG) != 0)
                add_file(s, kubelet.config, keep_kubelet);
        if (kubelet.pid == 0)
                return 0;

        kt_str_add_bytes(&arguments, "kubelet", sizeof("kubelet"));
        kt_str_addf(&arguments, "--config=%s", kubelet.config);
        kt_str_add_bytes(&arguments, "", 1);
        kt_str_addf(&arguments, "--protect-kernel-defaults=%s", kubelet.protects ? "true" : "false");
        kt_str_add_bytes(&arguments, "", 1);
        for (const char *at = kt_str_get(&kubelet.allowed), *end = at + kubelet.allowed.len; at < end;
             at += strlen(at) + 1, separator = ",")
                kt_str_addf(&arguments, "%s%s", separator, at);
        if (kubelet.allowed.len > 0)
                kt_str_add_bytes(&arguments, "", 1);
        add_text(s, kubelet.pid, "comm", "kubelet\n", strlen("kubelet\n"));
        add_text(s, kubelet.pid, "cmdline", kt_str_get(&arguments), arguments.len);
        s->out->error = arguments.error ? arguments.error : s->out->error;
        return 0;
}

static int collect(struct snapshot *s, uint64_t pid)
{
        char path[PATH_BYTES];
        int r;

        r = add_all(s, "", machine, KT_COUNT(machine));
        if (r < 0)
                return r;
        if (pid > 1) {
                (void)snprintf(path, sizeof(path), "/proc/%" PRIu64 "/limits", pid); /* 20 digits at most */
                add_file(s, path, keep_all);
        }
        add_rows(s);
        r = add_processes(s);
        if (r == 0)
                r = add_kubelet(s);
        if (r == 0)
                r = add_setters(s);
        if (r == 0)
                r = add_devices(s);
        if (r == 0 && s->errors.len > 0)
                kt_tar_add_file(s->out, "ERRORS", 0644, kt_str_get(&s->errors), s->errors.len);
        return r;
}

int kt_snapshot_make(const struct kt_root *root, uint64_t pid, struct kt_str *out, struct kt_snapshot_stats *ret,
                     struct kt_err *e)
{
        struct snapshot s = { .root = root, .out = out };
        int r;

        r = collect(&s, pid);
        kt_tar_finish(out);
        if (r == 0)
                r = kt_str_error(out) | kt_str_error(&s.masks) | kt_str_error(&s.errors) ? -ENOMEM : 0;
        if (r == 0 && out->len > ARCHIVE_MAX)
                r = -E2BIG;
        for (size_t i = 0; i < s.masks.len; i++)
                s.stats.masked += s.masks.data[i] == '\0';
        kt_str_done(&s.masks);
        kt_str_done(&s.errors);
        if (r < 0)
                return kt_err_set(e, r, "take a snapshot");

        *ret = s.stats;
        return 0;
}

/* ---- The verb ---- */

static int write_archive(const char *path, const struct kt_str *archive, struct kt_err *e)
{
        /* Root may well stand in /tmp: what somebody else laid there is not written through. */
        KT_AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
        int r;

        if (fd < 0 && errno == ELOOP)
                return kt_err_set(e, -EINVAL, "create %s: it is a link, and where that leads is not overwritten", path);
        if (fd < 0)
                return kt_err_set(e, -errno, "create %s", path);
        r = kt_fs_write_all(fd, kt_str_get(archive), archive->len);
        if (r == 0 && close(kt_take_fd(&fd)) < 0)
                r = -errno;
        return r < 0 ? kt_err_set(e, r, "write %s", path) : 0;
}

static void describe(const char *path, const struct kt_str *archive, const struct kt_snapshot_stats *stats,
                     struct kt_str *out)
{
        char size[KT_NUM_TEXT_MAX];

        kt_str_addf(out, "%s: %zu entries, %s", path, stats->entries, kt_num_format_binary(archive->len, size));
        if (stats->unreadable > 0)
                kt_str_addf(out, ", %zu of them could not be read", stats->unreadable);
        kt_str_addf(out,
                    "\nmasked: %zu serial numbers and servers; left out: host name, kernel command line, environment\n"
                    "Next: mkdir node && tar -xf %s -C node && kafka-tuner check --sysroot node\n",
                    stats->masked, path);
}

static void describe_json(const char *path, const struct kt_str *archive, const struct kt_snapshot_stats *stats,
                          struct kt_json *document)
{
        kt_json_text(document, "file", path);
        kt_json_count(document, "bytes", archive->len);
        kt_json_count(document, "entries", stats->entries);
        kt_json_count(document, "masked", stats->masked);
        kt_json_count(document, "unreadable", stats->unreadable);
}

static int report(const struct kt_tuner_args *args, const char *path, const struct kt_str *archive,
                  const struct kt_snapshot_stats *stats)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_json *document;
        int r;

        if (args->output != KT_OUTPUT_JSON) {
                describe(path, archive, stats, &out);
                return kt_tuner_finish(&out, kt_str_error(&out), KT_EXIT_OK);
        }
        document = kt_json_new("SnapshotReport");
        describe_json(path, archive, stats, document);
        r = kt_json_render(document, &out);
        kt_json_free(document);
        return kt_tuner_finish(&out, r, KT_EXIT_OK);
}

int kt_tuner_snapshot(void *opaque)
{
        const struct kt_tuner_args *args = opaque;
        const char *path = args->operands && args->operands[0] ? args->operands[0] : "kafka-tuner-snapshot.tar";
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO_STR struct kt_str archive = { 0 };
        struct kt_snapshot_stats stats = { 0 };
        struct kt_err e = { 0 };
        uint64_t pid = 0;

        if (kt_tuner_parse_pid(args->pid, &pid, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_USAGE);
        if (args->operands && args->operands[0] && args->operands[1]) {
                (void)kt_err_set(&e, -EINVAL, "one file at a time: %s is too many", args->operands[1]);
                return kt_tuner_fail(&e, KT_EXIT_USAGE);
        }
        if (kt_root_open(args->sysroot, &root, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_USAGE);
        if (kt_snapshot_make(&root, pid, &archive, &stats, &e) < 0 || write_archive(path, &archive, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_FAILED);
        return report(args, path, &archive, &stats);
}
