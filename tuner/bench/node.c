/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of the kernel, read as text. */
#include "tuner/bench/node.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "lib/os/cgroup.h"
#include "lib/os/fs.h"
#include "lib/text/num.h"
#include "lib/text/str.h"

enum {
        FILE_MAX = 1 << 20, /* a node with 1,000 disks has 150 KiB of diskstats */
        SECTOR = 512,       /* of diskstats, whatever the disk's is (Documentation/admin-guide/iostats.rst) */
        FIELD_NAME = 3,
        FIELD_SECTORS_READ = 6,
        FIELD_SECTORS_WRITTEN = 10,
};

/* ---- Text ---- */

/* The field-th word of the line, from 1; false when it is not there or too long. */
static bool word_at(const char *line, unsigned field, char *buf, size_t size)
{
        const char *at = line;
        size_t len = 0;

        for (unsigned i = 1; i <= field; i++) {
                at += len;
                at += strspn(at, " ");
                len = strcspn(at, " \n");
        }
        if (len == 0 || len >= size)
                return false;
        memcpy(buf, at, len);
        buf[len] = '\0';
        return true;
}

static uint64_t number_at(const char *line, unsigned field)
{
        char text[KT_NUM_TEXT_MAX];
        uint64_t value = 0;

        return word_at(line, field, text, sizeof(text)) && kt_num_parse_u64(text, &value) == 0 ? value : 0;
}

static const char *next_line(const char *line)
{
        const char *end = strchr(line, '\n');

        return end ? end + 1 : line + strlen(line);
}

uint64_t kt_node_disk_bytes(const char *text, bool (*counts)(const void *context, const char *name),
                            const void *context)
{
        char name[KT_DEVICE_NAME_MAX];
        uint64_t sectors = 0;

        for (const char *line = text; *line != '\0'; line = next_line(line))
                if (word_at(line, FIELD_NAME, name, sizeof(name)) && counts(context, name))
                        sectors += number_at(line, FIELD_SECTORS_READ) + number_at(line, FIELD_SECTORS_WRITTEN);
        return sectors * SECTOR;
}

bool kt_node_throttled(const char *text, uint64_t *ret)
{
        char word[KT_NUM_TEXT_MAX];

        for (const char *line = text; *line != '\0'; line = next_line(line))
                if (word_at(line, 1, word, sizeof(word)) && strcmp(word, "nr_throttled") == 0) {
                        *ret = number_at(line, 2);
                        return true;
                }
        return false;
}

/* The number behind "NAME:" of /proc/meminfo, in bytes; 0 when there is none. */
static uint64_t memory_of(const char *text, const char *name)
{
        char word[KT_NUM_TEXT_MAX];

        for (const char *line = text; *line != '\0'; line = next_line(line))
                if (word_at(line, 1, word, sizeof(word)) && strcmp(word, name) == 0)
                        return number_at(line, 2) * 1024;
        return 0;
}

/* ---- The own control group ---- */

/* Fills the path of the group of version 2, or of version 1's cpu controller, behind the colon; "/" when unknown. */
static void own_group(const struct kt_root *root, struct kt_str *ret)
{
        KT_AUTO_STR struct kt_str groups = { 0 };
        const char *found = NULL;

        if (kt_root_read_all(root, "/proc/self/cgroup", FILE_MAX, &groups) < 0)
                return;
        for (const char *line = kt_str_get(&groups); *line != '\0'; line = next_line(line)) {
                const char *colon = strchr(line, ':');
                const char *path = colon ? strchr(colon + 1, ':') : NULL;

                if (path && path < next_line(line) &&
                    (strncmp(line, "0::", 3) == 0 || strstr(colon, "cpu") == colon + 1))
                        found = path + 1;
        }
        if (found)
                kt_str_add_bytes(ret, found, strcspn(found, "\n"));
}

static bool read_throttled(const struct kt_root *root, uint64_t *ret)
{
        static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct" };
        KT_AUTO_STR struct kt_str group = { 0 };

        own_group(root, &group);
        for (size_t i = 0; i < KT_COUNT(places) * 2; i++) {
                KT_AUTO_STR struct kt_str path = { 0 };
                KT_AUTO_STR struct kt_str text = { 0 };

                /* First as the node names the group, then as a cgroup namespace shows it. */
                kt_str_addf(&path, "%s%s/cpu.stat", places[i / 2], i % 2 == 0 ? kt_str_get(&group) : "");
                if (kt_str_error(&path) == 0 && kt_root_read_all(root, kt_str_get(&path), FILE_MAX, &text) == 0 &&
                    kt_node_throttled(kt_str_get(&text), ret))
                        return true;
        }
        return false;
}

double kt_node_cpus(const struct kt_root *root)
{
        struct kt_cgroup group = { .cpu_millicores = KT_CGROUP_UNLIMITED };
        struct kt_err e = { 0 };
        cpu_set_t set;
        double cpus = 1;

        if (sched_getaffinity(0, sizeof(set), &set) == 0)
                cpus = CPU_COUNT(&set);
        if (kt_cgroup_read(root, &group, &e) == 0 && (double)group.cpu_millicores < cpus * 1000)
                cpus = (double)group.cpu_millicores / 1000;
        return cpus > 0.001 ? cpus : 0.001;
}

/* ---- Disks ---- */

struct disks {
        const struct kt_root *root;
        const struct kt_disk_volume *volumes;
        size_t count;
};

