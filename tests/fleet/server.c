/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated kube-apiserver. Where it had to be made up it is made up to the worse: one server instead of three, no
 * queues of API Priority and Fairness in front of it, and after a restart no version of before is known any more. */
#include "tests/fleet/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemonset/document.h"
#include "lib/app/report.h"
#include "lib/base/auto.h"
#include "lib/text/num.h"
#include "lib/text/str.h"
#include "tests/fleet/clock.h"

enum {
        WORKERS = 16,              /* requests that are worked on at the same time */
        IN_FLIGHT_MAX = 245,       /* more are answered 429: the seats of "workload-low" of 600 (kube-apiserver,
                                      --max-requests-inflight and --max-mutating-requests-inflight, defaults) */
        RETRY_AFTER_S = 1,         /* as kube-apiserver answers (apiserver, filters/maxinflight.go) */
        NETWORK_MOST_MS = 3,       /* one way */
        HANDSHAKE_MOST_MS = 20,    /* TCP and TLS */
        WATCH_LEAST_S = 1800,      /* --min-request-timeout; a watch that names no time gets up to twice of it */
        BOOKMARK_MS = 60 * 1000,   /* apiserver, storage/cacher: about once a minute */
        WINDOW_MS = 5 * 60 * 1000, /* versions that the watch cache still knows */
        POD_STARTS_MS = 3000,      /* from a pod that is bound to its container's start */
        SECONDS_MAX = 1 << 20,
        EVENTS_MAX = 4096, /* of one node */
};

enum resource { NODES, TUNINGS, PODS, RESOURCE_COUNT };

struct exchange {
        unsigned slot;
        enum server_kind kind;
        enum resource resource;
        const struct server_client *client;
        void *context;
        const char *method;
        char *target;
        char *body;
        unsigned pending; /* calls of the clock that name it */
        bool is_open;     /* a watch that tells */
        bool is_working;
        bool is_over;
        struct exchange *next;
        struct exchange **link;
};

struct object {
        bool is_there;
        uint64_t version;
        uint64_t deleted; /* version of the deletion; 0: there was none */
};

struct place {
        char name[32];
        uint64_t uid;
        struct object objects[RESOURCE_COUNT];
        char label[64];
        bool is_tainted;
        char *status; /* the body that was applied last */
        uint64_t pod;
        uint64_t pod_before;
        bool is_pod_running;
        uint64_t *events; /* names, as hashes */
        size_t event_count;
        bool is_connected;
        struct exchange *exchanges;
};

static struct {
        struct place *places;
        unsigned count;
        bool is_down;
        uint64_t version;
        uint64_t oldest; /* version that the watch cache knows */
        uint64_t uids;
        int64_t free_at[WORKERS];
        unsigned in_flight;
        struct server_stats stats;
        uint32_t seconds[SECONDS_MAX];
        uint32_t watches[SECONDS_MAX];
} server;

/* ---- Versions ---- */

/* Leases and whatever else a cluster of 5,000 nodes writes raise it by 600 each second. */
static uint64_t version_at(int64_t when_ms)
{
        return when_ms > 0 ? (uint64_t)when_ms * 6 / 10 : 0;
}

static uint64_t version_now(void)
{
        uint64_t now = version_at(clock_now());

        return server.version > now ? server.version : now;
}

static uint64_t next_version(void)
{
        server.version = version_now() + 1;
        return server.version;
}

static bool is_too_old(uint64_t version)
{
        return version < server.oldest || version < version_at(clock_now() - WINDOW_MS);
}

/* ---- Exchanges ---- */

static void release(struct exchange *exchange)
{
        if (exchange->pending > 0)
                return;
        free(exchange->target);
        free(exchange->body);
        free(exchange);
}

static void leave(struct exchange *exchange)
{
        if (exchange->is_working)
                server.in_flight--;
        exchange->is_working = false;
        exchange->is_open = false;
        exchange->is_over = true;
        *exchange->link = exchange->next;
        if (exchange->next)
                exchange->next->link = exchange->link;
}

static void end(struct exchange *exchange, bool is_whole)
{
        leave(exchange);
        exchange->client->end(exchange->context, is_whole);
        release(exchange);
}

static void answer(struct exchange *exchange, long status, long retry_after_s, const struct kt_str *body)
{
        exchange->client->receive(exchange->context, status, retry_after_s, kt_str_get(body), body->len);
        end(exchange, true);
}

