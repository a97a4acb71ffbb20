/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration of others that sets our rows. */
#include "tuner/setters.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/os/fs.h"

enum {
        FILE_MAX = 256 << 10, /* the largest in distributions has 10 KiB */
        FILES_MAX = 1000,
        KEY_MAX = 128,
        NAME_MAX_ = 256,
        PROFILE_DEPTH_MAX = 8,
};

#define BLANKS " \t\r"

/* sysctl.d(5): a file hides those of its name in the directories below. */
const char *const kt_setters_sysctl_dirs[] = {
        "/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d",
};
const size_t kt_setters_sysctl_dir_count = KT_COUNT(kt_setters_sysctl_dirs);

/* tuned.conf(5), and where TuneD 2.24 moved the profiles to. */
static const char *const profile_dirs[] = {
        "/etc/tuned/profiles",
        "/etc/tuned",
        "/usr/lib/tuned/profiles",
        "/usr/lib/tuned",
};

/* Settings of TuneD's plug-ins that write one of our rows; its sections sysctl and sysfs name the row itself. */
static const struct {
        const char *section;
        const char *key;
        const char *id;
} tuned_keys[] = {
        { "vm", "transparent_hugepages", "transparent_hugepage.enabled" },
        { "vm", "transparent_hugepage", "transparent_hugepage.enabled" },
        { "vm", "dirty_ratio", "vm.dirty_ratio" },
        { "vm", "dirty_background_ratio", "vm.dirty_background_ratio" },
        { "vm", "dirty_bytes", "vm.dirty_bytes" },
        { "vm", "dirty_background_bytes", "vm.dirty_background_bytes" },
        { "disk", "readahead", "queue.read_ahead_kb" },
        { "disk", "elevator", "queue.scheduler" },
};

/* "key = value"; key is empty for a comment, a section, and a line without a value. */
struct setting {
        char key[KEY_MAX];
        const char *value;
        size_t value_len;
};

static size_t without_blanks(const char *text, size_t len)
{
        while (len > 0 && strchr(BLANKS, text[len - 1]))
                len--;
        return len;
}

/* sysctl.d(5): a first '/' means that '/' separates and '.' is part of names; a leading '-' forgives failures. */
static void normalise_key(char *key)
{
        if (key[strcspn(key, "./")] == '/' && key[0] != '/')
                for (char *at = key; *at != '\0'; at++)
                        *at = *at == '/' ? '.' : *at;
}

static struct setting parse_line(const char *line, size_t len)
{
        struct setting setting = { .value = "" };
        const char *equals = memchr(line, '=', len);
        const char *start = line + strspn(line, BLANKS);
        size_t key_len;

        if (!equals || start >= equals || strchr("#;[", *start))
                return setting;
        if (*start == '-')
                start++;
        key_len = without_blanks(start, (size_t)(equals - start));
        if (key_len >= sizeof(setting.key))
                return setting; /* longer than any row's */

        memcpy(setting.key, start, key_len);
        normalise_key(setting.key);
        setting.value = equals + 1 + strspn(equals + 1, BLANKS);
        if (setting.value < line + len)
                setting.value_len = without_blanks(setting.value, (size_t)(line + len - setting.value));
        return setting;
}

static bool is_tuned_key(const struct kt_row *row, const char *section, const char *key)
{
        if (strcmp(section, "sysfs") == 0)
                return row->path && fnmatch(key, row->path, 0) == 0;

        for (size_t i = 0; i < KT_COUNT(tuned_keys); i++)
                if (strcmp(tuned_keys[i].section, section) == 0 && strcmp(tuned_keys[i].key, key) == 0 &&
                    strcmp(tuned_keys[i].id, row->id) == 0)
                        return true;
        return false;
}

/* Whether the key, in that section, sets the row; a key may be a glob. */
static bool sets(const struct kt_row *row, const char *section, const char *key)
{
        if (key[0] == '\0')
                return false;
        if (strcmp(section, "sysctl") == 0)
                return row->backend == KT_BACKEND_SYSCTL && fnmatch(key, row->id, 0) == 0;
        return is_tuned_key(row, section, key);
}