static bool is_top_of_ours(const void *context, const char *name)
{
        const struct disks *disks = context;

        for (size_t v = 0; v < disks->count; v++)
                if (strcmp(disks->volumes[v].target.device, name) == 0)
                        return true;
        return false;
}

static bool is_below_ours(const struct disks *disks, const char *name)
{
        for (size_t v = 0; v < disks->count; v++)
                for (size_t i = 0; i < disks->volumes[v].target.device_count; i++)
                        if (strcmp(disks->volumes[v].target.devices[i].name, name) == 0)
                                return true;
        return false;
}

/* What has no disk of its own: its bytes are counted where they end up, or in memory. */
static bool is_layer(const char *name)
{
        static const char *const prefixes[] = { "dm-", "md", "loop", "ram", "zram", "sr", "fd", "nbd" };

        for (size_t i = 0; i < KT_COUNT(prefixes); i++)
                if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
                        return true;
        return false;
}

static bool is_other_disk(const void *context, const char *name)
{
        const struct disks *disks = context;
        char path[KT_DEVICE_NAME_MAX + 64];
        char text[8];

        if (is_layer(name) || is_below_ours(disks, name))
                return false;
        (void)snprintf(path, sizeof(path), "/sys/class/block/%s/partition", name); /* fits */
        return kt_root_read(disks->root, path, text, sizeof(text)) == -ENOENT;
}

static bool has_loop(const struct disks *disks)
{
        for (size_t v = 0; v < disks->count; v++)
                for (size_t i = 0; i < disks->volumes[v].target.device_count; i++)
                        if (strncmp(disks->volumes[v].target.devices[i].name, "loop", 4) == 0)
                                return true;
        return false;
}

static void read_disks(const struct disks *disks, struct kt_node_sample *ret)
{
        KT_AUTO_STR struct kt_str text = { 0 };

        if (kt_root_read_all(disks->root, "/proc/diskstats", FILE_MAX, &text) < 0)
                return;
        for (size_t v = 0; v < disks->count; v++)
                if (disks->volumes[v].target.device[0] == '\0')
                        return;
        ret->has_disks = true;
        ret->target_bytes = kt_node_disk_bytes(kt_str_get(&text), is_top_of_ours, disks);
        if (!has_loop(disks))
                ret->other_bytes = kt_node_disk_bytes(kt_str_get(&text), is_other_disk, disks);
}

void kt_node_sample(const struct kt_root *root, const struct kt_disk_volume *volumes, size_t count, uint64_t own_bytes,
                    struct kt_node_sample *ret)
{
        const struct disks disks = { .root = root, .volumes = volumes, .count = count };
        struct timespec now;
        struct rusage usage;

        *ret = (struct kt_node_sample){ .own_bytes = own_bytes };
        (void)clock_gettime(CLOCK_MONOTONIC, &now); /* neither can fail with these arguments */
        (void)getrusage(RUSAGE_SELF, &usage);
        ret->at_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
        ret->cpu_ns = ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
                      ((int64_t)usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
        ret->has_throttled = read_throttled(root, &ret->throttled);
        read_disks(&disks, ret);
}

/* How much a counter grew: one that fell belonged to what is gone, a disk that was detached for one. */
static uint64_t grown(uint64_t before, uint64_t after)
{
        return after > before ? after - before : 0;
}

void kt_node_compare(const struct kt_node_sample *before, const struct kt_node_sample *after, double cpus,
                     struct kt_disk_node *node)
{
        const double wall = (double)(after->at_ns - before->at_ns);
        const uint64_t own = grown(before->own_bytes, after->own_bytes);
        double busy = wall > 0 ? (double)(after->cpu_ns - before->cpu_ns) / wall / cpus : 0;

        node->cpu_busy = busy > node->cpu_busy ? busy : node->cpu_busy;
        if (before->has_throttled && after->has_throttled) {
                node->has_throttle_count = true;
                node->throttled += grown(before->throttled, after->throttled);
        }
        if (before->has_disks && after->has_disks) {
                uint64_t target = grown(before->target_bytes, after->target_bytes);
                uint64_t others = grown(before->other_bytes, after->other_bytes) + grown(own, target);
                double share = own > 0 ? (double)others / (double)own : 0;

                node->has_other_traffic = true;
                node->other_bytes += others;
                node->other_share = share > node->other_share ? share : node->other_share;
        }
}

/* ---- Dirty memory ---- */

uint64_t kt_node_dirty_limit(const struct kt_root *root, bool *ret_is_of_group)
{
        KT_AUTO_STR struct kt_str meminfo = { 0 };
        struct kt_cgroup group = { .memory_bytes = KT_CGROUP_UNLIMITED };
        struct kt_err e = { 0 };
        uint64_t bytes = 0;
        uint64_t ratio = 0;
        uint64_t available;

        *ret_is_of_group = false;
        if (kt_root_read_u64(root, "/proc/sys/vm/dirty_bytes", &bytes, &e) == 0 && bytes > 0)
                return bytes;
        kt_err_clear(&e);
        if (kt_root_read_u64(root, "/proc/sys/vm/dirty_ratio", &ratio, &e) < 0 ||
            kt_root_read_all(root, "/proc/meminfo", FILE_MAX, &meminfo) < 0)
                return 0;

        available = memory_of(kt_str_get(&meminfo), "MemAvailable:");
        kt_err_clear(&e);
        if (kt_cgroup_read(root, &group, &e) == 0 && group.memory_bytes < available) {
                available = group.memory_bytes;
                *ret_is_of_group = true;
        }
        return available / 100 * ratio;
}
