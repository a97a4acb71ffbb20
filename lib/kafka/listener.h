/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners as Kafka writes them: NAME://HOST:PORT, separated by commas
 * (org.apache.kafka.network.SocketServerConfigs). */
#ifndef KT_KAFKA_LISTENER_H
#define KT_KAFKA_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"

enum { KT_LISTENERS_MAX = 16, KT_LISTENER_TEXT_MAX = 256 };

struct kt_listener {
        char name[KT_LISTENER_TEXT_MAX]; /* upper case, as Kafka compares it */
        char host[KT_LISTENER_TEXT_MAX]; /* "" or "0.0.0.0" or "::" without brackets: every address */
        uint16_t port;
};

struct kt_listeners {
        struct kt_listener items[KT_LISTENERS_MAX];
        size_t count;
};

/* Parses the value of listeners or advertised.listeners; "" gives none. -EINVAL names the element that is none. */
KT_MUST_CHECK int kt_listeners_parse(const char *value, struct kt_listeners *ret, struct kt_err *e);

/* The listener of that name (any case), or NULL. */
const struct kt_listener *kt_listeners_find(const struct kt_listeners *listeners, const char *name);

/* True when it binds every address, so that it cannot be told to others as it is. */
bool kt_listener_is_wildcard(const struct kt_listener *listener);

/* True when name is an element of the comma-separated list (any case, blanks around elements do not count). */
bool kt_listener_is_named(const char *list, const char *name);

#endif
