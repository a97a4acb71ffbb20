/* SPDX-License-Identifier: Apache-2.0 */
/* Disks. */
#include "daemonset/disk.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "daemonset/document.h"
#include "lib/base/array.h"
#include "lib/os/device.h"
#include "lib/os/mounts.h"

#define ROBUST_SIGMA 1.4826 /* of a normal distribution; Rousseeuw and Croux, JASA 88 (1993) */
#define SIGMAS       3.0
#define SHARE        0.9 /* what is not a tenth slower is nobody's worry, however equal the others are */

void kt_disk_place_done(struct kt_disk_place *place)
{
        free(place->identity);
        free(place->hardware);
        *place = (struct kt_disk_place){ 0 };
}

int kt_disk_find_place(const struct kt_root *root, const char *path, const char *kernel, struct kt_disk_place *ret,
                       struct kt_err *e)
{
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };
        KT_AUTO(kt_device_stack_done) struct kt_device_stack stack = { 0 };
        KT_AUTO(kt_disk_place_done) struct kt_disk_place place = { 0 };
        const struct kt_device *leaf;
        struct statvfs fs;
        int r;

        r = kt_mounts_load(root, NULL, &mounts, e);
        if (r == 0)
                r = kt_device_find(root, &mounts, path, &stack, e);
        if (r < 0)
                return r;
        if (statvfs(path, &fs) < 0)
                return kt_err_set(e, -errno, "look at %s", path);

        leaf = &stack.items[stack.count - 1];
        place.hardware = kt_str_make("%s %llu %s", stack.mount ? stack.mount->fstype : "?",
                                     (unsigned long long)fs.f_blocks * fs.f_frsize, kernel);
        place.identity =
                kt_str_make("%s %s", leaf->id[0] != '\0' ? leaf->id : leaf->name, place.hardware ? place.hardware : "");
        if (!place.hardware || !place.identity)
                return kt_err_set(e, -ENOMEM, "look at %s", path);
        *ret = place;
        place = (struct kt_disk_place){ 0 };
        return 0;
}

const struct kt_disk *kt_disk_of(const struct kt_node_state *state, const char *path)
{
        for (size_t i = 0; i < state->disk_count; i++)
                if (strcmp(state->disks[i].path, path) == 0)
                        return &state->disks[i];
        return NULL;
}

/* Takes disk's texts, in any case. */
static int keep(struct kt_node_state *state, struct kt_disk *disk)
{
        struct kt_disk *place = NULL;

        for (size_t i = 0; !place && i < state->disk_count; i++)
                if (strcmp(state->disks[i].path, disk->path) == 0)
                        place = &state->disks[i];
        if (!place && state->disk_count < KT_DISKS_MAX &&
            kt_array_reserve(&state->disks, &state->disk_cap, state->disk_count + 1, sizeof(*state->disks)) == 0)
                place = &state->disks[state->disk_count++];
        if (!place) {
                kt_disk_done(disk);
                return -ENOMEM;
        }
        kt_disk_done(place);
        *place = *disk;
        *disk = (struct kt_disk){ 0 };
        return 0;
}

/* ---- Reports ---- */

static struct kt_json *part_of(struct kt_json *object, const char *key)
{
        struct kt_json *part = NULL;

        return object && kt_json_get_part(object, key, &part) == 0 ? part : NULL;
}

static double real_of(const struct kt_json *object, const char *key)
{
        double value = 0;

        return object && kt_json_get_real(object, key, &value) == 0 && isfinite(value) && value > 0 ? value : 0;
}

static const char *text_of(const struct kt_json *object, const char *key)
{
        const char *text = NULL;

        return object && kt_json_get_text(object, key, &text) == 0 ? text : NULL;
}

/* A volume that could not be measured says so itself, and has no result. */
static int take_volume(struct kt_node_state *state, const struct kt_root *root, struct kt_json *volume, int64_t wall_s,
                       struct kt_err *e)
{
        struct kt_json *sustained = part_of(part_of(volume, "write"), "sustained");
        const char *model = text_of(part_of(volume, "target"), "model");
        KT_AUTO(kt_disk_place_done) struct kt_disk_place place = { 0 };
        KT_AUTO(kt_disk_done) struct kt_disk disk = { .wall_s = wall_s };
        const char *path = text_of(volume, "path");
        int r;

        if (!path || !sustained)
                return kt_err_set(e, -EBADMSG, "a volume of the DiskReport has no path or no rate");
        disk.write = real_of(sustained, "value");
        if (disk.write <= 0)
                return 0;
        r = kt_disk_find_place(root, path, state->kernel, &place, e);
        if (r < 0)
                return r;

        disk.low = real_of(sustained, "low");
        disk.high = real_of(sustained, "high");
        disk.proven_seconds = real_of(sustained, "provenSeconds");
        if (kt_json_get_bool(sustained, "isProven", &disk.is_proven) < 0)
                disk.is_proven = false;
        disk.path = strdup(path);
        disk.identity = kt_take_ptr(place.identity);
        disk.hardware = kt_str_make("%s %s", model && model[0] != '\0' ? model : "?", place.hardware);
        if (!disk.path || !disk.identity || !disk.hardware || keep(state, &disk) < 0)
                return kt_err_set(e, -ENOMEM, "keep the result of %s", path);
        return 0;
}

int kt_disks_take(struct kt_node_state *state, const struct kt_root *root, const char *text, size_t len, int64_t wall_s,
                  struct kt_err *e)
{
        struct kt_json *report = NULL;
        struct kt_json *volumes;
        const char *kind;
        int r;