static void answer_status(struct exchange *exchange, long status, long retry_after_s, const char *reason)
{
        KT_AUTO_STR struct kt_str body = { 0 };

        kt_str_addf(&body, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"code\":%ld,\"reason\":\"%s\"}", status,
                    reason);
        server.stats.conflicts += status == 409;
        answer(exchange, status, retry_after_s, &body);
}

static void later(struct exchange *exchange, int64_t when_ms, void (*act)(void *context, uint64_t value))
{
        exchange->pending++;
        clock_at(when_ms, act, exchange, 0);
}

/* The exchange that the clock has called for, or NULL when it is over. */
static struct exchange *called(void *context)
{
        struct exchange *exchange = context;

        exchange->pending--;
        if (!exchange->is_over)
                return exchange;
        release(exchange);
        return NULL;
}

/* ---- Objects as JSON ---- */

static void add_metadata(const struct place *place, enum resource resource, struct kt_str *out)
{
        kt_str_addf(out, "\"metadata\":{\"name\":\"%s\",\"resourceVersion\":\"%" PRIu64 "\",", place->name,
                    place->objects[resource].version);
        kt_str_addf(out, "\"uid\":\"00000000-0000-4000-8000-%012" PRIx64 "\"", place->uid);
}

/* About as long as that of a node with some images. */
static void add_node(const struct place *place, struct kt_str *out)
{
        kt_str_add(out, "{\"kind\":\"Node\",\"apiVersion\":\"v1\",");
        add_metadata(place, NODES, out);
        kt_str_addf(out, ",\"labels\":{\"kubernetes.io/hostname\":\"%s\"", place->name);
        if (place->label[0] != '\0')
                kt_str_addf(out, ",\"" KT_TUNED_LABEL "\":\"%s\"", place->label);
        kt_str_add(out, "}},\"spec\":{\"taints\":[");
        if (place->is_tainted)
                kt_str_add(out, "{\"key\":\"" KT_TAINT "\",\"effect\":\"NoSchedule\"}");
        kt_str_add(out, "]},\"status\":{\"images\":[{}");
        for (unsigned i = 0; i < 10; i++)
                kt_str_addf(out, ",{\"names\":[\"registry.example.org/team/image-%u:1.0\"],\"sizeBytes\":%u}", i, i);
        kt_str_add(out, "]}}");
}

/* What was applied as its status is what it shows. */
static void add_tuning(const struct place *place, struct kt_str *out)
{
        const char *status = place->status ? strstr(place->status, "\"status\"") : NULL;

        kt_str_add(out, "{\"kind\":\"NodeTuning\",\"apiVersion\":\"" KT_API_VERSION "\",");
        add_metadata(place, TUNINGS, out);
        kt_str_addf(out, "}%s%s", status ? "," : "", status ? status : "}");
}

static void add_pod(const struct place *place, uint64_t number, bool is_running, struct kt_str *out)
{
        kt_str_addf(out,
                    "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"kafka-%" PRIu64
                    "\",\"namespace\":\"kafka\",\"resourceVersion\":\"%" PRIu64 "\",",
                    number, place->objects[PODS].version);
        kt_str_addf(out,
                    "\"uid\":\"10000000-0000-4000-8000-%012" PRIx64 "\",\"labels\":{\"app.kubernetes.io/name\":"
                    "\"kafka\"}},\"spec\":{\"nodeName\":\"%s\",\"containers\":[{\"name\":\"kafka\"}]},\"status\":{",
                    number, place->name);
        if (is_running)
                kt_str_addf(out,
                            "\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"kafka\",\"containerID\":"
                            "\"containerd://%064" PRIx64 "\",\"state\":{\"running\":{\"startedAt\":"
                            "\"2026-01-01T00:00:00Z\"}}}]}}",
                            number);
        else
                kt_str_add(out, "\"phase\":\"Pending\"}}");
}

static void add_object(const struct place *place, enum resource resource, struct kt_str *out)
{
        if (resource == NODES)
                add_node(place, out);
        else if (resource == TUNINGS)
                add_tuning(place, out);
        else
                add_pod(place, place->pod, place->is_pod_running, out);
}

/* ---- Watches ---- */

