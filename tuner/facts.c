/* SPDX-License-Identifier: Apache-2.0 */
/* Back ends: how a value is read, and what a person types to set it. */
#include "tuner/facts.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/os/limits.h"
#include "lib/text/num.h"

enum {
        VALUE_MAX = 4096 + 1,  /* sysfs and sysctl files hold at most a page */
        LIMITS_MAX = 16 << 10, /* /proc/PID/limits has 16 lines of 80 bytes */
        PATH_MAX_ = 64,
};

/* A value that would garble the report or a terminal is none of the kernel's. */
static bool is_plain(const char *text)
{
        for (; *text != '\0'; text++)
                if (!isprint((unsigned char)*text) && *text != '\t')
                        return false;
        return true;
}

static int read_file(const struct kt_tuner_facts *facts, const struct kt_row *row, char buf[VALUE_MAX],
                     struct kt_err *e)
{
        int n = kt_root_read(facts->root, row->path, buf, VALUE_MAX);

        if (n == -ENOENT || n == -ENOTDIR)
                return kt_err_set(e, -ENOENT, "%s is not there", row->path);
        if (n < 0)
                return kt_err_set(e, n, "read %s", row->path);
        if (strlen(buf) != (size_t)n || !is_plain(buf))
                return kt_err_set(e, -EBADMSG, "%s holds bytes that are no text", row->path);

        for (char *tab = strchr(buf, '\t'); tab; tab = strchr(tab, '\t'))
                *tab = ' ';
        return 0;
}

static int read_sysctl(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                       struct kt_err *e)
{
        char text[VALUE_MAX];
        int r;

        r = read_file(facts, row, text, e);
        if (r == 0)
                kt_str_add(have, text);
        return r;
}

static int read_choice(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                       struct kt_err *e)
{
        char text[VALUE_MAX];
        const char *open;
        const char *close;
        int r;

        r = read_file(facts, row, text, e);
        if (r < 0)
                return r;

        /* By the brackets and never by position: the order differs between kernels. */
        open = strchr(text, '[');
        close = open ? strchr(open, ']') : NULL;
        if (!close || close == open + 1)
                return kt_err_set(e, -EBADMSG, "%s holds '%s', in which no word is marked", row->path, text);

        kt_str_add_bytes(have, open + 1, (size_t)(close - open - 1));
        return 0;
}

static int read_limit(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                      struct kt_err *e)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        struct kt_limit limit = { 0 };
        char path[PATH_MAX_] = "/proc/self/limits";
        int r;

        if (facts->pid > 0)
                (void)snprintf(path, sizeof(path), "/proc/%" PRIu64 "/limits", facts->pid); /* 20 digits at most */
        r = kt_root_read_all(facts->root, path, LIMITS_MAX, &text);
        if (r == -ENOENT && facts->pid > 0)
                return kt_err_set(e, -ESRCH, "look for process %" PRIu64, facts->pid);
        if (r == -ENOENT)
                return kt_err_set(e, r, "%s is not there", path);
        if (r < 0)
                return kt_err_set(e, r, "read %s", path);

        r = kt_limits_parse(kt_str_get(&text), row->line, &limit);
        if (r < 0)
                return kt_err_set(e, -EBADMSG, "%s has no line '%s' with two limits", path, row->line);

        if (limit.hard == KT_LIMIT_UNLIMITED)
                kt_str_add(have, "unlimited");
        else
                kt_str_addf(have, "%" PRIu64, limit.hard);
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

static void limit_command(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                          struct kt_str *out)
{
        if (facts->pid > 0)
                kt_str_addf(out, "prlimit --pid %" PRIu64 " --%s=%s", facts->pid, row->limit, value);
        else
                kt_str_addf(out, "prlimit --pid $$ --%s=%s", row->limit, value);
}

static const struct backend {
        int (*read)(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                    struct kt_err *e);
        void (*command)(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                        struct kt_str *out);
} backends[KT_BACKEND_COUNT_] = {
        [KT_BACKEND_SYSCTL] = { read_sysctl, sysctl_command },
        [KT_BACKEND_SYSFS] = { read_choice, sysfs_command },
        [KT_BACKEND_LIMIT] = { read_limit, limit_command },
};

int kt_tuner_facts_read(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                        struct kt_err *e)
{
        int r;

        r = backends[row->backend].read(facts, row, have, e);
        if (r < 0)
                return r;
        return kt_str_error(have) < 0 ? kt_err_set(e, -ENOMEM, "keep the value of %s", row->id) : 0;
}

void kt_tuner_facts_object(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out)
{
        kt_str_add(out, row->id);
        if (row->scope != KT_SCOPE_PROCESS)
                return;
        if (facts->pid > 0)
                kt_str_addf(out, " of %" PRIu64, facts->pid);
        else
                kt_str_add(out, " of self");
}

void kt_tuner_facts_command(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                            struct kt_str *out)
{
        backends[row->backend].command(facts, row, value, out);
}
