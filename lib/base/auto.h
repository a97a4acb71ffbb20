/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound ownership: a variable declared with KT_AUTO_* is released when its block ends. */
#ifndef KT_BASE_AUTO_H
#define KT_BASE_AUTO_H

#include <dirent.h>
#include <stdio.h>

/* Closes fd unless it is negative and keeps errno. Never retried: on Linux the descriptor is gone even after EINTR
 * (close(2), NOTES). Write paths that care about the result call close(2) themselves. Returns -1, the new value. */
int kt_close(int fd);

void kt_auto_close(int *fd);
void kt_auto_free(void *pointer);
void kt_auto_fclose(FILE **file);
void kt_auto_closedir(DIR **dir);

#define KT_AUTO_FD   __attribute__((cleanup(kt_auto_close)))
#define KT_AUTO_FREE __attribute__((cleanup(kt_auto_free)))
#define KT_AUTO_FILE __attribute__((cleanup(kt_auto_fclose)))
#define KT_AUTO_DIR  __attribute__((cleanup(kt_auto_closedir)))
/* For a struct with a kt_X_done(struct kt_X *) of its own. */
#define KT_AUTO(done) __attribute__((cleanup(done)))

/* Gives the descriptor away: the variable no longer closes it. */
static inline int kt_take_fd(int *fd)
{
        int taken = *fd;

        *fd = -1;
        return taken;
}

/* Gives a pointer away: the variable no longer frees it. */
#define kt_take_ptr(variable)                                \
        __extension__({                                      \
                __typeof__(variable) kt_taken_ = (variable); \
                (variable) = NULL;                           \
                kt_taken_;                                   \
        })

#endif
