/* SPDX-License-Identifier: Apache-2.0 */
/* The machine that is looked at. */
#include "lib/os/root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/os/fs.h"
#include "lib/text/num.h"

int kt_root_open(const char *path, struct kt_root *ret, struct kt_err *e)
{
        bool is_host = !path || path[0] == '\0' || strcmp(path, "/") == 0;
        int fd = open(is_host ? "/" : path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return kt_err_set(e, -errno, "open %s as the root of a machine", is_host ? "/" : path);

        *ret = (struct kt_root){ .fd = fd, .is_host = is_host };
        return 0;
}

void kt_root_done(struct kt_root *root)
{
        root->fd = kt_close(root->fd);
}

int kt_root_open_file(const struct kt_root *root, const char *path, int flags)
{
        return kt_fs_open_in_root(root->fd, path, flags | O_NONBLOCK);
}

int kt_root_read(const struct kt_root *root, const char *path, char *buf, size_t size)
{
        KT_AUTO_FD int fd = kt_root_open_file(root, path, O_RDONLY);
        size_t len = 0;

        if (fd < 0)
                return fd;

        for (;;) {
                ssize_t n = read(fd, buf + len, size - len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                len += (size_t)n;
                if (len == size)
                        return -EFBIG;
        }

        if (len > 0 && buf[len - 1] == '\n')
                len--;
        buf[len] = '\0';
        return (int)len;
}

int kt_root_read_all(const struct kt_root *root, const char *path, size_t max, struct kt_str *ret)
{
        KT_AUTO_FD int fd = kt_root_open_file(root, path, O_RDONLY);

        return fd < 0 ? fd : kt_fs_read_fd(fd, max, ret);
}

int kt_root_read_u64(const struct kt_root *root, const char *path, uint64_t *ret, struct kt_err *e)
{
        char buf[KT_NUM_TEXT_MAX];
        int r;

        r = kt_root_read(root, path, buf, sizeof(buf));
        if (r < 0)
                return kt_err_set(e, r, "read %s", path);

        r = kt_num_parse_u64(buf, ret);
        if (r < 0)
                return kt_err_set(e, r, "%s holds '%s', not a number", path, buf);
        return 0;
}
