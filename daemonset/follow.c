/* SPDX-License-Identifier: Apache-2.0 */
/* A list, then a watch from there, for as long as it takes (Kubernetes documentation, API Concepts, "Efficient detection
 * of changes"; what a list costs the server: "Semantics for get and list"). */
#include "daemonset/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemonset/watch.h"
#include "lib/text/str.h"

enum {
        PAGE_OBJECTS = 100,    /* of a list of the newest, which alone comes in pages; 100 pods are about a megabyte */
        GRACE_MS = 30 * 1000,  /* what a server may take longer than it was asked to */
        STEADY_MS = 10 * 1000, /* a watch that held so long has nothing to do with failures before it */
        AT_ONCE_MS = 1000,     /* what no other node does at the same time is spread over that */
        CODE_GONE = 410,
};

struct kt_follow {
        struct kt_kube *kube;
        struct kt_follow_config config; /* its texts are owned by path and selectors */
        char *path;
        char *selectors; /* "&labelSelector=...&fieldSelector=..." */
        uint64_t request;
        struct kt_watch decoder;
        char version[KT_WATCH_VERSION_MAX]; /* the newest that was seen; "": none */
        char *page;                         /* continue token of the next page */
        bool is_listed;                     /* a watch can go on from version */
        bool was_listed;                    /* once: since then it has something to lose */
        bool is_fresh;                      /* version is the list's, and nothing was heard since */
        int64_t watch_ms;                   /* after which the server was asked to end the watch */
        bool must_be_newest;                /* the server does not know version */
        unsigned failures;                  /* in a row */
        struct kt_follow_stats stats;
};

static void tell(struct kt_follow *follow, enum kt_follow_change change, struct kt_json *object)
{
        follow->config.notice(follow->config.context, &(struct kt_follow_notice){ .change = change, .object = object });
}

static void go_on(struct kt_follow *follow, int64_t delay_ms);

/* ---- Failures ---- */

/* A server that was restored from a backup counts behind us (apimachinery, NewTooLargeResourceVersionError). */
static bool is_ahead_of_server(struct kt_json *status)
{
        struct kt_json *details = NULL;
        struct kt_json *causes = NULL;
        struct kt_json *cause = NULL;
        const char *reason = "";

        if (!status || kt_json_get_part(status, "details", &details) < 0 ||
            kt_json_get_part(details, "causes", &causes) < 0)
                return false;
        cause = kt_json_at(causes, 0);
        return cause && kt_json_get_text(cause, "reason", &reason) == 0 &&
               strcmp(reason, "ResourceVersionTooLarge") == 0;
}

/* What a Status says about the version that we have. */
static void judge_version(struct kt_follow *follow, int code, struct kt_json *status)
{
        bool is_ahead = is_ahead_of_server(status);

        if (code != -ESTALE && !is_ahead)
                return;
        follow->must_be_newest = is_ahead || !follow->is_listed;
        follow->is_listed = false;
}

static void drop_page(struct kt_follow *follow)
{
        free(follow->page);
        follow->page = NULL;
}

static int64_t next_delay_ms(struct kt_follow *follow, int64_t least_ms)
{
        const struct kt_follow_config *config = &follow->config;
        const struct kt_backoff back = {
                .first_ms = config->return_ms,
                .most_ms = config->return_ms > config->backoff.most_ms ? config->return_ms : config->backoff.most_ms,
        };
        int64_t delay_ms;

        if (follow->failures < 64)
                follow->failures++;
        if (follow->was_listed)
                delay_ms = kt_backoff_return_ms(&back, follow->failures, kt_backoff_random());
        else
                delay_ms = kt_backoff_ms(&config->backoff, follow->failures, kt_backoff_random());
        return delay_ms > least_ms ? delay_ms : least_ms + delay_ms / 2;
}

static void tell_broken(struct kt_follow *follow, int code, const struct kt_err *e, int64_t retry_ms)
{
        follow->stats.failures++;
        follow->config.notice(follow->config.context,
                              &(struct kt_follow_notice){
                                      .change = KT_FOLLOW_BROKEN, .error = e, .code = code, .retry_ms = retry_ms });
}

static void fail(struct kt_follow *follow, int code, const struct kt_err *e, int64_t least_ms)
{
        int64_t delay_ms = next_delay_ms(follow, least_ms);

        drop_page(follow);
        tell_broken(follow, code, e, delay_ms);
        go_on(follow, delay_ms);
}

/* ---- The watch ---- */

