/* SPDX-License-Identifier: Apache-2.0 */
/* Which directory of each volume is the broker's log dir. */
#include "initc/layout.h"

#include <errno.h>
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

/* The part of path below the volume: "." for the volume itself, NULL when it is elsewhere. */
static const char *name_below(const struct kt_volume *volume, const char *path)
{
        size_t len = strlen(volume->path);

        if (strncmp(path, volume->path, len) != 0)
                return NULL;
        if (path[len] == '\0')
                return ".";
        return path[len] == '/' && path[len + 1] != '\0' ? path + len + 1 : NULL;
}

static int add_given(struct kt_volumes *volumes, const struct kt_property *property, const char *path,
                     struct kt_layout *layout, size_t *cap, struct kt_findings *findings)
{
        for (size_t i = 0; i < volumes->count; i++) {
                const char *name = name_below(&volumes->items[i], path);

                if (name && !strstr(name, "..") && !strstr(name, "//"))
                        return add(layout, cap, &volumes->items[i], name);
        }

        kt_findings_add(
                findings,
                &(struct kt_finding){ .level = KT_LEVEL_ERROR,
                                      .id = "log-dir-beside-volume",
                                      .key = property->key,
                                      .value = path,
                                      .source = property->source,
                                      .next = "leave log.dirs out, or name a folder on one of storage.volumes" },
                "'%s' holds %s, which is on none of the volumes: the data would not be kept", property->key, path);
        return 0;
}

static int choose_given(struct kt_volumes *volumes, const struct kt_property *property, struct kt_layout *layout,
                        struct kt_findings *findings)
{
        const char *rest = property->value;
        size_t cap = 0;

        layout->is_given = true;
        while (*rest) {
                size_t len = strcspn(rest, ",");
                const char *start = rest + strspn(rest, " ");
                KT_AUTO_FREE char *path = strndup(start, strcspn(start, ", "));
                int r;

                if (!path)
                        return -ENOMEM;
                for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--)
                        path[end - 1] = '\0';
                r = path[0] ? add_given(volumes, property, path, layout, &cap, findings) : 0;
                if (r < 0)
                        return r;
                rest += len;
                rest += *rest == ',';
        }
        return 0;
}

/* ---- our own choice ---- */

static const char *choose_name(const struct kt_volume *volume, const struct kt_identity *identity, const char *ours)
{
        const struct kt_log_dir *chosen = kt_volume_log_dir(volume, ours);

        if (chosen)
                return ours;
        for (size_t i = 0; i < volume->log_dir_count; i++) {
                const struct kt_log_dir *dir = &volume->log_dirs[i];
                bool is_mine = dir->is_meta_readable && dir->meta.node_id == identity->node_id;

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
