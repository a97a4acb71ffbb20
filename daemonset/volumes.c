/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes. Names in mountinfo come from Kubernetes objects that users may write: they are compared and shown, and the
 * only thing that is opened by them is the path that the kernel itself printed. */
#include "daemonset/volumes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/os/device.h"
#include "lib/os/mounts.h"

/* Plug-ins whose volumes are the pod's own for as long as it lives, or no storage at all. */
static const char *const passing[] = {
        "kubernetes.io~projected",    "kubernetes.io~secret",    "kubernetes.io~configmap",
        "kubernetes.io~downward-api", "kubernetes.io~empty-dir", "kubernetes.io~git-repo",
};

/* Copies the component at *at and moves behind it and its slash. False when it is empty or does not fit. */
static bool take_component(const char **at, char *ret, size_t size)
{
        size_t len = strcspn(*at, "/");

        if (len == 0 || len >= size)
                return false;
        memcpy(ret, *at, len);
        ret[len] = '\0';
        *at += len + ((*at)[len] == '/');
        return true;
}

static bool take_word(const char **at, const char *word)
{
        char component[KT_VOLUME_NAME_MAX];

        return take_component(at, component, sizeof(component)) && strcmp(component, word) == 0;
}

bool kt_volume_parse(const char *kubelet_dir, const char *target, struct kt_volume_path *ret)
{
        struct kt_volume_path path = { 0 };
        char plugin[KT_VOLUME_NAME_MAX];
        size_t len = strlen(kubelet_dir);
        const char *at = target + len + 1;

        if (strncmp(target, kubelet_dir, len) != 0 || target[len] != '/')
                return false;
        if (!take_word(&at, "pods") || !take_component(&at, path.pod_uid, sizeof(path.pod_uid)) ||
            !take_word(&at, "volumes") || !take_component(&at, plugin, sizeof(plugin)) ||
            !take_component(&at, path.name, sizeof(path.name)))
                return false;
        for (size_t i = 0; i < KT_COUNT(passing); i++)
                if (strcmp(passing[i], plugin) == 0)
                        return false;
        if (at[0] != '\0' && (strcmp(plugin, "kubernetes.io~csi") != 0 || strcmp(at, "mount") != 0))
                return false;

        *ret = path;
        return true;
}

/* ---- The list ---- */

struct list {
        struct kt_node_volume *items;
        size_t count;
        size_t cap;
};

static void list_done(struct list *list)
{
        for (size_t i = 0; i < list->count; i++)
                kt_node_volume_done(&list->items[i]);
        free(list->items);
}

static bool is_listed(const struct list *list, const char *path)
{
        for (size_t i = 0; i < list->count; i++)
                if (strcmp(list->items[i].path, path) == 0)
                        return true;
        return false;
}

static int add_volume(const struct kt_mount *mount, const struct kt_volume_path *path, struct list *list)
{
        struct kt_node_volume *volume;

        if (kt_array_reserve(&list->items, &list->cap, list->count + 1, sizeof(*list->items)) < 0)
                return -ENOMEM;
        volume = &list->items[list->count++];
        *volume = (struct kt_node_volume){
                .path = strdup(mount->target),
                .pod_uid = strdup(path->pod_uid),
                .name = strdup(path->name),
                .filesystem = strdup(mount->fstype),
        };
        return volume->path && volume->pod_uid && volume->name && volume->filesystem ? 0 : -ENOMEM;
}

static int collect(const struct kt_mounts *mounts, const char *kubelet_dir, struct kt_node_state *state,
                   struct list *list, struct kt_err *e)
{
        for (size_t i = 0; i < mounts->count; i++) {
                struct kt_volume_path path;

                if (!kt_volume_parse(kubelet_dir, mounts->items[i].target, &path) ||
                    !kt_node_find_broker(state, path.pod_uid) || is_listed(list, mounts->items[i].target))
                        continue;
                if (list->count == KT_NODE_VOLUMES_MAX)
                        return kt_err_set(e, -E2BIG, "brokers have more than %d volumes here", KT_NODE_VOLUMES_MAX);
                if (add_volume(&mounts->items[i], &path, list) < 0)
                        return kt_err_set(e, -ENOMEM, "keep the volumes");
        }
        return 0;
}

static int set_paths(struct kt_tuner *tuner, const struct list *list, struct kt_findings *findings, struct kt_err *e)
{
        const char *paths[KT_NODE_VOLUMES_MAX];

        for (size_t i = 0; i < list->count; i++)
                paths[i] = list->items[i].path;
        return kt_tuner_set_volumes(tuner, paths, list->count, findings, e);
}

static const char *problem_of(const struct kt_findings *findings, const char *path)
{
        for (size_t i = 0; i < findings->count; i++)
                if (findings->items[i].source && strcmp(findings->items[i].source, path) == 0)
                        return findings->items[i].message;
        return NULL;
}

static int fill(const struct kt_tuner *tuner, const struct kt_findings *findings, struct list *list)
{
        bool ignored = false;

        for (size_t i = 0; i < list->count; i++) {
                struct kt_node_volume *volume = &list->items[i];
                const struct kt_device *device = kt_tuner_volume_device(tuner, volume->path);

                if (kt_node_set_text(&volume->problem, problem_of(findings, volume->path), &ignored) < 0 ||
                    kt_node_set_text(&volume->device, device ? device->name : NULL, &ignored) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static bool is_same_text(const char *left, const char *right)
{
        return left == right || (left && right && strcmp(left, right) == 0);
}

static bool is_same(const struct kt_node_state *state, const struct list *list)
{
        if (state->volume_count != list->count)
                return false;
        for (size_t i = 0; i < list->count; i++)
                if (strcmp(state->volumes[i].path, list->items[i].path) != 0 ||
                    !is_same_text(state->volumes[i].device, list->items[i].device) ||
                    !is_same_text(state->volumes[i].problem, list->items[i].problem))
                        return false;
        return true;
}

int kt_volumes_update(struct kt_tuner *tuner, const char *kubelet_dir, struct kt_node_state *state, bool *ret_changed,
                      struct kt_err *e)
{
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(list_done) struct list list = { 0 };
        int r = 0;

        if (state->broker_count > 0)
                r = kt_mounts_load(kt_tuner_root(tuner), NULL, &mounts, e);
        if (r == 0)
                r = collect(&mounts, kubelet_dir, state, &list, e);
        if (r == 0)
                r = set_paths(tuner, &list, &findings, e);
        if (r < 0)
                return r;
        if (fill(tuner, &findings, &list) < 0)
                return kt_err_set(e, -ENOMEM, "keep the volumes");

        if (is_same(state, &list))
                return 0;
        kt_node_clear_volumes(state);
        state->volumes = list.items;
        state->volume_count = list.count;
        state->volume_cap = list.cap;
        list = (struct list){ 0 };
        *ret_changed = true;
        return 0;
}
