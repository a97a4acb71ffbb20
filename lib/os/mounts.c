/* SPDX-License-Identifier: Apache-2.0 */
/* Parser of mountinfo files. Mount points and sources are chosen by whoever may mount: any byte may stand in them. */
#include "lib/os/mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/text/num.h"
#include "lib/text/str.h"

static bool is_octal(char c)
{
        return c >= '0' && c <= '7';
}

/* The kernel writes blanks, backslashes and '#' as \ooo (fs/seq_file.c, mangle_path). Anything else stays as it is, and
 * so does \000, which would cut the text. */
static void unescape(char *text)
{
        char *out = text;

        for (const char *in = text; *in != '\0'; out++) {
                unsigned value = 0;

                if (in[0] == '\\' && in[1] <= '3' && is_octal(in[1]) && is_octal(in[2]) && is_octal(in[3]))
                        value = (unsigned)(in[1] - '0') << 6 | (unsigned)(in[2] - '0') << 3 | (unsigned)(in[3] - '0');
                *out = value ? (char)value : *in;
                in += value ? 4 : 1;
        }
        *out = '\0';
}

/* Cuts the next field off *rest at a single space; NULL when nothing is left. */
static char *next_field(char **rest)
{
        char *field = *rest;
        char *space = field ? strchr(field, ' ') : NULL;

        if (space)
                *space = '\0';
        *rest = space ? space + 1 : NULL;
        return field;
}

static bool parse_u32(const char *text, uint32_t *ret)
{
        uint64_t value;

        if (kt_num_parse_u64_in(text, 0, UINT32_MAX, &value) < 0)
                return false;

        *ret = (uint32_t)value;
        return true;
}

static bool parse_device(char *text, struct kt_mount *mount)
{
        char *colon = strchr(text, ':');

        if (!colon)
                return false;

        *colon = '\0';
        return parse_u32(text, &mount->major) && parse_u32(colon + 1, &mount->minor);
}

/* id parent major:minor root target options [tag[:value]]... - fstype source super_options */
static bool parse_line(char *line, struct kt_mount *mount)
{
        enum { ID, PARENT, DEVICE, ROOT, TARGET, OPTIONS, FIXED_COUNT };
        char *fixed[FIXED_COUNT];
        char *rest = line;
        char *tag;
        char *fstype;
        char *source;

        for (size_t i = 0; i < FIXED_COUNT; i++) {
                fixed[i] = next_field(&rest);
                if (!fixed[i] || fixed[i][0] == '\0')
                        return false;
        }
        do
                tag = next_field(&rest);
        while (tag && strcmp(tag, "-") != 0);
        fstype = next_field(&rest);
        source = next_field(&rest); /* "" after mount("", ...) */
        if (!fstype || fstype[0] == '\0' || !source || !rest)
                return false;
        if (kt_num_parse_u64(fixed[ID], &mount->id) < 0 || kt_num_parse_u64(fixed[PARENT], &mount->parent) < 0 ||
            !parse_device(fixed[DEVICE], mount))
                return false;

        unescape(fixed[ROOT]);
        unescape(fixed[TARGET]);
        unescape(fstype);
        unescape(source);
        mount->root = fixed[ROOT];
        mount->target = fixed[TARGET];
        mount->options = fixed[OPTIONS];
        mount->fstype = fstype;
        mount->source = source;
        mount->super_options = rest;
        return true;
}

static int parse_lines(struct kt_mounts *mounts, struct kt_err *e)
{
        size_t number = 0;
        int r;

        for (char *line = mounts->text, *end; *line != '\0'; line = end) {
                end = line + strcspn(line, "\n");
                if (*end == '\n')
                        *end++ = '\0';
                number++;

                r = kt_array_reserve(&mounts->items, &mounts->cap, mounts->count + 1, sizeof(*mounts->items));
                if (r < 0)
                        return kt_err_set(e, r, "keep %zu mounts", number);
                if (!parse_line(line, &mounts->items[mounts->count]))
                        return kt_err_set(e, -EBADMSG, "line %zu is no line of a mountinfo file", number);
                mounts->count++;
        }
        return 0;
}

int kt_mounts_parse(const char *text, struct kt_mounts *ret, struct kt_err *e)
{
        struct kt_mounts mounts = { .text = strdup(text) };
        int r;

        if (!mounts.text)
                return kt_err_set(e, -ENOMEM, "copy the list of mounts");

        r = parse_lines(&mounts, e);
        if (r < 0) {
                kt_mounts_done(&mounts);
                return r;
        }

        *ret = mounts;
        return 0;
}

int kt_mounts_load(const struct kt_root *root, const char *path, struct kt_mounts *ret, struct kt_err *e)
{
        const char *from = path ? path : "/proc/self/mountinfo";
        KT_AUTO_STR struct kt_str text = { 0 };
        int r;

        r = kt_root_read_all(root, from, KT_MOUNTS_FILE_MAX, &text);
        if (r < 0)
                return kt_err_set(e, r, "read %s", from);
        if (strlen(kt_str_get(&text)) != text.len)
                return kt_err_set(e, -EBADMSG, "%s holds a NUL byte", from);

        r = kt_mounts_parse(kt_str_get(&text), ret, e);
        return r < 0 ? kt_err_wrap(e, r, "%s", from) : 0;
}

void kt_mounts_done(struct kt_mounts *mounts)
{
        free(mounts->items);
        free(mounts->text);
        *mounts = (struct kt_mounts){ 0 };
}

/* Of two mounts at one target the later line is on top, unless the earlier one was moved (mount --move) onto it. */
static bool is_above(const struct kt_mount *later, const struct kt_mount *earlier)
{
        return earlier->parent != later->id || later->parent == earlier->id;
}

const struct kt_mount *kt_mounts_at(const struct kt_mounts *mounts, const char *target)
{
        const struct kt_mount *best = NULL;

        for (size_t i = 0; i < mounts->count; i++) {
                const struct kt_mount *mount = &mounts->items[i];

                if (strcmp(mount->target, target) == 0 && (!best || is_above(mount, best)))
                        best = mount;
        }
        return best;
}

/* Length of target when path is it or lies below it, else 0; "/" counts as 1 and holds every absolute path. */
static size_t prefix_length(const char *target, const char *path)
{
        size_t len = strlen(target);

        if (len == 0 || strncmp(target, path, len) != 0)
                return 0;
        return target[len - 1] == '/' || path[len] == '\0' || path[len] == '/' ? len : 0;
}

const struct kt_mount *kt_mounts_of(const struct kt_mounts *mounts, const char *path)
{
        const struct kt_mount *best = NULL;
        size_t best_length = 0;

        for (size_t i = 0; i < mounts->count; i++) {
                const struct kt_mount *mount = &mounts->items[i];
                size_t length = prefix_length(mount->target, path);

                if (length == 0 || length < best_length)
                        continue;
                if (!best || length > best_length || is_above(mount, best))
                        best = mount;
                best_length = length;
        }
        return best;
}

static bool list_has(const char *list, const char *option)
{
        size_t len = strlen(option);

        for (const char *at = list;; at++) {
                size_t n = strcspn(at, ",");

                if (n == len && memcmp(at, option, len) == 0)
                        return true;
                at += n;
                if (*at == '\0')
                        return false;
        }
}

bool kt_mount_has_option(const struct kt_mount *mount, const char *option)
{
        return list_has(mount->options, option) || list_has(mount->super_options, option);
}