/* A file that is being read. */
struct source {
        const char *who;
        const char *file;
        bool is_tuned;         /* with sections, quotes and operators */
        char section[KEY_MAX]; /* of sysctl.d it is always "sysctl" */
        char include[KEY_MAX]; /* the profiles that this one builds on */
};

/* TuneD: quotes around the value, and in front of it '>' or '<' (Plugin._process_assignment_modifiers). */
static struct setting read_tuned(const struct setting *setting, char *ret_operator)
{
        struct setting bare = *setting;

        if (bare.value_len >= 2 && strchr("\"'", bare.value[0]) && bare.value[bare.value_len - 1] == bare.value[0]) {
                bare.value++;
                bare.value_len -= 2;
        }
        if (bare.value_len > 1 && strchr("<>", bare.value[0])) {
                *ret_operator = bare.value[0];
                bare.value++;
                bare.value_len--;
        }
        return bare;
}

static int add_setter(struct kt_setters *setters, const struct kt_row *row, const struct source *source,
                      const struct setting *written, unsigned line)
{
        KT_AUTO_STR struct kt_str value = { 0 };
        struct kt_setter setter = { .row = row, .who = source->who, .line = line };
        const struct setting bare = source->is_tuned ? read_tuned(written, &setter.only) : *written;

        if (kt_array_reserve(&setters->items, &setters->cap, setters->count + 1, sizeof(*setters->items)) < 0)
                return -ENOMEM;

        kt_str_add_bytes(&value, bare.value, bare.value_len);
        setter.value = kt_str_take(&value);
        setter.file = strdup(source->file);
        setters->items[setters->count++] = setter;
        return setter.value && setter.file ? 0 : -ENOMEM;
}

static void enter_section(struct source *source, const char *line, size_t len)
{
        const char *end = memchr(line, ']', len);
        size_t n = end ? (size_t)(end - line - 1) : 0;

        if (n >= sizeof(source->section))
                n = 0; /* no plug-in's name */
        memcpy(source->section, line + 1, n);
        source->section[n] = '\0';
}

static int read_line(struct kt_setters *setters, struct source *source, const char *line, size_t len, unsigned number)
{
        const struct setting setting = parse_line(line, len);
        int r = 0;

        if (source->is_tuned && line[0] == '[')
                enter_section(source, line, len);
        if (strcmp(source->section, "main") == 0 && strcmp(setting.key, "include") == 0 &&
            setting.value_len < sizeof(source->include)) {
                memcpy(source->include, setting.value, setting.value_len);
                source->include[setting.value_len] = '\0';
        }
        for (size_t i = 0; r == 0 && i < kt_row_count(); i++)
                if (sets(kt_row_at(i), source->section, setting.key))
                        r = add_setter(setters, kt_row_at(i), source, &setting, number);
        return r;
}

static int read_file(const struct kt_root *root, struct source *source, struct kt_setters *setters, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        const char *line;
        unsigned number = 1;
        int r;

        r = kt_root_read_all(root, source->file, FILE_MAX, &text);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return kt_err_set(e, r, "read %s", source->file);

        for (line = kt_str_get(&text); r == 0 && *line != '\0'; number++) {
                size_t len = strcspn(line, "\n");

                r = read_line(setters, source, line, len, number);
                line += len + (line[len] != '\0');
        }
        return r < 0 ? kt_err_set(e, r, "keep what %s sets", source->file) : 0;
}

/* ---- sysctl.d ---- */

struct name {
        char text[NAME_MAX_];
        size_t dir; /* the first, in kt_setters_sysctl_dirs, that has it */
};

struct names {
        struct name *items;
        size_t count;
        size_t cap;
        size_t dir; /* the one that is being listed */
};

static void names_done(struct names *names)
{
        free(names->items);
}