static void tell(struct exchange *exchange, const struct kt_str *line)
{
        exchange->client->receive(exchange->context, 200, 0, kt_str_get(line), line->len);
}

static void tell_change(struct exchange *exchange)
{
        const struct place *place = &server.places[exchange->slot];
        KT_AUTO_STR struct kt_str line = { 0 };

        kt_str_add(&line, "{\"type\":\"MODIFIED\",\"object\":");
        add_object(place, exchange->resource, &line);
        kt_str_add(&line, "}\n");
        server.stats.told++;
        tell(exchange, &line);
}

/* Only pods leave without their node. */
static void tell_deletion(struct exchange *exchange)
{
        const struct place *place = &server.places[exchange->slot];
        KT_AUTO_STR struct kt_str line = { 0 };

        kt_str_add(&line, "{\"type\":\"DELETED\",\"object\":");
        add_pod(place, place->pod_before, false, &line);
        kt_str_add(&line, "}\n");
        server.stats.told++;
        tell(exchange, &line);
}

static void for_watches(unsigned slot, enum resource resource, void (*tell_it)(struct exchange *exchange))
{
        struct exchange *next;

        for (struct exchange *exchange = server.places[slot].exchanges; exchange; exchange = next) {
                next = exchange->next;
                if (exchange->is_open && exchange->resource == resource)
                        tell_it(exchange);
        }
}

static void change(unsigned slot, enum resource resource)
{
        server.places[slot].objects[resource].version = next_version();
        for_watches(slot, resource, tell_change);
}

static void on_bookmark(void *context, uint64_t value)
{
        struct exchange *exchange = called(context);
        KT_AUTO_STR struct kt_str line = { 0 };

        (void)value;
        if (!exchange)
                return;
        kt_str_addf(&line, "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"}}}\n",
                    version_now());
        server.stats.bookmarks++;
        later(exchange, clock_now() + BOOKMARK_MS, on_bookmark);
        tell(exchange, &line);
}

static void on_expiry(void *context, uint64_t value)
{
        struct exchange *exchange = called(context);

        (void)value;
        if (!exchange)
                return;
        server.stats.expired++;
        end(exchange, true);
}

/* The number behind key in the query; fallback without. */
static uint64_t number_of(const struct exchange *exchange, const char *key, uint64_t fallback)
{
        const char *at = strstr(exchange->target, key);
        KT_AUTO_FREE char *digits = NULL;
        uint64_t number;

        if (!at)
                return fallback;
        at += strlen(key);
        digits = strndup(at, strspn(at, "0123456789"));
        return digits && kt_num_parse_u64(digits, &number) == 0 ? number : fallback;
}

static void open_watch(struct exchange *exchange)
{
        const struct object *object = &server.places[exchange->slot].objects[exchange->resource];
        const uint64_t version = number_of(exchange, "resourceVersion=", 0);
        const int64_t least = WATCH_LEAST_S * 1000;
        const int64_t asked = (int64_t)number_of(exchange, "timeoutSeconds=", 0) * 1000;
        KT_AUTO_STR struct kt_str line = { 0 };

        server.in_flight--;
        exchange->is_working = false;
        if (is_too_old(version)) { /* as an event, behind a 200 (apiserver, storage/cacher, newErrWatcher) */
                kt_str_add(&line, "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\","
                                  "\"code\":410,\"reason\":\"Expired\"}}\n");
                server.stats.gone++;
                answer(exchange, 200, 0, &line);
                return;
        }
        exchange->is_open = true;
        later(exchange, clock_now() + (asked > 0 ? asked : clock_between(least, 2 * least)), on_expiry);
        later(exchange, clock_now() + clock_between(1, BOOKMARK_MS), on_bookmark);
        tell(exchange, &line);
        if (object->deleted > version)
                tell_deletion(exchange);
        if (object->is_there && object->version > version)
                tell_change(exchange);
}

/* ---- What else is asked ---- */

static void answer_object(struct exchange *exchange)
{
        KT_AUTO_STR struct kt_str body = { 0 };

        add_object(&server.places[exchange->slot], exchange->resource, &body);
        answer(exchange, 200, 0, &body);
}

