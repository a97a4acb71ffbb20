/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of a Kubernetes watch (metav1.WatchEvent, one a line), decoded as it comes in.
 *
 * The server is trusted to be the server, not to be small: anybody who may make a pod writes most of what stands in a
 * line, so its length is bounded, and a NUL in one text breaks that text and not the stream. */
#include "daemonset/watch.h"

#include <errno.h>
#include <string.h>

static const char *const kind_names[] = {
        [KT_WATCH_ADDED] = "ADDED",       [KT_WATCH_MODIFIED] = "MODIFIED", [KT_WATCH_DELETED] = "DELETED",
        [KT_WATCH_BOOKMARK] = "BOOKMARK", [KT_WATCH_ERROR] = "ERROR",
};

void kt_watch_done(struct kt_watch *watch)
{
        kt_str_done(&watch->line);
}

void kt_watch_reset(struct kt_watch *watch)
{
        /* One large object must not hold its memory for the rest of the agent's life. */
        if (watch->line.cap > KT_WATCH_KEEP_MAX)
                kt_str_done(&watch->line);
        else
                kt_str_clear(&watch->line);
}

static bool find_kind(const char *type, enum kt_watch_kind *ret)
{
        for (size_t i = 0; i < KT_COUNT(kind_names); i++) {
                if (strcmp(kind_names[i], type) == 0) {
                        *ret = (enum kt_watch_kind)i;
                        return true;
                }
        }
        return false;
}

/* Fills event from its object. */
static int read_object(struct kt_watch_event *event, struct kt_err *e)
{
        struct kt_json *metadata = NULL;
        int r;

        if (event->kind == KT_WATCH_ERROR) {
                r = kt_json_get_count(event->object, "code", &event->code);
                if (r == -ENOENT || r == -EINVAL)
                        event->code = 0;
                return r == -ENOMEM ? kt_err_set(e, r, "read an event") : 0;
        }

        r = kt_json_get_part(event->object, "metadata", &metadata);
        if (r == 0)
                r = kt_json_get_text(metadata, "resourceVersion", &event->version);
        if (r == 0 && strlen(event->version) >= KT_WATCH_VERSION_MAX)
                r = -EINVAL;
        if (r < 0)
                return kt_err_set(e, r == -ENOMEM ? r : -EBADMSG, "an object of the watch has no resourceVersion");
        return 0;
}

static int read_event(struct kt_watch *watch, struct kt_json *document, struct kt_watch_event *ret, bool *ret_known,
                      struct kt_err *e)
{
        const char *type = NULL;
        int r;

        r = kt_json_get_text(document, "type", &type);
        if (r == 0)
                r = kt_json_get_part(document, "object", &ret->object);
        if (r < 0)
                return kt_err_set(e, r == -ENOMEM ? r : -EBADMSG, "a line of the watch is no event");

        *ret_known = find_kind(type, &ret->kind);
        if (!*ret_known) {
                watch->skipped++;
                return 0;
        }
        return read_object(ret, e);
}

static int take_line(struct kt_watch *watch, int (*each)(void *context, const struct kt_watch_event *event),
                     void *context, struct kt_err *e)
{
        struct kt_watch_event event = { 0 };
        struct kt_json *document = NULL;
        bool is_known = false;
        int r;

        r = kt_json_parse_foreign("watch event", kt_str_get(&watch->line), watch->line.len, &document, e);
        if (r < 0)
                return r;

        r = read_event(watch, document, &event, &is_known, e);
        if (r == 0 && is_known)
                r = each(context, &event);
        kt_json_free(document);
        return r;
}

/* Adds bytes without a line end to the line. */
static int add_bytes(struct kt_watch *watch, const char *data, size_t len, struct kt_err *e)
{
        size_t max = watch->line_max > 0 ? watch->line_max : KT_WATCH_LINE_MAX;

        if (len > max - watch->line.len)
                return kt_err_set(e, -EFBIG, "an event of the watch is larger than %zu bytes", max);

        kt_str_add_bytes(&watch->line, data, len);
        return kt_str_error(&watch->line) < 0 ? kt_err_set(e, -ENOMEM, "keep an event of the watch") : 0;
}

int kt_watch_feed(struct kt_watch *watch, const char *data, size_t len,
                  int (*each)(void *context, const struct kt_watch_event *event), void *context, struct kt_err *e)
{
        while (len > 0) {
                const char *end = memchr(data, '\n', len);
                size_t part = end ? (size_t)(end - data) : len;
                int r = add_bytes(watch, data, part, e);

                if (r < 0)
                        return r;
                if (!end)
                        return 0;

                r = watch->line.len > 0 ? take_line(watch, each, context, e) : 0;
                kt_watch_reset(watch);
                if (r != 0)
                        return r;
                data = end + 1;
                len -= part + 1;
        }
        return 0;
}
