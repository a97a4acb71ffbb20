/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners. */
#include "lib/kafka/listener.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/text/num.h"

#define BLANKS " \t\r\n"

/* Copies the blank-trimmed bytes; false when they do not fit. */
static bool copy_trimmed(const char *from, size_t len, char *to, size_t size)
{
        while (len > 0 && strchr(BLANKS, from[0])) {
                from++;
                len--;
        }
        while (len > 0 && strchr(BLANKS, from[len - 1]))
                len--;
        if (len >= size)
                return false;

        memcpy(to, from, len);
        to[len] = '\0';
        return true;
}

static bool parse_one(const char *text, struct kt_listener *ret)
{
        const char *separator = strstr(text, "://");
        const char *colon = strrchr(text, ':');
        const char *host;
        uint64_t port;
        size_t len;

        if (!separator || separator == text || colon < separator + 3)
                return false;
        if (kt_num_parse_u64_in(colon + 1, 0, UINT16_MAX, &port) < 0)
                return false;

        host = separator + 3;
        len = (size_t)(colon - host);
        if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
                host++;
                len -= 2;
        }
        if (!copy_trimmed(text, (size_t)(separator - text), ret->name, sizeof(ret->name)) ||
            !copy_trimmed(host, len, ret->host, sizeof(ret->host)))
                return false;

        for (char *c = ret->name; *c; c++)
                *c = (char)toupper((unsigned char)*c);
        ret->port = (uint16_t)port;
        return true;
}

int kt_listeners_parse(const char *value, struct kt_listeners *ret, struct kt_err *e)
{
        struct kt_listeners listeners = { .count = 0 };

        while (*value) {
                char element[KT_LISTENER_TEXT_MAX];
                size_t len = strcspn(value, ",");

                if (listeners.count == KT_LISTENERS_MAX)
                        return kt_err_set(e, -EINVAL, "more than %d listeners", KT_LISTENERS_MAX);
                if (!copy_trimmed(value, len, element, sizeof(element)) ||
                    !parse_one(element, &listeners.items[listeners.count]))
                        return kt_err_set(e, -EINVAL, "'%.*s' is no listener: NAME://HOST:PORT", (int)len, value);

                listeners.count++;
                value += len;
                value += *value == ',';
        }

        *ret = listeners;
        return 0;
}

const struct kt_listener *kt_listeners_find(const struct kt_listeners *listeners, const char *name)
{
        for (size_t i = 0; i < listeners->count; i++)
                if (strcasecmp(listeners->items[i].name, name) == 0)
                        return &listeners->items[i];
        return NULL;
}

bool kt_listener_is_wildcard(const struct kt_listener *listener)
{
        return listener->host[0] == '\0' || strcmp(listener->host, "0.0.0.0") == 0 || strcmp(listener->host, "::") == 0;
}

bool kt_listener_is_named(const char *list, const char *name)
{
        while (*list) {
                char element[KT_LISTENER_TEXT_MAX];
                size_t len = strcspn(list, ",");

                if (copy_trimmed(list, len, element, sizeof(element)) && strcasecmp(element, name) == 0)
                        return true;
                list += len;
                list += *list == ',';
        }
        return false;
}