static int add_name(void *context, const char *name)
{
        struct names *names = context;
        size_t len = strlen(name);

        if (fnmatch("*.conf", name, 0) != 0 || len >= NAME_MAX_)
                return 0;
        for (size_t i = 0; i < names->count; i++)
                if (strcmp(names->items[i].text, name) == 0)
                        return 0; /* hidden by the directory before */
        if (names->count == FILES_MAX)
                return -E2BIG;
        if (kt_array_reserve(&names->items, &names->cap, names->count + 1, sizeof(*names->items)) < 0)
                return -ENOMEM;

        memcpy(names->items[names->count].text, name, len + 1);
        names->items[names->count++].dir = names->dir;
        return 0;
}

static int compare_names(const void *left, const void *right)
{
        return strcmp(((const struct name *)left)->text, ((const struct name *)right)->text);
}

static int list_sysctl_files(const struct kt_root *root, struct names *names, struct kt_err *e)
{
        for (names->dir = 0; names->dir < kt_setters_sysctl_dir_count; names->dir++) {
                const char *path = kt_setters_sysctl_dirs[names->dir];
                KT_AUTO_FD int fd = kt_root_open_file(root, path, O_RDONLY | O_DIRECTORY);
                int r = fd;

                if (fd >= 0)
                        r = kt_fs_each(fd, add_name, names);
                if (r < 0 && r != -ENOENT && r != -ENOTDIR)
                        return kt_err_set(e, r, "list %s", path);
        }
        if (names->count > 0)
                qsort(names->items, names->count, sizeof(*names->items), compare_names);
        return 0;
}

static int load_sysctl(const struct kt_root *root, struct kt_setters *setters, struct kt_err *e)
{
        KT_AUTO(names_done) struct names names = { 0 };
        struct source last = { .who = "sysctl.conf", .file = "/etc/sysctl.conf", .section = "sysctl" };
        bool has_link = false;
        int r;

        r = list_sysctl_files(root, &names, e);
        for (size_t i = 0; r == 0 && i < names.count; i++) {
                struct source source = { .who = "sysctl.d", .section = "sysctl" };
                KT_AUTO_FREE char *path =
                        kt_str_make("%s/%s", kt_setters_sysctl_dirs[names.items[i].dir], names.items[i].text);

                source.file = path;
                has_link = has_link || strcmp(names.items[i].text, "99-sysctl.conf") == 0;
                r = path ? read_file(root, &source, setters, e) : kt_err_set(e, -ENOMEM, "list sysctl.d");
        }

        /* procps reads it behind all others; systemd only where a distribution links it as 99-sysctl.conf. */
        return r < 0 || has_link ? r : read_file(root, &last, setters, e);
}

/* ---- TuneD ---- */

static bool is_read(const struct kt_setters *setters, const char *path)
{
        const char *end = kt_str_get(&setters->files) + setters->files.len;

        for (const char *at = kt_str_get(&setters->files); at < end; at += strlen(at) + 1)
                if (strcmp(at, path) == 0)
                        return true;
        return false;
}

/* As TuneD's Locator.get_config does, a file that was read already makes room for the next one of its name: what a
 * profile in /etc builds on may be called as itself. So each is read once, also where they include one another. */
static bool find_profile(const struct kt_root *root, const char *profile, const struct kt_setters *setters,
                         struct kt_str *out)
{
        for (size_t i = 0; i < KT_COUNT(profile_dirs); i++) {
                KT_AUTO_FREE char *path = kt_str_make("%s/%s/tuned.conf", profile_dirs[i], profile);
                KT_AUTO_FD int fd = path ? kt_fs_open_in_root(root->fd, path, O_PATH) : -ENOMEM;

                if (fd < 0 || is_read(setters, path))
                        continue;
                kt_str_add(out, path);
                return true;
        }
        return false;
}

static int load_profiles(const struct kt_root *root, char *profiles, struct kt_setters *setters, unsigned depth,
                         struct kt_err *e);