static int take_event(void *context, const struct kt_watch_event *event)
{
        struct kt_follow *follow = context;

        if (event->kind == KT_WATCH_ERROR) {
                judge_version(follow, event->code == CODE_GONE ? -ESTALE : 0, event->object);
                return follow->is_listed ? -EAGAIN : 1;
        }

        follow->stats.events++;
        follow->failures = 0;
        follow->is_fresh = false;
        memcpy(follow->version, event->version, strlen(event->version) + 1); /* its length was checked */
        if (event->kind != KT_WATCH_BOOKMARK)
                tell(follow, event->kind == KT_WATCH_DELETED ? KT_FOLLOW_DELETED : KT_FOLLOW_PRESENT, event->object);
        return 0;
}

static int take_stream(void *context, const char *data, size_t len, struct kt_err *e)
{
        struct kt_follow *follow = context;
        int r;

        if (len == 0) {
                tell(follow, KT_FOLLOW_HEARING, NULL);
                return 0;
        }
        r = kt_watch_feed(&follow->decoder, data, len, take_event, follow, e);
        return r == -EAGAIN ? kt_err_set(e, r, "the server ended the watch with an error") : r;
}

/* What the server ends before its time it has ended for all nodes. */
static bool is_time_up(const struct kt_follow *follow, const struct kt_kube_answer *answer)
{
        return answer->code == 0 && answer->elapsed_ms >= STEADY_MS &&
               answer->elapsed_ms >= follow->watch_ms - AT_ONCE_MS;
}

static void end_watch(void *context, const struct kt_kube_answer *answer)
{
        struct kt_follow *follow = context;
        const bool was_fresh = follow->is_fresh && answer->elapsed_ms < STEADY_MS;

        if (answer->elapsed_ms >= STEADY_MS)
                follow->failures = 0;
        judge_version(follow, answer->code, answer->object);
        if (!follow->is_listed && was_fresh) /* a list whose version is gone at once is no help */
                go_on(follow, next_delay_ms(follow, 0));
        else if (is_time_up(follow, answer) || !follow->is_listed) /* nothing was lost */
                go_on(follow, kt_backoff_spread_ms(AT_ONCE_MS, kt_backoff_random()));
        else if (answer->code < 0)
                fail(follow, answer->code, answer->error, answer->retry_after_ms);
        else
                go_on(follow, next_delay_ms(follow, 0));
}

static void add_watch(struct kt_follow *follow, struct kt_str *query, struct kt_kube_request *request)
{
        const int64_t least_ms = follow->config.watch_ms;

        follow->watch_ms = least_ms + kt_backoff_spread_ms(least_ms, kt_backoff_random());
        kt_str_addf(query, "watch=1&allowWatchBookmarks=true&timeoutSeconds=%lld&resourceVersion=",
                    (long long)(follow->watch_ms / 1000 > 0 ? follow->watch_ms / 1000 : 1));
        kt_kube_escape(query, follow->version);
        request->timeout_ms = follow->watch_ms + GRACE_MS;
        request->data = take_stream;
        request->done = end_watch;
        kt_watch_reset(&follow->decoder);
        follow->stats.watches++;
}

/* ---- The list ---- */

/* Objects of one page. -EBADMSG or -ENOMEM. */
static int take_items(struct kt_follow *follow, struct kt_json *list)
{
        struct kt_json *items = NULL;
        struct kt_json *item;
        int r = kt_json_get_part(list, "items", &items);

        if (r == -EINVAL || r == -ENOENT) /* null: there are none */
                return 0;
        if (r < 0)
                return r;
        for (size_t i = 0; (item = kt_json_at(items, i)); i++)
                tell(follow, KT_FOLLOW_PRESENT, item);
        return 0;
}

/* Where the list ends, or goes on: the version of a last page, the token of any other. */
static int take_metadata(struct kt_follow *follow, struct kt_json *list)
{
        struct kt_json *metadata = NULL;
        const char *version = "";
        const char *token = "";
        int r = kt_json_get_part(list, "metadata", &metadata);

        if (r == 0)
                r = kt_json_get_text(metadata, "resourceVersion", &version);
        if (r < 0 || strlen(version) >= sizeof(follow->version))
                return r == -ENOMEM ? r : -EBADMSG;

        drop_page(follow);
        if (kt_json_get_text(metadata, "continue", &token) == 0 && token[0]) {
                follow->page = strdup(token);
                return follow->page ? 0 : -ENOMEM;
        }
        memcpy(follow->version, version, strlen(version) + 1);
        follow->must_be_newest = false;
        follow->is_listed = true;
        follow->was_listed = true;
        follow->is_fresh = true;
        return 0;
}

