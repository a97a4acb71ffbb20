/* SPDX-License-Identifier: Apache-2.0 */
/* Release functions behind the KT_AUTO_* attributes. */
#include "lib/base/auto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int kt_close(int fd)
{
        int saved = errno;

        if (fd >= 0)
                (void)close(fd); /* nothing was written through it that anybody waits for; see the header */
        errno = saved;
        return -1;
}

void kt_auto_close(int *fd)
{
        *fd = kt_close(*fd);
}

void kt_auto_free(void *pointer)
{
        void *owned;

        memcpy(&owned, pointer, sizeof(owned));
        free(owned);
}

void kt_auto_fclose(FILE **file)
{
        int saved = errno;

        if (*file)
                (void)fclose(*file); /* only streams that were read, or whose end was checked before */
        errno = saved;
}

void kt_auto_closedir(DIR **dir)
{
        int saved = errno;

        if (*dir)
                (void)closedir(*dir); /* can only fail for a stream that is none */
        errno = saved;
}
