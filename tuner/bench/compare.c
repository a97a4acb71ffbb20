/* SPDX-License-Identifier: Apache-2.0 */
/* Both runs are read as the JSON that they print, by the same rows: a number that is not in one of them is left out.
 * The old file may be anybody's; of its texts only paths are used, to find volumes again. */
#include "tuner/bench/compare.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/base/auto.h"
#include "lib/os/fs.h"
#include "tuner/bench/report.h"

enum {
        CHANGES_MAX = 16,
        VOLUMES_MAX = 1024, /* of the old file that are looked at */
};

/* Below this a change of a number without an interval is not worth a word. */
static const double least_change = 0.05;

static const struct number {
        const char *name;
        const char *section;
        const char *part;  /* NULL: the section itself holds the value */
        const char *value; /* NULL: the part holds value, low and high */
        bool is_seconds;   /* less is better then; otherwise bytes per second */
} numbers[] = {
        { "sustained", "write", "sustained", NULL, false },     { "burst", "write", "burst", NULL, false },
        { "cold read", "read", "cold", NULL, false },           { "catch-up read", "read", "catchUp", NULL, false },
        { "write beside read", "mixed", "write", NULL, false }, { "read beside write", "mixed", "read", NULL, false },
        { "fdatasync p50", "fsync", NULL, "p50", true },        { "fdatasync p99", "fsync", NULL, "p99", true },
};

struct span {
        double value;
        double low;
        double high;
};

/* One number of one volume in both runs. */
struct change {
        const struct number *number;
        struct span old;
        struct span now;
        const char *verdict;
};

int kt_compare_load(const char *path, struct kt_json **ret, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct kt_json *document = NULL;
        const char *kind = NULL;
        int r = fd < 0 ? -errno : kt_fs_read_fd(fd, KT_JSON_TEXT_MAX, &text);

        if (r < 0)
                return kt_err_set(e, r, "read %s", path);
        r = kt_json_parse(path, kt_str_get(&text), text.len, &document, e);
        if (r < 0)
                return r;
        if (kt_json_get_text(document, "kind", &kind) < 0 || strcmp(kind, "DiskReport") != 0) {
                kt_json_free(document);
                return kt_err_set(e, -EBADMSG, "%s is no DiskReport: give what -o json printed", path);
        }
        *ret = document;
        return 0;
}

static struct kt_json *find_volume(struct kt_json *document, const char *path)
{
        struct kt_json *list = NULL;

        if (kt_json_get_part(document, "volumes", &list) < 0)
                return NULL;
        for (size_t i = 0; i < VOLUMES_MAX; i++) {
                struct kt_json *volume = kt_json_at(list, i);
                const char *own = NULL;

                if (!volume)
                        return NULL;
                if (kt_json_get_text(volume, "path", &own) == 0 && strcmp(own, path) == 0)
                        return volume;
        }
        return NULL;
}

static bool read_number(struct kt_json *volume, const struct number *number, struct span *ret)
{
        struct kt_json *part = NULL;

        if (kt_json_get_part(volume, number->section, &part) < 0 ||
            (number->part && kt_json_get_part(part, number->part, &part) < 0) ||
            kt_json_get_real(part, number->value ? number->value : "value", &ret->value) < 0)
                return false;

        ret->low = ret->value * (1 - least_change / 2);
        ret->high = ret->value * (1 + least_change / 2);
        if (!number->value &&
            (kt_json_get_real(part, "low", &ret->low) < 0 || kt_json_get_real(part, "high", &ret->high) < 0))
                ret->low = ret->high = ret->value;
        return ret->value > 0;
}

static const char *judge(const struct number *number, const struct span *old, const struct span *now)
{
        if (old->low <= now->high && now->low <= old->high)
                return "noise";
        return (now->value > old->value) != number->is_seconds ? "better" : "worse";
}

static size_t compare_volume(struct kt_json *old, struct kt_json *now, struct change ret[CHANGES_MAX])
{
        size_t count = 0;

        for (size_t i = 0; i < KT_COUNT(numbers); i++) {
                struct change change = { .number = &numbers[i] };

                if (!read_number(old, &numbers[i], &change.old) || !read_number(now, &numbers[i], &change.now))
                        continue;
                change.verdict = judge(&numbers[i], &change.old, &change.now);
                ret[count++] = change;
        }
        return count;
}

static void add_lines(const char *path, const struct change *changes, size_t count, struct kt_str *out)
{
        for (size_t i = 0; i < count; i++) {
                const struct change *change = &changes[i];
                const bool is_seconds = change->number->is_seconds;
                const double unit = is_seconds ? 1e-3 : 1e6;

                kt_str_add(out, i == 0 ? "changed     " : "            ");
                kt_str_add_printable(out, path);
                kt_str_addf(out, ": %s %.*f -> %.*f %s (%+.1f %%, %s)\n", change->number->name, is_seconds ? 2 : 1,
                            change->old.value / unit, is_seconds ? 2 : 1, change->now.value / unit,
                            is_seconds ? "ms" : "MB/s", 100 * (change->now.value / change->old.value - 1),
                            change->verdict);
        }
}

static void add_members(struct kt_json *list, const char *path, const struct change *changes, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                struct kt_json *object = kt_json_object(list, NULL);

                kt_json_text(object, "path", path);
                kt_json_text(object, "name", changes[i].number->name);
                kt_json_text(object, "unit", changes[i].number->is_seconds ? "seconds" : "bytesPerSecond");
                kt_json_real(object, "old", changes[i].old.value);
                kt_json_real(object, "now", changes[i].now.value);
                kt_json_text(object, "verdict", changes[i].verdict);
        }
}

/* Reads the own report back from its text: documents that are being built cannot be read. */
static int read_own(const struct kt_disk_result *result, struct kt_json **ret)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        int r = kt_report_disk_json(result, &text);

        return r < 0 ? r : kt_json_parse("report", kt_str_get(&text), text.len, ret, NULL);
}

/* Adds to list when there is one, otherwise to out. */
static int compare(const struct kt_disk_result *result, struct kt_json *old, struct kt_json *list, struct kt_str *out)
{
        struct kt_json *own = NULL;
        int r = read_own(result, &own);

        if (r < 0)
                return r;
        for (size_t v = 0; v < result->volume_count; v++) {
                const char *path = result->volumes[v].target.path;
                struct kt_json *before = find_volume(old, path);
                struct kt_json *now = find_volume(own, path);
                struct change changes[CHANGES_MAX];
                size_t count = before && now ? compare_volume(before, now, changes) : 0;

                if (list)
                        add_members(list, path, changes, count);
                else if (count > 0)
                        add_lines(path, changes, count, out);
                else
                        kt_str_addf(out, "changed     the old report has nothing about %s\n", path);
        }
        kt_json_free(own);
        return 0;
}

int kt_compare_text(const struct kt_disk_result *result, struct kt_json *old, struct kt_str *out)
{
        int r = compare(result, old, NULL, out);

        return r < 0 ? r : kt_str_error(out);
}

int kt_compare_json(const struct kt_disk_result *result, struct kt_json *old, struct kt_str *out)
{
        struct kt_json *document = kt_report_disk_document(result);
        int r = compare(result, old, kt_json_list(document, "compare"), NULL);

        if (r == 0)
                r = kt_json_render(document, out);
        kt_json_free(document);
        return r;
}
