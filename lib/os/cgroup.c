/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of the own control group. */
#include "lib/os/cgroup.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/os/mounts.h"
#include "lib/text/num.h"

enum {
        GROUP_FILE_MAX = 1 << 20, /* one line per hierarchy, each path below 4096 bytes */
        VALUE_MAX = 128,          /* two numbers and a blank */
        CONTROLLERS_MAX = 1024,   /* cgroup.controllers names about ten */
};

/* No limit in version 1 is LONG_MAX rounded down to whole pages (mm/page_counter.c); arm64 has pages of up to 64
 * KiB. */
static const uint64_t v1_no_limit = (uint64_t)INT64_MAX & ~(uint64_t)0xffff;

/* Where the own group is in one hierarchy: dir is the mount's target or a directory below it. */
struct place {
        struct kt_str dir;
        size_t top_length; /* of dir's first bytes, the mount's target */
};

static void place_done(struct place *place)
{
        kt_str_done(&place->dir);
}

/* Reads one control file of dir. 1: *ret is set; 0: there is no such file; or an error that names the file. */
static int read_value(const struct kt_root *root, const char *dir, const char *file, char buf[VALUE_MAX],
                      struct kt_str *path, struct kt_err *e)
{
        int r;

        kt_str_clear(path);
        kt_str_addf(path, "%s/%s", strcmp(dir, "/") == 0 ? "" : dir, file);
        if (kt_str_error(path) < 0)
                return kt_err_set(e, -ENOMEM, "read %s of the own control group", file);

        r = kt_root_read(root, kt_str_get(path), buf, VALUE_MAX);
        if (r == -ENOENT || r == -ENOTDIR)
                return 0;
        return r < 0 ? kt_err_set(e, r, "read %s", kt_str_get(path)) : 1;
}

static int garbage(const struct kt_str *path, const char *value, struct kt_err *e)
{
        return kt_err_set(e, -EBADMSG, "%s holds '%s', which is no limit", kt_str_get(path), value);
}

static int read_memory(const struct kt_root *root, const char *dir, const char *file, uint64_t *ret, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str path = { 0 };
        char text[VALUE_MAX];
        uint64_t bytes;
        int r;

        r = read_value(root, dir, file, text, &path, e);
        if (r <= 0)
                return r;

        if (strcmp(text, "max") == 0)
                bytes = KT_CGROUP_UNLIMITED;
        else if (kt_num_parse_u64(text, &bytes) < 0)
                return garbage(&path, text, e);
        *ret = bytes >= v1_no_limit ? KT_CGROUP_UNLIMITED : bytes;
        return 1;
}

static int read_memory_v2(const struct kt_root *root, const char *dir, uint64_t *ret, struct kt_err *e)
{
        return read_memory(root, dir, "memory.max", ret, e);
}

static int read_memory_v1(const struct kt_root *root, const char *dir, uint64_t *ret, struct kt_err *e)
{
        return read_memory(root, dir, "memory.limit_in_bytes", ret, e);
}

/* Thousandths of a CPU out of microseconds per period, rounded down; false when these are no such numbers. */
static bool parse_share(const char *quota, const char *period, const char *no_limit, uint64_t *ret)
{
        uint64_t quota_us;
        uint64_t period_us;

        if (kt_num_parse_u64_in(period, 1, UINT64_MAX, &period_us) < 0)
                return false;
        if (strcmp(quota, no_limit) == 0) {
                *ret = KT_CGROUP_UNLIMITED;
                return true;
        }
        if (kt_num_parse_u64_in(quota, 0, UINT64_MAX / 1000, &quota_us) < 0)
                return false;

        *ret = quota_us * 1000 / period_us;
        return true;
}

static int read_cpu_v2(const struct kt_root *root, const char *dir, uint64_t *ret, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str path = { 0 };
        char text[VALUE_MAX];
        char *space;
        int r;

        r = read_value(root, dir, "cpu.max", text, &path, e);
        if (r <= 0)
                return r;

        space = strchr(text, ' ');
        if (!space)
                return garbage(&path, text, e);
        *space = '\0';
        if (parse_share(text, space + 1, "max", ret))
                return 1;
        *space = ' ';
        return garbage(&path, text, e);
}

