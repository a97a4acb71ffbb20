/* SPDX-License-Identifier: Apache-2.0 */
/* A watch of anything: decoding ends, gives the same events however the bytes are cut, and leaves nothing behind. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemonset/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
        size_t events;
        uint64_t code;
};

static int see(void *context, const struct kt_watch_event *event)
{
        struct seen *seen = context;

        if (!event->object || (event->kind == KT_WATCH_ERROR) != !event->version)
                abort();
        if (event->version && strlen(event->version) >= KT_WATCH_VERSION_MAX)
                abort();
        seen->events++;
        seen->code += event->code;
        return 0;
}

static int feed(const char *data, size_t size, size_t piece, struct seen *seen)
{
        KT_AUTO(kt_watch_done) struct kt_watch watch = { .line_max = 4096 };
        int r = 0;

        for (size_t at = 0; at < size && r == 0; at += piece)
                r = kt_watch_feed(&watch, data + at, size - at < piece ? size - at : piece, see, seen, NULL);
        if (watch.line.len > watch.line_max)
                abort();
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct seen whole = { 0 };
        struct seen cut = { 0 };
        int r = feed((const char *)data, size, size + 1, &whole);

        if (feed((const char *)data, size, 1 + size / 7, &cut) != r || whole.events != cut.events ||
            whole.code != cut.code)
                abort();
        return 0;
}