static void answer_list(struct exchange *exchange)
{
        const struct place *place = &server.places[exchange->slot];
        KT_AUTO_STR struct kt_str body = { 0 };

        kt_str_addf(&body, "{\"kind\":\"List\",\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"},\"items\":[",
                    version_now());
        if (place->objects[exchange->resource].is_there)
                add_object(place, exchange->resource, &body);
        kt_str_add(&body, "]}");
        answer(exchange, 200, 0, &body);
}

static struct kt_json *part_of(struct kt_json *object, const char *key)
{
        struct kt_json *part = NULL;

        return object && kt_json_get_part(object, key, &part) == 0 ? part : NULL;
}

static bool has_our_taint(struct kt_json *taints)
{
        const char *key = "";

        for (size_t i = 0; kt_json_at(taints, i); i++)
                if (kt_json_get_text(kt_json_at(taints, i), "key", &key) == 0 && strcmp(key, KT_TAINT) == 0)
                        return true;
        return false;
}

/* False: the version that the patch names is not the Node's. */
static bool patch_node(struct place *place, struct kt_json *patch)
{
        struct kt_json *metadata = part_of(patch, "metadata");
        struct kt_json *labels = part_of(metadata, "labels");
        struct kt_json *taints = part_of(part_of(patch, "spec"), "taints");
        const char *text = NULL;
        uint64_t version = 0;

        if (metadata && kt_json_get_text(metadata, "resourceVersion", &text) == 0 &&
            (kt_num_parse_u64(text, &version) < 0 || version != place->objects[NODES].version))
                return false;
        if (labels && kt_json_get_text(labels, KT_TUNED_LABEL, &text) == 0)
                (void)snprintf(place->label, sizeof(place->label), "%s", text); /* a hash fits */
        else if (labels)
                place->label[0] = '\0';
        if (taints)
                place->is_tainted = has_our_taint(taints);
        return true;
}

static void do_node(struct exchange *exchange)
{
        struct kt_json *patch = NULL;
        bool is_done;

        if (kt_json_parse("patch", exchange->body, strlen(exchange->body), &patch, NULL) < 0) {
                answer_status(exchange, 400, 0, "BadRequest");
                return;
        }
        is_done = patch_node(&server.places[exchange->slot], patch);
        kt_json_free(patch);
        if (!is_done) {
                answer_status(exchange, 409, 0, "Conflict");
                return;
        }
        change(exchange->slot, NODES);
        answer_object(exchange);
}

static void do_tuning(struct exchange *exchange)
{
        server.places[exchange->slot].objects[TUNINGS].is_there = true;
        change(exchange->slot, TUNINGS);
        answer_object(exchange);
}

static void do_status(struct exchange *exchange)
{
        struct place *place = &server.places[exchange->slot];

        if (!place->objects[TUNINGS].is_there) {
                answer_status(exchange, 404, 0, "NotFound");
                return;
        }
        free(place->status);
        place->status = exchange->body;
        exchange->body = NULL;
        for (char *at = place->status; (at = strchr(at, '\n'));) /* a watch tells it in one line */
                *at = ' ';
        change(exchange->slot, TUNINGS);
        answer_object(exchange);
}

static uint64_t hash_name(const char *body)
{
        const char *at = strstr(body, "\"name\"");
        uint64_t hash = 14695981039346656037u; /* FNV-1a */

        for (at = at ? at + 6 : ""; *at != '\0' && *at != ',' && *at != '}'; at++)
                hash = (hash ^ (unsigned char)*at) * 1099511628211u;
        return hash;
}

static void do_event(struct exchange *exchange)
{
        struct place *place = &server.places[exchange->slot];
        const uint64_t name = hash_name(exchange->body);
        KT_AUTO_STR struct kt_str body = { 0 };

        for (size_t i = 0; i < place->event_count; i++) {
                if (place->events[i] != name)
                        continue;
                server.stats.duplicates++;
                answer_status(exchange, 409, 0, "AlreadyExists");
                return;
        }
        if (!place->events)
                place->events = calloc(EVENTS_MAX, sizeof(*place->events));
        if (place->events && place->event_count < EVENTS_MAX)
                place->events[place->event_count++] = name;
        server.stats.created++;
        kt_str_add(&body, "{\"kind\":\"Event\",\"apiVersion\":\"v1\"}");
        answer(exchange, 201, 0, &body);
}

static void do_other(struct exchange *exchange)
{
        answer_status(exchange, 404, 0, "NotFound");
}