        r = kt_json_parse("the report of kafka-diskbench", text, len, &report, e);
        if (r < 0)
                return r;
        kind = text_of(report, "kind");
        volumes = part_of(report, "volumes");
        if (!kind || strcmp(kind, "DiskReport") != 0 || !volumes)
                r = kt_err_set(e, -EBADMSG, "kafka-diskbench printed no DiskReport");
        for (size_t i = 0; r == 0 && i < KT_DISKS_MAX && kt_json_at(volumes, i); i++)
                r = take_volume(state, root, kt_json_at(volumes, i), wall_s, e);
        kt_json_free(report);
        return r;
}

/* ---- What is true, and for how long ---- */

static void adopt_one(struct kt_node_state *state, const struct kt_json *item)
{
        KT_AUTO(kt_disk_done) struct kt_disk disk = { 0 };
        const char *path = text_of(item, "path");
        const char *identity = text_of(item, "identity");
        const char *hardware = text_of(item, "hardware");
        const char *when = text_of(item, "measured");

        if (!path || !identity || !hardware || !when || kt_disk_of(state, path) ||
            kt_document_parse_time(when, &disk.wall_s) < 0)
                return;
        disk.write = real_of(item, "write");
        disk.low = real_of(item, "low");
        disk.high = real_of(item, "high");
        disk.proven_seconds = real_of(item, "provenSeconds");
        if (disk.write <= 0 || kt_json_get_bool(item, "proven", &disk.is_proven) < 0 ||
            kt_json_get_bool(item, "outlier", &disk.is_outlier) < 0)
                return;
        disk.path = strdup(path);
        disk.identity = strdup(identity);
        disk.hardware = strdup(hardware);
        if (disk.path && disk.identity && disk.hardware && keep(state, &disk) < 0)
                return; /* no memory, no result: it can be measured again */
}

void kt_disks_adopt(struct kt_node_state *state, struct kt_json *status)
{
        struct kt_json *list = part_of(status, "disks");

        for (size_t i = 0; list && i < KT_DISKS_MAX && kt_json_at(list, i); i++)
                adopt_one(state, kt_json_at(list, i));
}

/* What is not mounted now may come again as it was. */
static bool is_true_still(const struct kt_node_state *state, const struct kt_root *root, const struct kt_disk *disk)
{
        KT_AUTO(kt_disk_place_done) struct kt_disk_place place = { 0 };

        return kt_disk_find_place(root, disk->path, state->kernel, &place, NULL) < 0 ||
               strcmp(place.identity, disk->identity) == 0;
}

bool kt_disks_expire(struct kt_node_state *state, const struct kt_root *root)
{
        const size_t before = state->disk_count;
        size_t kept = 0;

        for (size_t i = 0; i < before; i++) {
                if (is_true_still(state, root, &state->disks[i]))
                        state->disks[kept++] = state->disks[i];
                else
                        kt_disk_done(&state->disks[i]);
        }
        for (size_t i = kept; i < before; i++)
                state->disks[i] = (struct kt_disk){ 0 };
        state->disk_count = kept;
        return kept != before;
}

/* ---- Comparing ---- */

static int compare_reals(const void *left, const void *right)
{
        const double a = *(const double *)left;
        const double b = *(const double *)right;

        return a < b ? -1 : a > b;
}

/* Sorts. */
static double median(double *values, size_t count)
{
        qsort(values, count, sizeof(*values), compare_reals);
        return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

bool kt_disk_is_outlier(double value, double *others, size_t count)
{
        double middle;
        double sigma;

        if (count < KT_DISK_PEERS_MIN)
                return false;
        middle = median(others, count);
        for (size_t i = 0; i < count; i++)
                others[i] = fabs(others[i] - middle);
        sigma = ROBUST_SIGMA * median(others, count);
        return value < middle - SIGMAS * sigma && value < SHARE * middle;
}

/* Adds the rates of that hardware in one NodeTuning. */
static void add_peers(struct kt_json *tuning, const char *hardware, double *rates, size_t *count)
{
        struct kt_json *list = part_of(part_of(tuning, "status"), "disks");

        for (size_t i = 0; list && i < KT_DISKS_MAX && kt_json_at(list, i) && *count < KT_DISK_PEERS_MAX; i++) {
                const struct kt_json *item = kt_json_at(list, i);
                const char *own = text_of(item, "hardware");

                if (own && strcmp(own, hardware) == 0 && real_of(item, "write") > 0)
                        rates[(*count)++] = real_of(item, "write");
        }
}

static bool is_own(struct kt_json *tuning, const char *node)
{
        const char *name = text_of(part_of(tuning, "metadata"), "name");

        return name && strcmp(name, node) == 0;
}

bool kt_disks_compare(struct kt_node_state *state, struct kt_json *list)
{
        struct kt_json *items = part_of(list, "items");
        double rates[KT_DISK_PEERS_MAX];
        bool changed = false;

        for (size_t i = 0; i < state->disk_count; i++) {
                struct kt_disk *disk = &state->disks[i];
                size_t count = 0;
                bool is_outlier;

                for (size_t k = 0; items && kt_json_at(items, k); k++)
                        if (!is_own(kt_json_at(items, k), state->node))
                                add_peers(kt_json_at(items, k), disk->hardware, rates, &count);
                is_outlier = kt_disk_is_outlier(disk->write, rates, count);
                changed |= is_outlier != disk->is_outlier;
                disk->is_outlier = is_outlier;
        }
        return changed;
}
