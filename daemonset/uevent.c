/* SPDX-License-Identifier: Apache-2.0 */
/* Uevents. Any process with CAP_NET_ADMIN may send to the group: only messages of the kernel (port 0) count, and even
 * those say no more than that it is time to look. */
#include "daemonset/uevent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/auto.h"

enum { KERNEL_GROUP = 1 }; /* the other one is udev's */

/* False when the value does not fit. */
static bool copy_word(const char *value, size_t len, char ret[KT_UEVENT_WORD_MAX])
{
        if (len >= KT_UEVENT_WORD_MAX)
                return false;
        memcpy(ret, value, len);
        ret[len] = '\0';
        return true;
}

static bool take_pair(const char *pair, size_t len, struct kt_uevent *event)
{
        const struct {
                const char *key;
                char *word;
        } words[] = {
                { "ACTION=", event->action },
                { "SUBSYSTEM=", event->subsystem },
                { "DEVTYPE=", event->type },
                { "DEVNAME=", event->name },
        };

        for (size_t i = 0; i < KT_COUNT(words); i++) {
                size_t key_len = strlen(words[i].key);

                if (len >= key_len && memcmp(pair, words[i].key, key_len) == 0)
                        return copy_word(pair + key_len, len - key_len, words[i].word);
        }
        return true;
}

int kt_uevent_parse(const char *data, size_t len, struct kt_uevent *ret)
{
        struct kt_uevent event = { 0 };
        const char *end = data + len;

        if (len == 0 || data[len - 1] != '\0' || !strchr(data, '@'))
                return -EBADMSG;
        for (const char *at = data + strlen(data) + 1; at < end; at += strlen(at) + 1)
                if (!take_pair(at, strlen(at), &event))
                        return -EBADMSG;
        if (event.action[0] == '\0')
                return -EBADMSG;

        *ret = event;
        return 0;
}

int kt_uevent_open(struct kt_err *e)
{
        const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
        KT_AUTO_FD int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

        if (fd < 0)
                return kt_err_set(e, -errno, "open a socket for uevents");
        if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return kt_err_set(e, -errno, "listen to uevents");
        return kt_take_fd(&fd);
}

int kt_uevent_read(int fd, struct kt_uevent *ret)
{
        for (;;) {
                char data[KT_UEVENT_MAX];
                struct sockaddr_nl sender = { 0 };
                socklen_t size = sizeof(sender);
                ssize_t n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&sender, &size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -errno;
                if (sender.nl_pid == 0 && kt_uevent_parse(data, (size_t)n, ret) == 0)
                        return 1;
        }
}

bool kt_uevent_is_disk(const struct kt_uevent *event)
{
        return strcmp(event->subsystem, "block") == 0 && strcmp(event->type, "partition") != 0;
}