/* What is asked is told by method and target; what is not its own node's is nothing. How long it takes, without others
 * in front of it, is an assumption: reads come from the watch cache, writes wait for a disk of etcd. */
static const struct {
        const char *method;
        const char *path;
        const char *with; /* of the target, NULL: whatever */
        enum server_kind kind;
        enum resource resource;
        void (*act)(struct exchange *exchange);
        int64_t least_ms;
        int64_t most_ms;
} routes[] = {
        { "GET", "/api/v1/nodes?", "watch=1", SERVER_WATCH, NODES, open_watch, 1, 4 },
        { "GET", "/apis/" KT_API_VERSION "/nodetunings?", "watch=1", SERVER_WATCH, TUNINGS, open_watch, 1, 4 },
        { "GET", "/api/v1/namespaces/kafka/pods?", "watch=1", SERVER_WATCH, PODS, open_watch, 1, 4 },
        { "GET", "/api/v1/nodes?", NULL, SERVER_LIST, NODES, answer_list, 2, 10 },
        { "GET", "/apis/" KT_API_VERSION "/nodetunings?", NULL, SERVER_LIST, TUNINGS, answer_list, 2, 10 },
        { "GET", "/api/v1/namespaces/kafka/pods?", NULL, SERVER_LIST, PODS, answer_list, 2, 10 },
        { "PATCH", "/api/v1/nodes/", NULL, SERVER_NODE, NODES, do_node, 4, 20 },
        { "PATCH", "/apis/" KT_API_VERSION "/nodetunings/", "/status", SERVER_STATUS, TUNINGS, do_status, 4, 20 },
        { "PATCH", "/apis/" KT_API_VERSION "/nodetunings/", NULL, SERVER_TUNING, TUNINGS, do_tuning, 4, 20 },
        { "POST", "/api/v1/namespaces/default/events", NULL, SERVER_EVENT, NODES, do_event, 4, 20 },
        { "", "", NULL, SERVER_OTHER, NODES, do_other, 1, 1 },
};

static size_t route_of(const struct exchange *exchange)
{
        const struct place *place = &server.places[exchange->slot];
        size_t i = 0;

        for (; i + 1 < KT_COUNT(routes); i++)
                if (strcmp(routes[i].method, exchange->method) == 0 &&
                    strncmp(routes[i].path, exchange->target, strlen(routes[i].path)) == 0 &&
                    (!routes[i].with || strstr(exchange->target, routes[i].with)) &&
                    (routes[i].kind == SERVER_EVENT || strstr(exchange->target, place->name)))
                        break;
        return i;
}

/* ---- The way of a request ---- */

static void on_done(void *context, uint64_t value)
{
        struct exchange *exchange = called(context);

        (void)value;
        if (exchange)
                routes[route_of(exchange)].act(exchange);
}

static void on_arrival(void *context, uint64_t value)
{
        struct exchange *exchange = called(context);
        int64_t *worker = &server.free_at[0];
        int64_t second = clock_now() / 1000;
        size_t route;

        (void)value;
        if (!exchange)
                return;
        if (server.is_down) {
                server.stats.refused++;
                end(exchange, false);
                return;
        }
        route = route_of(exchange);
        exchange->kind = routes[route].kind;
        exchange->resource = routes[route].resource;
        server.stats.kinds[exchange->kind]++;
        if (second < SECONDS_MAX) {
                server.seconds[second]++;
                server.watches[second] += exchange->kind == SERVER_WATCH;
        }
        if (server.in_flight >= IN_FLIGHT_MAX) {
                server.stats.too_many++;
                answer_status(exchange, 429, RETRY_AFTER_S, "TooManyRequests");
                return;
        }
        server.in_flight++;
        exchange->is_working = true;
        for (size_t i = 1; i < WORKERS; i++)
                if (server.free_at[i] < *worker)
                        worker = &server.free_at[i];
        if (*worker < clock_now())
                *worker = clock_now();
        *worker += clock_between(routes[route].least_ms, routes[route].most_ms);
        later(exchange, *worker, on_done);
}

