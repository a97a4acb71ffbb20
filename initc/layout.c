/* SPDX-License-Identifier: Apache-2.0 */
/* Which directory of each volume is the broker's log dir. */
#include "initc/layout.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/text/str.h"

void kt_layout_done(struct kt_layout *layout)
{
        for (size_t i = 0; i < layout->count; i++)
                free(layout->items[i].path);
        free(layout->items);
        *layout = (struct kt_layout){ 0 };
}

struct kt_log_dir *kt_layout_log_dir(const struct kt_layout_dir *item)
{
        return &item->volume->log_dirs[item->index];
}

static int add(struct kt_layout *layout, size_t *cap, struct kt_volume *volume, const char *name)
{
        struct kt_log_dir *dir = kt_volume_add_log_dir(volume, name);
        char *path = strcmp(name, ".") == 0 ? strdup(volume->path) : kt_str_make("%s/%s", volume->path, name);

        if (!dir || !path || kt_array_reserve(&layout->items, cap, layout->count + 1, sizeof(*layout->items)) < 0) {
                free(path);
                return -ENOMEM;
        }

        layout->items[layout->count++] =
                (struct kt_layout_dir){ .volume = volume, .index = (size_t)(dir - volume->log_dirs), .path = path };
        return 0;
}

/* ---- the user's own log.dirs ---- */

/* True for "/a/../b" and "/a/..". */
static bool has_parent(const char *path)
{
        for (const char *at = strstr(path, "/.."); at; at = strstr(at + 1, "/.."))
                if (at[3] == '/' || at[3] == '\0')
                        return true;
        return false;
}

bool kt_layout_make_plain(char *path)
{
        char *out = path;

        if (path[0] != '/' || has_parent(path))
                return false;
        for (const char *in = path; *in;) {
                size_t len;

                in += strspn(in, "/");
                len = strcspn(in, "/");
                if (len > 0 && !(len == 1 && in[0] == '.')) {
                        *out++ = '/';
                        memmove(out, in, len);
                        out += len;
                }
                in += len;
        }
        *out = '\0';
        return true;
}

/* The part of path below base: "." for base itself, NULL when it is elsewhere. */
static const char *name_below(const char *base, const char *path)
{
        size_t len = strlen(base);

        if (strncmp(path, base, len) != 0)
                return NULL;
        if (path[len] == '\0')
                return ".";
        return path[len] == '/' ? path + len + 1 : NULL;
}

static void complain(struct kt_findings *findings, const char *id, const struct kt_property *property,
                     const char *format, ...) KT_PRINTF(4, 5);

static void complain(struct kt_findings *findings, const char *id, const struct kt_property *property,
                     const char *format, ...)
{
        const struct kt_finding head = { .level = KT_LEVEL_ERROR,
                                         .id = id,
                                         .key = property->key,
                                         .value = property->value,
                                         .source = property->source,
                                         .next = "leave log.dirs out, or name a folder on one of storage.volumes" };
        va_list args;

        va_start(args, format);
        kt_findings_vadd(findings, &head, format, args);
        va_end(args);
}

/* Kafka takes one log dir twice for an error, and one inside another for a folder that is no partition. */
static const char *find_overlap(const struct kt_layout *layout, const char *path)
{
        for (size_t i = 0; i < layout->count; i++)
                if (name_below(layout->items[i].path, path) || name_below(path, layout->items[i].path))
                        return layout->items[i].path;
        return NULL;
}

static int add_given(struct kt_volumes *volumes, const struct kt_property *property, char *path,
                     struct kt_layout *layout, size_t *cap, struct kt_findings *findings)
{
        bool is_usable = kt_layout_make_plain(path);
        const char *other = is_usable ? find_overlap(layout, path) : NULL;

        if (other) {
                complain(findings, "log-dir-twice", property, "'%s' holds %s and %s: one is the other, or in it",
                         property->key, other, path);
                return 0;
        }
        for (size_t i = 0; is_usable && i < volumes->count; i++) {
                const char *name = name_below(volumes->items[i].path, path);

                if (name)
                        return add(layout, cap, &volumes->items[i], name);
        }
        complain(findings, "log-dir-beside-volume", property,
                 "'%s' holds %s, which is on none of the volumes: the data would not be kept", property->key, path);
        return 0;
}

/* Elements are cut at commas and lose the blanks around them, as Kafka does it (Csv.parseCsvList). */
static int choose_given(struct kt_volumes *volumes, const struct kt_property *property, struct kt_layout *layout,
                        struct kt_findings *findings)
{
        static const char blanks[] = " \t\r\n";
        const char *rest = property->value;
        bool is_empty = true;
        size_t cap = 0;

        layout->is_given = true;
        while (*rest) {
                const char *start = rest + strspn(rest, blanks);
                size_t len = strcspn(start, ",");
                KT_AUTO_FREE char *path = NULL;
                int r;

                rest = start + len;
                rest += *rest == ',';
                while (len > 0 && strchr(blanks, start[len - 1]))
                        len--;
                if (len == 0)
                        continue;

                is_empty = false;
                path = strndup(start, len);
                r = path ? add_given(volumes, property, path, layout, &cap, findings) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        if (is_empty)
                complain(findings, "log-dir-none", property, "'%s' is set, but names no folder", property->key);
        return 0;
}

/* ---- our own choice ---- */

/* What may hold data comes before a folder that only has the right name: an empty kafka-log0 must not hide what the
 * node wrote elsewhere on the volume. */
static const char *choose_name(const struct kt_volume *volume, const struct kt_identity *identity, const char *ours)
{
        const struct kt_log_dir *named = kt_volume_log_dir(volume, ours);
        const struct kt_log_dir *chosen = NULL;

        if (named && named->has_meta)
                return ours;
        for (size_t i = 0; i < volume->log_dir_count; i++) {
                const struct kt_log_dir *dir = &volume->log_dirs[i];
                bool is_mine = dir->is_meta_readable && dir->meta.has_node_id && dir->meta.node_id == identity->node_id;

                if (is_mine)
                        return dir->name;
                if (!chosen && (dir->has_meta || strcmp(dir->name, ".") == 0))
                        chosen = dir;
        }
        return chosen ? chosen->name : ours;
}

int kt_layout_choose(struct kt_volumes *volumes, const struct kt_identity *identity,
                     const struct kt_properties *properties, struct kt_layout *ret, struct kt_findings *findings,
                     struct kt_err *e)
{
        KT_AUTO(kt_layout_done) struct kt_layout layout = { 0 };
        const struct kt_property *given = kt_properties_find(properties, "log.dirs");
        char ours[32];
        size_t cap = 0;
        int r = 0;

        if (!given)
                given = kt_properties_find(properties, "log.dir");

        (void)snprintf(ours, sizeof(ours), "kafka-log%d", identity->node_id); /* always fits */
        if (given)
                r = choose_given(volumes, given, &layout, findings);
        for (size_t i = 0; !given && r == 0 && i < volumes->count; i++)
                r = add(&layout, &cap, &volumes->items[i], choose_name(&volumes->items[i], identity, ours));
        if (r < 0)
                return kt_err_set(e, r, "choose the log dirs");

        *ret = layout;
        layout = (struct kt_layout){ 0 };
        return 0;
}
