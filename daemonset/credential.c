/* SPDX-License-Identifier: Apache-2.0 */
/* A file of a service account that is replaced now and then.
 *
 * The folder is a tmpfs that the kubelet writes for our own pod: nobody else has a say in it. */
#include "daemonset/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/auto.h"
#include "lib/os/fs.h"

void kt_credential_done(struct kt_credential *credential)
{
        if (credential->text.data)
                explicit_bzero(credential->text.data, credential->text.cap);
        kt_str_done(&credential->text);
        free(credential->path);
        *credential = (struct kt_credential){ 0 };
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void trim(struct kt_str *text)
{
        while (text->len > 0 && strchr(" \t\r\n", text->data[text->len - 1]))
                text->data[--text->len] = '\0';
}

/* Reads the file; *ret_stat is of the descriptor that was read. */
static int read_file(const char *path, struct kt_str *ret, struct stat *ret_stat, struct kt_err *e)
{
        KT_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        int r;

        if (fd < 0)
                return kt_err_set(e, -errno, "open %s", path);
        if (fstat(fd, ret_stat) < 0)
                return kt_err_set(e, -errno, "look at %s", path);
        if (!S_ISREG(ret_stat->st_mode))
                return kt_err_set(e, -EINVAL, "%s is no regular file", path);

        r = kt_fs_read_fd(fd, KT_CREDENTIAL_MAX, ret);
        if (r == -EFBIG)
                return kt_err_set(e, r, "%s is larger than %d bytes", path, (int)KT_CREDENTIAL_MAX);
        if (r < 0)
                return kt_err_set(e, r, "read %s", path);
        return 0;
}

int kt_credential_refresh(struct kt_credential *credential, bool must_read, bool *ret_changed, struct kt_err *e)
{
        struct kt_credential fresh = { 0 };
        struct stat now;
        int r;

        *ret_changed = false;
        if (!must_read && credential->is_read && stat(credential->path, &now) == 0 &&
            is_same_file(&now, &credential->seen))
                return 0;

        r = read_file(credential->path, &fresh.text, &fresh.seen, e);
        if (r == 0) {
                trim(&fresh.text);
                if (fresh.text.len == 0)
                        r = kt_err_set(e, -ENODATA, "%s is empty", credential->path);
        }
        if (r < 0) {
                kt_credential_done(&fresh);
                return r;
        }

        *ret_changed = !credential->is_read || fresh.text.len != credential->text.len ||
                       memcmp(fresh.text.data, credential->text.data, fresh.text.len) != 0;
        fresh.path = kt_take_ptr(credential->path);
        fresh.is_read = true;
        kt_credential_done(credential);
        *credential = fresh;
        return 0;
}

bool kt_credential_is_token(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (text[i] <= ' ' || text[i] > '~')
                        return false;
        return len > 0;
}
