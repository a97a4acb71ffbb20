/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits: own ones through getrlimit(2), those of others from the text of /proc/PID/limits. */
#include "lib/os/limits.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/text/num.h"

static uint64_t from_rlim(rlim_t value)
{
        return value == RLIM_INFINITY ? KT_LIMIT_UNLIMITED : (uint64_t)value;
}

int kt_limits_nofile(struct kt_limit *ret)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return -errno;

        *ret = (struct kt_limit){ .soft = from_rlim(limit.rlim_cur), .hard = from_rlim(limit.rlim_max) };
        return 0;
}

int kt_limits_raise_nofile(struct kt_limit *ret, struct kt_err *e)
{
        struct rlimit limit;
        int r;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return kt_err_set(e, -errno, "read the limit of open files");

        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0) /* EPERM: the hard limit is above fs.nr_open */
                return kt_err_set(e, -errno, "raise the soft limit of open files to the hard one, %llu",
                                  (unsigned long long)limit.rlim_max);

        r = kt_limits_nofile(ret);
        return r < 0 ? kt_err_set(e, r, "read the limit of open files") : 0;
}

/* Cuts the next blank-separated word of a line into word; false when there is none or it is too long to be a limit. */
static bool next_word(const char **at, char word[KT_NUM_TEXT_MAX])
{
        size_t len;

        *at += strspn(*at, " ");
        len = strcspn(*at, " \n");
        if (len == 0 || len >= KT_NUM_TEXT_MAX)
                return false;

        memcpy(word, *at, len);
        word[len] = '\0';
        *at += len;
        return true;
}

static bool parse_limit(const char **at, uint64_t *ret)
{
        char word[KT_NUM_TEXT_MAX];

        if (!next_word(at, word))
                return false;
        if (strcmp(word, "unlimited") == 0) {
                *ret = KT_LIMIT_UNLIMITED;
                return true;
        }
        return kt_num_parse_u64(word, ret) == 0;
}

/* Names are padded to 25 columns (fs/proc/base.c, proc_pid_limits) and all are shorter: two blanks end one. */
static bool is_row(const char *line, const char *name)
{
        size_t len = strlen(name);

        return strncmp(line, name, len) == 0 && line[len] == ' ' && line[len + 1] == ' ';
}

int kt_limits_parse(const char *text, const char *name, struct kt_limit *ret)
{
        const char *line = text;
        struct kt_limit limit;

        while (*line != '\0' && !is_row(line, name)) {
                line += strcspn(line, "\n");
                line += *line == '\n';
        }
        if (*line == '\0')
                return -ENOENT;

        line += strlen(name);
        if (!parse_limit(&line, &limit.soft) || !parse_limit(&line, &limit.hard))
                return -EBADMSG;

        *ret = limit;
        return 0;
}