struct exchange *server_send(unsigned slot, const char *method, const char *target, const char *body,
                             const struct server_client *client, void *context)
{
        struct place *place = &server.places[slot];
        struct exchange *exchange = calloc(1, sizeof(*exchange));
        int64_t way_ms = clock_between(1, NETWORK_MOST_MS);

        if (!exchange)
                return NULL;
        *exchange = (struct exchange){ .slot = slot,
                                       .client = client,
                                       .context = context,
                                       .method = method,
                                       .target = strdup(target),
                                       .body = strdup(body ? body : ""),
                                       .next = place->exchanges,
                                       .link = &place->exchanges };
        if (place->exchanges)
                place->exchanges->link = &exchange->next;
        place->exchanges = exchange;
        if (!server.is_down && !place->is_connected) {
                place->is_connected = true;
                server.stats.connections++;
                way_ms += clock_between(HANDSHAKE_MOST_MS / 2, HANDSHAKE_MOST_MS);
        }
        later(exchange, clock_now() + way_ms, on_arrival);
        return exchange;
}

void server_forget(struct exchange *exchange)
{
        leave(exchange);
        release(exchange);
}

void server_hang_up(unsigned slot)
{
        server.places[slot].is_connected = false;
}

/* ---- The cluster ---- */

void server_add_node(unsigned slot, const char *name)
{
        struct place *place = &server.places[slot];

        (void)snprintf(place->name, sizeof(place->name), "%s", name); /* fits */
        place->uid = ++server.uids;
        place->objects[NODES].is_there = true;
        place->label[0] = '\0';
        place->is_tainted = true;
        change(slot, NODES);
}

void server_remove_node(unsigned slot)
{
        struct place *place = &server.places[slot];

        for (size_t i = 0; i < RESOURCE_COUNT; i++)
                place->objects[i] = (struct object){ 0 };
        free(place->status);
        place->status = NULL;
        place->pod = 0;
        place->event_count = 0;
}

void server_touch_node(unsigned slot)
{
        if (!server.is_down && server.places[slot].objects[NODES].is_there)
                change(slot, NODES);
}

static void on_pod_started(void *context, uint64_t number)
{
        struct place *place = context;

        if (place->pod != number)
                return;
        place->is_pod_running = true;
        change((unsigned)(place - server.places), PODS);
}

void server_set_pod(unsigned slot, uint64_t number)
{
        struct place *place = &server.places[slot];

        if (place->objects[PODS].is_there) {
                place->pod_before = place->pod;
                place->objects[PODS].is_there = false;
                place->objects[PODS].version = next_version();
                place->objects[PODS].deleted = server.version;
                for_watches(slot, PODS, tell_deletion);
        }
        place->pod = number;
        place->is_pod_running = false;
        if (number == 0)
                return;
        place->objects[PODS].is_there = true;
        change(slot, PODS);
        clock_at(clock_now() + POD_STARTS_MS, on_pod_started, place, number);
}

uint64_t server_pod(unsigned slot)
{
        return server.places[slot].pod;
}

void server_fail(bool in_good_order)
{
        server.is_down = true;
        for (unsigned slot = 0; slot < server.count; slot++) {
                struct exchange *next;

                server.places[slot].is_connected = false;
                for (struct exchange *exchange = server.places[slot].exchanges; exchange; exchange = next) {
                        next = exchange->next;
                        if (exchange->is_open || (exchange->is_working && !in_good_order))
                                end(exchange, in_good_order);
                }
        }
}

void server_return(void)
{
        server.is_down = false;
        server.oldest = next_version();
}

void server_start(unsigned slots)
{
        server.places = calloc(slots, sizeof(*server.places));
        server.count = server.places ? slots : 0;
}

void server_stop(void)
{
        for (unsigned slot = 0; slot < server.count; slot++) {
                free(server.places[slot].status);
                free(server.places[slot].events);
        }
        free(server.places);
        server.places = NULL;
        server.count = 0;
}

/* ---- Questions ---- */

struct server_stats server_stats(void)
{
        return server.stats;
}

uint32_t server_second(int64_t second)
{
        return second >= 0 && second < SECONDS_MAX ? server.seconds[second] : 0;
}

uint32_t server_second_watches(int64_t second)
{
        return second >= 0 && second < SECONDS_MAX ? server.watches[second] : 0;
}

const char *server_label(unsigned slot)
{
        return server.places[slot].label;
}

bool server_is_tainted(unsigned slot)
{
        return server.places[slot].is_tainted;
}

bool server_has_status(unsigned slot)
{
        return server.places[slot].status != NULL;
}