static int read_cpu_v1(const struct kt_root *root, const char *dir, uint64_t *ret, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str quota_path = { 0 };
        KT_AUTO_STR struct kt_str period_path = { 0 };
        char quota[VALUE_MAX];
        char period[VALUE_MAX];
        int r;

        r = read_value(root, dir, "cpu.cfs_quota_us", quota, &quota_path, e);
        if (r <= 0)
                return r;
        r = read_value(root, dir, "cpu.cfs_period_us", period, &period_path, e);
        if (r <= 0)
                return r;

        if (kt_num_parse_u64_in(period, 1, UINT64_MAX, ret) < 0)
                return garbage(&period_path, period, e);
        return parse_share(quota, period, "-1", ret) ? 1 : garbage(&quota_path, quota, e);
}

/* One limit in one version of control groups. */
struct limit_row {
        const char *controller;
        int version;
        size_t offset; /* of its value in struct kt_cgroup */
        int (*read)(const struct kt_root *root, const char *dir, uint64_t *ret, struct kt_err *e);
};

static const struct limit_row limit_rows[] = {
        { "memory", 1, offsetof(struct kt_cgroup, memory_bytes), read_memory_v1 },
        { "memory", 2, offsetof(struct kt_cgroup, memory_bytes), read_memory_v2 },
        { "cpu", 1, offsetof(struct kt_cgroup, cpu_millicores), read_cpu_v1 },
        { "cpu", 2, offsetof(struct kt_cgroup, cpu_millicores), read_cpu_v2 },
};

/* True when word stands in the list, whose words are parted by one of the characters and ended by one of ends. */
static bool has_word(const char *list, const char *parted, const char *ends, const char *word)
{
        size_t len = strlen(word);

        for (;;) {
                size_t n = strcspn(list, parted);

                n = n < strcspn(list, ends) ? n : strcspn(list, ends);
                if (n == len && memcmp(list, word, len) == 0)
                        return true;
                if (list[n] == '\0' || strchr(ends, list[n]))
                        return false;
                list += n + 1;
        }
}

/* Appends the group's path out of a line "7:cpu,cpuacct:/path" (version 1) or "0::/path" (version 2) of
 * /proc/self/cgroup. 1 when there is such a line, 0 when not, -EBADMSG when a line is none. */
static int find_group(const char *text, const struct limit_row *row, struct kt_str *path)
{
        for (const char *line = text; *line != '\0';) {
                const char *end = line + strcspn(line, "\n");
                const char *controllers = memchr(line, ':', (size_t)(end - line));
                const char *group = controllers ? memchr(controllers + 1, ':', (size_t)(end - controllers - 1)) : NULL;

                if (!group || group + 1 == end || group[1] != '/')
                        return -EBADMSG;
                if (row->version == 2 ? group == controllers + 1
                                      : has_word(controllers + 1, ",", ":", row->controller)) {
                        kt_str_add_bytes(path, group + 1, (size_t)(end - group - 1));
                        return 1;
                }
                line = *end == '\n' ? end + 1 : end;
        }
        return 0;
}

/* What of group lies below the mount's root; NULL when the mount does not show it. A path that leaves a cgroup
 * namespace upwards ("/../x", cgroup_namespaces(7)) is shown by none. */
static const char *below(const char *mount_root, const char *group)
{
        size_t len = strcmp(mount_root, "/") == 0 ? 0 : strlen(mount_root);

        if (strncmp(group, "/../", 4) == 0 || strcmp(group, "/..") == 0 || strncmp(mount_root, group, len) != 0)
                return NULL;
        return group[len] == '/' || group[len] == '\0' ? group + len : NULL;
}

static bool is_hierarchy(const struct kt_mount *mount, const struct limit_row *row)
{
        if (row->version == 2)
                return strcmp(mount->fstype, "cgroup2") == 0;
        return strcmp(mount->fstype, "cgroup") == 0 && kt_mount_has_option(mount, row->controller);
}

/* The mount that shows group and most of what is above it, otherwise any one of the hierarchy. */
static const struct kt_mount *find_mount(const struct kt_mounts *mounts, const struct limit_row *row, const char *group)
{
        const struct kt_mount *best = NULL;
        bool best_shows = false;

        for (size_t i = 0; i < mounts->count; i++) {
                const struct kt_mount *mount = &mounts->items[i];
                bool shows = below(mount->root, group) != NULL;

                if (!is_hierarchy(mount, row) || kt_mounts_at(mounts, mount->target) != mount || shows < best_shows)
                        continue;
                if (!best || shows > best_shows || strlen(mount->root) < strlen(best->root)) {
                        best = mount;
                        best_shows = shows;
                }
        }
        return best;
}