static void end_list(void *context, const struct kt_kube_answer *answer)
{
        struct kt_follow *follow = context;
        bool is_first = !follow->page;
        struct kt_err e = { 0 };
        int r;

        if (answer->code < 0) {
                judge_version(follow, answer->code, answer->object);
                fail(follow, answer->code, answer->error, answer->retry_after_ms);
                return;
        }

        r = take_metadata(follow, answer->object);
        if (r == 0 && is_first)
                tell(follow, KT_FOLLOW_LISTING, NULL);
        if (r == 0)
                r = take_items(follow, answer->object);
        if (r < 0) {
                follow->is_listed = false;
                (void)kt_err_set(&e, r, "list %s: the answer is no list", follow->path); /* told below */
                fail(follow, r, &e, 0);
                return;
        }
        if (follow->is_listed)
                tell(follow, KT_FOLLOW_LISTED, NULL);
        go_on(follow, 0);
}

/* A server takes resourceVersion with a limit to its database (apiserver, storage/cacher, shouldDelegateList), and has
 * to read the pods of all nodes there: a limit goes only where the newest is asked for. */
static void add_list(struct kt_follow *follow, struct kt_str *query, struct kt_kube_request *request)
{
        if (follow->page) {
                kt_str_addf(query, "limit=%d&continue=", (int)PAGE_OBJECTS);
                kt_kube_escape(query, follow->page);
        } else if (follow->must_be_newest) {
                kt_str_addf(query, "limit=%d", (int)PAGE_OBJECTS);
        } else {
                kt_str_add(query, "resourceVersion=");
                kt_kube_escape(query, follow->version[0] ? follow->version : "0");
        }
        request->done = end_list;
        follow->stats.lists += !follow->page;
}

/* ---- What is next ---- */

static int send_next(struct kt_follow *follow, int64_t delay_ms, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str query = { 0 };
        struct kt_kube_request request = {
                .verb = KT_KUBE_GET, .path = follow->path, .delay_ms = delay_ms, .context = follow
        };

        if (follow->is_listed)
                add_watch(follow, &query, &request);
        else
                add_list(follow, &query, &request);
        kt_str_add(&query, follow->selectors);
        if (kt_str_error(&query) < 0)
                return kt_err_set(e, -ENOMEM, "follow %s", follow->path);

        request.query = kt_str_get(&query);
        return kt_kube_start(follow->kube, &request, &follow->request, e);
}

static void go_on(struct kt_follow *follow, int64_t delay_ms)
{
        struct kt_err e = { 0 };
        int r = send_next(follow, delay_ms, &e);

        if (r < 0)
                tell_broken(follow, r, &e, -1);
}

/* ---- The caller's side ---- */

static char *build_selectors(const struct kt_follow_config *config)
{
        KT_AUTO_STR struct kt_str out = { 0 };

        if (config->labels) {
                kt_str_add(&out, "&labelSelector=");
                kt_kube_escape(&out, config->labels);
        }
        if (config->fields) {
                kt_str_add(&out, "&fieldSelector=");
                kt_kube_escape(&out, config->fields);
        }
        return kt_str_take(&out);
}

int kt_follow_new(struct kt_kube *kube, const struct kt_follow_config *config, struct kt_follow **ret, struct kt_err *e)
{
        struct kt_follow *follow = calloc(1, sizeof(*follow));
        int r;

        if (!follow)
                return kt_err_set(e, -ENOMEM, "follow %s", config->path);
        *follow = (struct kt_follow){ .kube = kube, .config = *config };
        follow->path = strdup(config->path);
        follow->selectors = build_selectors(config);
        if (config->watch_ms <= 0)
                follow->config.watch_ms = 30 * 60 * 1000;
        if (config->return_ms <= 0)
                follow->config.return_ms = 20 * 1000;
        if (config->backoff.most_ms <= 0)
                follow->config.backoff = (struct kt_backoff){ .first_ms = 1000, .most_ms = 60 * 1000 };

        r = follow->path && follow->selectors
                    ? send_next(follow, kt_backoff_spread_ms(config->first_ms, kt_backoff_random()), e)
                    : kt_err_set(e, -ENOMEM, "follow %s", config->path);
        if (r < 0) {
                kt_follow_free(follow);
                return r;
        }
        *ret = follow;
        return 0;
}

void kt_follow_free(struct kt_follow *follow)
{
        if (!follow)
                return;
        kt_kube_cancel(follow->kube, follow->request);
        kt_watch_done(&follow->decoder);
        drop_page(follow);
        free(follow->path);
        free(follow->selectors);
        free(follow);
}

void kt_follow_get_stats(const struct kt_follow *follow, struct kt_follow_stats *ret)
{
        *ret = follow->stats;
}
