/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of devices that come and go (netlink(7), NETLINK_KOBJECT_UEVENT). */
#ifndef KT_DAEMONSET_UEVENT_H
#define KT_DAEMONSET_UEVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"

enum {
        KT_UEVENT_MAX = 8 << 10, /* the kernel's own buffer has 2 KiB (UEVENT_BUFFER_SIZE) and a path in front */
        KT_UEVENT_WORD_MAX = 64,
};

struct kt_uevent {
        char action[KT_UEVENT_WORD_MAX];    /* "add", "remove", "change", ... */
        char subsystem[KT_UEVENT_WORD_MAX]; /* "block" */
        char type[KT_UEVENT_WORD_MAX];      /* of that one: "disk", "partition" */
        char name[KT_UEVENT_WORD_MAX];      /* "vdb", "mapper/x"; "" when there is none */
};

/* Parses one message: "add@/devices/...", NUL, then KEY=VALUE, each with its NUL. 0, or -EBADMSG. */
KT_MUST_CHECK int kt_uevent_parse(const char *data, size_t len, struct kt_uevent *ret);

/* Opens a non-blocking socket on which the kernel's own messages come. Returns it, owned by the caller, or -errno. */
KT_MUST_CHECK int kt_uevent_open(struct kt_err *e);

/* Takes one message: 1 and *ret, 0: there is none now, or -errno; -ENOBUFS: some were lost. What was not sent by the
 * kernel, or is no message, is passed over. */
KT_MUST_CHECK int kt_uevent_read(int fd, struct kt_uevent *ret);

/* True when it says that a disk has come, gone or changed. Its partitions have messages of their own, right behind. */
bool kt_uevent_is_disk(const struct kt_uevent *event);

#endif
