/* SPDX-License-Identifier: Apache-2.0 */
/* Back ends whose values are files: /proc/sys and /sys. */
#include "tuner/files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tuner/backend.h"

/* A value that would garble the report or a terminal is none of the kernel's. */
static bool is_plain(const char *text)
{
        for (; *text != '\0'; text++)
                if (!isprint((unsigned char)*text) && *text != '\t')
                        return false;
        return true;
}

static int read_plain(const struct kt_root *root, const char *path, char buf[KT_FILES_VALUE_MAX], struct kt_err *e)
{
        int n = kt_root_read(root, path, buf, KT_FILES_VALUE_MAX);

        if (n == -ENOENT || n == -ENOTDIR)
                return kt_err_set(e, -ENOENT, "%s is not there", path);
        if (n < 0)
                return kt_err_set(e, n, "read %s", path);
        if (strlen(buf) != (size_t)n || !is_plain(buf))
                return kt_err_set(e, -EBADMSG, "%s holds bytes that are no text", path);

        for (char *tab = strchr(buf, '\t'); tab; tab = strchr(tab, '\t'))
                *tab = ' ';
        return 0;
}

int kt_files_read(const struct kt_root *root, const char *path, struct kt_str *have, struct kt_err *e)
{
        char text[KT_FILES_VALUE_MAX];
        int r;

        r = read_plain(root, path, text, e);
        if (r == 0)
                kt_str_add(have, text);
        return r;
}

/* By the brackets and never by position: the order differs between kernels. */
int kt_files_parse_choice(const char *text, struct kt_str *have)
{
        const char *open = strchr(text, '[');
        size_t len = open ? strcspn(open + 1, "[] ") : 0;

        if (len == 0 || open[1 + len] != ']')
                return -EBADMSG;
        kt_str_add_bytes(have, open + 1, len);
        return kt_str_error(have);
}

int kt_files_read_choice(const struct kt_root *root, const char *path, struct kt_str *have, struct kt_err *e)
{
        char text[KT_FILES_VALUE_MAX];
        int r;

        r = read_plain(root, path, text, e);
        if (r < 0)
                return r;
        r = kt_files_parse_choice(text, have);
        if (r == -EBADMSG)
                return kt_err_set(e, r, "%s holds '%s', in which no word is marked", path, text);
        return r < 0 ? kt_err_set(e, r, "keep the value of %s", path) : 0;
}

/* A short tuple would change its head only, and an empty write nothing: both return ok (kernel/sysctl.c). */
int kt_files_write(const struct kt_root *root, const char *path, const char *value, struct kt_err *e)
{
        KT_AUTO_FD int fd = kt_root_open_file(root, path, O_WRONLY | O_TRUNC);
        size_t len = strlen(value);
        ssize_t n;

        if (fd == -ENOENT || fd == -ENOTDIR)
                return kt_err_set(e, -ENOENT, "%s is not there", path);
        if (fd < 0)
                return kt_err_set(e, fd, "open %s for writing", path);

        n = write(fd, value, len);
        if (n < 0 && (errno == EINVAL || errno == ERANGE)) /* kt_err_text has no words of its own for these */
                return kt_err_set(e, -errno, "the kernel refuses '%s' for %s", value, path);
        if (n < 0)
                return kt_err_set(e, -errno, "write '%s' to %s", value, path);
        if ((size_t)n != len)
                return kt_err_set(e, -EIO, "%s took %zd of the %zu bytes of '%s'", path, n, len, value);
        return 0;
}

void kt_files_quote(const char *text, struct kt_str *out)
{
        kt_str_add_char(out, '\'');
        for (; *text != '\0'; text++) {
                if (*text == '\'')
                        kt_str_add(out, "'\\''");
                else
                        kt_str_add_char(out, *text);
        }
        kt_str_add_char(out, '\'');
}

static int read_sysctl(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                       struct kt_err *e)
{
        return kt_files_read(facts->root, row->path, have, e);
}

static int read_sysfs(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                      struct kt_err *e)
{
        return kt_files_read_choice(facts->root, row->path, have, e);
}

static int write_file(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value, struct kt_err *e)
{
        return kt_files_write(facts->root, row->path, value, e);
}

/* Which network namespace a value belongs to: the inode of nsfs (namespaces(7)). Other scopes have one object. */
static int identify_namespace(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out,
                              struct kt_err *e)
{
        struct stat st;

        if (row->scope != KT_SCOPE_NETNS || !facts->root->is_host)
                return 0;
        if (stat("/proc/self/ns/net", &st) < 0)
                return kt_err_set(e, -errno, "look at the own network namespace");

        kt_str_addf(out, "net:[%" PRIu64 "]", (uint64_t)st.st_ino);
        return 0;
}

static void sysctl_command(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                           struct kt_str *out)
{
        const char *quote = strchr(value, ' ') ? "'" : "";

        (void)facts; /* the same for every process */
        kt_str_addf(out, "sysctl -w %s%s=%s%s", quote, row->id, value, quote);
}

static void sysfs_command(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                          struct kt_str *out)
{
        (void)facts; /* the same for every process */
        kt_str_addf(out, "echo %s >%s", value, row->path);
}

static void file_script(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *old_value,
                        const char *new_value, struct kt_str *out)
{
        (void)facts; /* the same for every process */
        kt_str_addf(out, "set_file %s %s ", row->id, row->path);
        kt_files_quote(old_value, out);
        kt_str_add_char(out, ' ');
        kt_files_quote(new_value, out);
        kt_str_add_char(out, '\n');
}

const struct kt_backend kt_backend_sysctl = {
        .read = read_sysctl,
        .write = write_file,
        .identify = identify_namespace,
        .command = sysctl_command,
        .script = file_script,
        .capability = KT_BACKEND_NO_CAPABILITY,
};

const struct kt_backend kt_backend_sysfs = {
        .read = read_sysfs,
        .write = write_file,
        .command = sysfs_command,
        .script = file_script,
        .capability = KT_BACKEND_NO_CAPABILITY,
};