/* 1: *ret is where the own group is; 0: this hierarchy is not there. */
static int find_place(const char *groups, const struct kt_mounts *mounts, const struct limit_row *row,
                      struct place *ret, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str group = { 0 };
        const struct kt_mount *mount;
        const char *rest;
        int r;

        r = find_group(groups, row, &group);
        if (r < 0)
                return kt_err_set(e, r, "/proc/self/cgroup is not as cgroups(7) says");
        if (r > 0 && kt_str_error(&group) < 0)
                return kt_err_set(e, -ENOMEM, "find the own control group");

        mount = r > 0 ? find_mount(mounts, row, kt_str_get(&group)) : NULL;
        if (!mount)
                return 0;

        rest = below(mount->root, kt_str_get(&group));
        kt_str_add(&ret->dir, mount->target);
        ret->top_length = ret->dir.len;
        if (rest && strcmp(rest, "/") != 0)
                kt_str_add(&ret->dir, rest);
        return kt_str_error(&ret->dir) < 0 ? kt_err_set(e, -ENOMEM, "find the own control group") : 1;
}

/* Cuts the last component of dir off; false at the top. */
static bool go_up(struct place *place)
{
        struct kt_str *dir = &place->dir;

        if (dir->len <= place->top_length)
                return false;

        do
                dir->len--;
        while (dir->len > place->top_length && dir->data[dir->len] != '/');
        dir->data[dir->len] = '\0';
        return true;
}

/* Version 2 names the controllers of a group there; its top has no memory.max on the node itself. */
static bool top_has_controller(const struct kt_root *root, const char *top, const char *controller)
{
        KT_AUTO_STR struct kt_str path = { 0 };
        char controllers[CONTROLLERS_MAX];

        kt_str_addf(&path, "%s/cgroup.controllers", top);
        return kt_str_error(&path) == 0 &&
               kt_root_read(root, kt_str_get(&path), controllers, sizeof(controllers)) >= 0 &&
               has_word(controllers, " ", "\n", controller);
}

/* Takes the least value from the group up to the mount's top. 1: this hierarchy has the controller; 0: it has not. */
static int read_row(const struct kt_root *root, const char *groups, const struct kt_mounts *mounts,
                    const struct limit_row *row, uint64_t *least, struct kt_err *e)
{
        KT_AUTO(place_done) struct place place = { 0 };
        bool found = false;
        int r;

        r = find_place(groups, mounts, row, &place, e);
        if (r <= 0)
                return r;

        do {
                uint64_t value = KT_CGROUP_UNLIMITED;

                r = row->read(root, kt_str_get(&place.dir), &value, e);
                if (r < 0)
                        return r;
                found |= r > 0;
                *least = value < *least ? value : *least;
        } while (go_up(&place));
        return found || top_has_controller(root, kt_str_get(&place.dir), row->controller);
}

int kt_cgroup_read(const struct kt_root *root, struct kt_cgroup *ret, struct kt_err *e)
{
        struct kt_cgroup limits = { .memory_bytes = KT_CGROUP_UNLIMITED, .cpu_millicores = KT_CGROUP_UNLIMITED };
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };
        KT_AUTO_STR struct kt_str groups = { 0 };
        int r;

        r = kt_root_read_all(root, "/proc/self/cgroup", GROUP_FILE_MAX, &groups);
        if (r == -ENOENT) { /* a kernel without CONFIG_CGROUPS */
                *ret = limits;
                return 0;
        }
        if (r < 0)
                return kt_err_set(e, r, "read /proc/self/cgroup");
        r = kt_mounts_load(root, NULL, &mounts, e);
        if (r < 0)
                return r;

        for (size_t i = 0; i < KT_COUNT(limit_rows); i++) {
                const struct limit_row *row = &limit_rows[i];
                uint64_t least = KT_CGROUP_UNLIMITED;

                r = read_row(root, kt_str_get(&groups), &mounts, row, &least, e);
                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                memcpy((char *)&limits + row->offset, &least, sizeof(least));
                if (row->offset == offsetof(struct kt_cgroup, memory_bytes))
                        limits.version = row->version;
        }

        *ret = limits;
        return 0;
}