/* What it includes is set first: its own lines are kept aside meanwhile. */
static int load_profile(const struct kt_root *root, const char *profile, struct kt_setters *setters, unsigned depth,
                        struct kt_err *e)
{
        KT_AUTO_STR struct kt_str path = { 0 };
        struct kt_setters own = { 0 };
        struct source source = { .who = "TuneD", .is_tuned = true };
        int r;

        if (strchr(profile, '/') || !find_profile(root, profile, setters, &path))
                return 0;

        source.file = kt_str_get(&path);
        kt_str_add_bytes(&setters->files, source.file, path.len + 1);
        r = read_file(root, &source, &own, e);
        if (r == 0 && source.include[0] != '\0' && depth < PROFILE_DEPTH_MAX)
                r = load_profiles(root, source.include, setters, depth + 1, e);
        if (r == 0 &&
            kt_array_reserve(&setters->items, &setters->cap, setters->count + own.count, sizeof(*setters->items)) < 0)
                r = kt_err_set(e, -ENOMEM, "keep what %s sets", source.file);
        if (r == 0 && own.count > 0) {
                memcpy(&setters->items[setters->count], own.items, own.count * sizeof(*own.items));
                setters->count += own.count;
                own.count = 0;
        }
        kt_setters_done(&own);
        return r;
}

/* profiles: names with blanks or commas between; cut into pieces here. */
static int load_profiles(const struct kt_root *root, char *profiles, struct kt_setters *setters, unsigned depth,
                         struct kt_err *e)
{
        int r = 0;

        for (char *at = profiles; r == 0 && *at != '\0';) {
                size_t len;
                bool is_last;

                at += strspn(at, ", \t\n");
                len = strcspn(at, ", \t\n");
                is_last = at[len] == '\0';
                at[len] = '\0';
                if (len > 0)
                        r = load_profile(root, at, setters, depth, e);
                at += is_last ? len : len + 1;
        }
        return r;
}

static int load_tuned(const struct kt_root *root, struct kt_setters *setters, struct kt_err *e)
{
        char profiles[NAME_MAX_];
        int r;

        r = kt_root_read(root, "/etc/tuned/active_profile", profiles, sizeof(profiles));
        if (r == -ENOENT || r == -ENOTDIR)
                return 0;
        if (r < 0)
                return kt_err_set(e, r, "read /etc/tuned/active_profile");
        return load_profiles(root, profiles, setters, 0, e);
}

/* TuneD writes its profile and, unless told otherwise (reapply_sysctl), what sysctl.d says over it. */
int kt_setters_load(const struct kt_root *root, struct kt_setters *ret, struct kt_err *e)
{
        int r;

        r = load_tuned(root, ret, e);
        if (r == 0)
                r = load_sysctl(root, ret, e);
        if (r == 0 && kt_str_error(&ret->files) < 0)
                r = kt_err_set(e, -ENOMEM, "list TuneD's files");
        return r;
}

void kt_setters_done(struct kt_setters *setters)
{
        for (size_t i = 0; i < setters->count; i++) {
                free(setters->items[i].file);
                free(setters->items[i].value);
        }
        free(setters->items);
        kt_str_done(&setters->files);
        *setters = (struct kt_setters){ 0 };
}

static bool is_kept(const char *line, size_t len)
{
        static const char *const sections[] = { "sysctl", "sysfs", "vm", "disk" };
        const struct setting setting = parse_line(line, len);

        if (line[0] == '[' || strcmp(setting.key, "include") == 0)
                return true;
        for (size_t i = 0; i < kt_row_count(); i++)
                for (size_t k = 0; k < KT_COUNT(sections); k++)
                        if (sets(kt_row_at(i), sections[k], setting.key))
                                return true;
        return false;
}

/* A line that is not kept stays as an empty one, so that numbers of lines are right. */
void kt_setters_keep(const char *text, struct kt_str *out)
{
        while (*text != '\0') {
                size_t len = strcspn(text, "\n");

                if (is_kept(text, len))
                        kt_str_add_bytes(out, text, len);
                kt_str_add_char(out, '\n');
                text += len + (text[len] != '\0');
        }
}
