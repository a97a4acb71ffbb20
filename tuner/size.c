/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-tuner size: what to write into requests, limits and claims, with the arithmetic. */
#include "tuner/size.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/app/exit.h"
#include "lib/app/report.h"
#include "lib/kafka/schema.h"
#include "lib/text/num.h"
#include "tuner/derive.h"
#include "tuner/verbs.h"

#define MIB ((uint64_t)1 << 20)

enum {
        START_SCRIPT_HEAP_MIB = 1024, /* kafka-server-start.sh: -Xmx1G */
        HEAP_STEP_MIB = 512,          /* whole halves of a GiB read better */
        BESIDE_HEAP_MIB = 512,        /* HotSpot's code cache alone may take 240 MiB (ReservedCodeCacheSize) */
        NODE_RESERVE_MIB = 1024,      /* kubelet, runtime and kernel; the order of what cloud providers reserve */
        DISK_FREE_PERCENT = 15,
        REFILL_SECONDS = 86400,
        CPUS_START = 4, /* "2-4 CPUs and titrating up": the advice for the first StatefulSets of Kafka */
        MEMINFO_MAX = 16 << 10,
};

struct property {
        const char *name;
        uint64_t fallback;
};

static const struct property queued_requests = { "queued.max.requests", 500 };
static const struct property message_bytes = { "message.max.bytes", 1000012 };
static const struct property fetchers = { "num.replica.fetchers", 1 };
static const struct property fetch_bytes = { "replica.fetch.response.max.bytes", 10485760 };
static const struct property segment_bytes = { "log.segment.bytes", 1ULL << 30 };
static const struct property delete_delay_ms = { "log.segment.delete.delay.ms", 60000 };

static const struct {
        const char *name; /* in JSON */
        const char *title;
        enum kt_size_unit unit;
        const char *place; /* what to do with it */
} shown[KT_SIZE_ID_COUNT_] = {
        [KT_SIZE_OPEN_FILES] = { "openFiles", "open files", KT_SIZE_COUNT,
                                 "hard limit of the broker's process: kafka-tuner check --pid N" },
        [KT_SIZE_MAP_AREAS] = { "mapAreas", "map areas", KT_SIZE_COUNT,
                                "vm.max_map_count of the node: kafka-tuner check" },
        [KT_SIZE_PAGE_CACHE] = { "pageCacheBytes", "page cache", KT_SIZE_BYTES,
                                 "part of the memory below; consumers no further behind read no disk" },
        [KT_SIZE_HEAP] = { "heapBytes", "heap", KT_SIZE_BYTES,
                           "kafka.heap in kafka.yaml; without it the JVM gets 40 % of the memory limit" },
        [KT_SIZE_MEMORY] = { "memoryBytes", "memory", KT_SIZE_BYTES,
                             "resources.requests.memory and the limit: page cache counts in it" },
        [KT_SIZE_DISK] = { "diskBytes", "disk", KT_SIZE_BYTES, "size of the broker's claims together" },
        [KT_SIZE_DISK_WRITE] = { "diskWriteBytesPerSecond", "disk writes", KT_SIZE_RATE,
                                 "what the volumes must sustain, long after any burst is used up" },
        [KT_SIZE_CPUS] = { "cpus", "CPUs", KT_SIZE_COUNT,
                           "resources.requests.cpu; TLS and compression want more: measure" },
        [KT_SIZE_BROKERS] = { "brokersPerNode", "brokers per node", KT_SIZE_COUNT,
                              "an upper bound; keep them apart: required podAntiAffinity over kubernetes.io/hostname" },
};

/* ---- Arithmetic ---- */

static uint64_t add(uint64_t a, uint64_t b)
{
        uint64_t sum;

        return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
        uint64_t product;

        return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t round_up(uint64_t value, uint64_t step)
{
        uint64_t rest = value % step;

        return rest == 0 ? value : add(value, step - rest);
}

KT_PRINTF(3, 4) static void add_term(struct kt_size_item *item, uint64_t value, const char *format, ...)
{
        struct kt_size_term *term = &item->terms[item->term_count++];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(term->text, sizeof(term->text), format, args); /* too long is cut: a text for a person */
        va_end(args);
        term->value = value;
        item->value = add(item->value, value);
}

/* Makes the item at least floor; the difference is a line of its own, so that the lines still add up. */
static void raise_to(struct kt_size_item *item, uint64_t floor, const char *why)
{
        if (item->value < floor)
                add_term(item, floor - item->value, "%s", why);
}

static const struct kt_spec_pair *find_pair(const struct kt_inputs *inputs, const char *name)
{
        const struct kt_spec_pairs *pairs = &inputs->spec.kafka.properties;

        for (size_t i = 0; i < pairs->count; i++)
                if (strcmp(pairs->items[i].key, name) == 0)
                        return &pairs->items[i];
        return NULL;
}

static uint64_t property_value(const struct kt_inputs *inputs, const struct property *property)
{
        const struct kt_schema_key *key = kt_schema_find(inputs->version, property->name);
        const struct kt_spec_pair *pair = find_pair(inputs, property->name);
        const char *preset = key ? key->preset : NULL;
        const char *text = pair ? pair->value : preset;
        uint64_t value;

        return text && kt_num_parse_u64(text, &value) == 0 ? value : property->fallback;
}

int kt_size_check(const struct kt_inputs *inputs, struct kt_err *e)
{
        static const struct property *const counted[] = { &queued_requests, &message_bytes, &fetchers,
                                                          &fetch_bytes,     &segment_bytes, &delete_delay_ms };

        for (size_t i = 0; i < KT_COUNT(counted); i++) {
                const struct kt_spec_pair *pair = find_pair(inputs, counted[i]->name);
                uint64_t value;

                if (pair && kt_num_parse_u64(pair->value, &value) < 0)
                        return kt_err_set(e, -EINVAL,
                                          "%s:%u:%u: %s is '%s', which is no number that can be counted with",
                                          inputs->spec.file, pair->line, pair->column, pair->key, pair->value);
        }
        return 0;
}

/* ---- The items ---- */

static void add_need(const struct kt_need_sum *sum, uint64_t wanted, const char *floor, struct kt_size_item *item)
{
        char count[KT_NUM_TEXT_MAX];

        for (size_t i = 0; i < sum->term_count; i++) {
                const struct kt_need_term *term = &sum->terms[i];

                if (term->value > 0)
                        add_term(item, term->value, "%s: %s x %" PRIu64, term->name,
                                 kt_num_format_count(term->count, count), term->per);
        }
        raise_to(item, wanted, floor);
}

static void size_limits(const struct kt_inputs *inputs, struct kt_size *size)
{
        KT_AUTO_STR struct kt_str why = { 0 }; /* the terms say it line by line */

        add_need(&inputs->need.descriptors, kt_derive_open_files(inputs, &why), "up to Kafka's starting point",
                 &size->items[KT_SIZE_OPEN_FILES]);
        add_need(&inputs->need.maps, kt_derive_map_areas(inputs, &why), "up to the vendors' floor",
                 &size->items[KT_SIZE_MAP_AREAS]);
}

static void size_heap(const struct kt_inputs *inputs, struct kt_size_item *item)
{
        uint64_t requests = property_value(inputs, &queued_requests);
        uint64_t request = property_value(inputs, &message_bytes);
        uint64_t threads = property_value(inputs, &fetchers);
        uint64_t response = property_value(inputs, &fetch_bytes);
        char a[KT_NUM_TEXT_MAX];
        char b[KT_NUM_TEXT_MAX];

        if (inputs->spec.kafka.heap_bytes > 0) {
                add_term(item, inputs->spec.kafka.heap_bytes, "kafka.heap");
                return;
        }
        add_term(item, START_SCRIPT_HEAP_MIB * MIB, "the broker itself: what Kafka's start script gives it");
        add_term(item, multiply(requests, request), "requests in the queue: %s x %s bytes",
                 kt_num_format_count(requests, a), kt_num_format_count(request, b));
        add_term(item, multiply(threads, response), "responses to own fetchers: %s x %s bytes",
                 kt_num_format_count(threads, a), kt_num_format_count(response, b));
        raise_to(item, round_up(item->value, HEAP_STEP_MIB * MIB), "rounded up to half a GiB");
}

static void size_memory(const struct kt_inputs *inputs, struct kt_size *size)
{
        struct kt_size_item *cache = &size->items[KT_SIZE_PAGE_CACHE];
        struct kt_size_item *memory = &size->items[KT_SIZE_MEMORY];
        char rate[KT_NUM_TEXT_MAX];

        add_term(cache, inputs->need.memory.total, "throughput x time: %s/s x %.10g s",
                 kt_num_format_decimal(inputs->spec.workload.write_rate_bytes, rate),
                 (double)inputs->spec.workload.buffer_time_ms / 1000);
        size_heap(inputs, &size->items[KT_SIZE_HEAP]);
        add_term(memory, cache->value, "page cache");
        add_term(memory, size->items[KT_SIZE_HEAP].value, "heap");
        add_term(memory, BESIDE_HEAP_MIB * MIB, "the JVM beside its heap: code, classes, stacks, direct buffers");
        raise_to(memory, round_up(memory->value, MIB), "rounded up to a MiB");
}

static void size_disk(const struct kt_inputs *inputs, struct kt_size *size)
{
        struct kt_size_item *disk = &size->items[KT_SIZE_DISK];
        struct kt_size_item *rate = &size->items[KT_SIZE_DISK_WRITE];
        const uint64_t partitions = inputs->spec.workload.partitions;
        const uint64_t segment = property_value(inputs, &segment_bytes);
        const uint64_t delay_seconds = property_value(inputs, &delete_delay_ms) / 1000;
        const uint64_t written = inputs->spec.workload.write_rate_bytes;
        char count[KT_NUM_TEXT_MAX];
        char bytes[KT_NUM_TEXT_MAX];

        kt_num_format_count(partitions, count);
        add_term(disk, multiply(partitions, inputs->spec.workload.partition_size_bytes), "data: %s partitions x %s",
                 count, kt_num_format_binary(inputs->spec.workload.partition_size_bytes, bytes));
        add_term(disk, multiply(partitions, segment), "retention deletes whole segments: %s x %s", count,
                 kt_num_format_binary(segment, bytes));
        add_term(disk, multiply(written, delay_seconds), "deleted segments wait: %s/s x %" PRIu64 " s",
                 kt_num_format_decimal(written, bytes), delay_seconds);
        add_term(disk, disk->value / (100 - DISK_FREE_PERCENT) * DISK_FREE_PERCENT,
                 "%d %% of it stays free, for filesystem and surprises", DISK_FREE_PERCENT);

        add_term(rate, written, "workload.writeRate");
        add_term(rate, disk->terms[0].value / REFILL_SECONDS, "an empty replacement is full again in a day: data / %d",
                 REFILL_SECONDS);
}

static void size_cpus(struct kt_size_item *item)
{
        add_term(item, CPUS_START, "to start with: brokers rarely run out of CPU, 8 are plenty");
}

/* How many brokers one resource of the node is enough for; every bound is a line, the least of them counts. */
static void add_bound(struct kt_size_item *item, uint64_t have, uint64_t per_broker, const char *what)
{
        uint64_t fit = per_broker > 0 ? have / per_broker : UINT64_MAX;
        uint64_t before = item->term_count > 0 ? item->value : UINT64_MAX;

        if (have == 0)
                return;
        add_term(item, fit, "%s", what);
        item->value = fit < before ? fit : before;
}

static void size_brokers(const struct kt_size_node *node, struct kt_size *size)
{
        struct kt_size_item *item = &size->items[KT_SIZE_BROKERS];
        const uint64_t reserve = NODE_RESERVE_MIB * MIB;
        char a[KT_NUM_TEXT_MAX];
        char b[KT_NUM_TEXT_MAX];
        char text[sizeof(item->terms[0].text)];

        (void)snprintf(text, sizeof(text), "by memory: (%s - 1 GiB for the node) / %s",
                       kt_num_format_binary(node->memory_bytes, a),
                       kt_num_format_binary(size->items[KT_SIZE_MEMORY].value, b)); /* fits: both are short */
        if (node->memory_bytes > 0 && node->memory_bytes <= reserve)
                add_term(item, 0, "%s", text);
        else
                add_bound(item, node->memory_bytes - (node->memory_bytes > 0 ? reserve : 0),
                          size->items[KT_SIZE_MEMORY].value, text);

        add_bound(item, node->file_max, size->items[KT_SIZE_OPEN_FILES].value, "by fs.file-max / open files");
        (void)snprintf(text, sizeof(text), "by the node's write cap: %s/s / %s/s",
                       kt_num_format_decimal(node->write_cap_bytes, a),
                       kt_num_format_decimal(size->items[KT_SIZE_DISK_WRITE].value, b)); /* fits: both are short */
        add_bound(item, node->write_cap_bytes, size->items[KT_SIZE_DISK_WRITE].value, text);
}

void kt_size_compute(const struct kt_inputs *inputs, const struct kt_size_node *node, struct kt_size *ret)
{
        *ret = (struct kt_size){ 0 };
        size_limits(inputs, ret);
        size_memory(inputs, ret);
        size_disk(inputs, ret);
        size_cpus(&ret->items[KT_SIZE_CPUS]);
        size_brokers(node, ret);
}

/* ---- The node ---- */

/* "MemTotal:         496112 kB" */
static int parse_memory(const char *text, uint64_t *ret, struct kt_err *e)
{
        const char *at = strstr(text, "MemTotal:");
        char number[KT_NUM_TEXT_MAX] = "";
        size_t len;
        uint64_t kib;

        at = at ? at + strlen("MemTotal:") : "";
        at += strspn(at, " ");
        len = strcspn(at, " ");
        if (len < sizeof(number))
                memcpy(number, at, len);
        if (kt_num_parse_u64(number, &kib) < 0)
                return kt_err_set(e, -EBADMSG, "/proc/meminfo has no line MemTotal with a number");

        *ret = multiply(kib, 1024);
        return 0;
}

int kt_size_read_node(const struct kt_root *root, struct kt_size_node *ret, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str meminfo = { 0 };
        int r;

        r = kt_root_read_all(root, "/proc/meminfo", MEMINFO_MAX, &meminfo);
        if (r == 0)
                r = parse_memory(kt_str_get(&meminfo), &ret->memory_bytes, e);
        else if (r == -ENOENT)
                r = 0;
        else
                r = kt_err_set(e, r, "read /proc/meminfo");
        if (r < 0)
                return r;

        r = kt_root_read_u64(root, "/proc/sys/fs/file-max", &ret->file_max, e);
        if (r != -ENOENT)
                return r;
        kt_err_clear(e);
        return 0;
}

/* ---- Reports ---- */

static const char *format_value(enum kt_size_unit unit, uint64_t value, char buf[KT_NUM_TEXT_MAX + 2])
{
        if (value == UINT64_MAX)
                return "no bound";

        switch (unit) {
        case KT_SIZE_COUNT:
                return kt_num_format_count(value, buf);
        case KT_SIZE_BYTES:
                return kt_num_format_binary(value, buf);
        case KT_SIZE_RATE:
                kt_num_format_decimal(value, buf);
                memcpy(buf + strlen(buf), "/s", sizeof("/s"));
                return buf;
        case KT_SIZE_UNIT_COUNT_:
                break;
        }
        KT_UNREACHABLE();
}

enum { COLUMN_VALUE = 66, VALUE_WIDTH = 14 };

static void add_line(struct kt_str *out, const char *indent, const char *text, const char *value)
{
        kt_str_addf(out, "%s%s", indent, text);
        kt_str_add_char(out, ' ');
        kt_str_pad(out, COLUMN_VALUE, ' ');
        kt_str_addf(out, "%*s\n", VALUE_WIDTH, value);
}

int kt_size_text(const struct kt_inputs *inputs, const struct kt_size *size, struct kt_str *out)
{
        char buf[KT_NUM_TEXT_MAX + 2];

        kt_str_addf(out, "one broker of Kafka %s (%s)\n", inputs->version->name,
                    inputs->has_file ? inputs->spec.file : "no kafka.yaml: workload defaults");
        for (enum kt_size_id id = 0; id < KT_SIZE_ID_COUNT_; id++) {
                const struct kt_size_item *item = &size->items[id];

                if (item->term_count == 0)
                        continue;
                kt_str_add_char(out, '\n');
                add_line(out, "", shown[id].title, format_value(shown[id].unit, item->value, buf));
                for (size_t i = 0; i < item->term_count; i++)
                        add_line(out, "  ", item->terms[i].text,
                                 format_value(shown[id].unit, item->terms[i].value, buf));
                kt_str_addf(out, "  %s\n", shown[id].place);
        }
        if (!inputs->spec.workload.is_given)
                kt_str_add(out, "\nNext: write workload: into kafka.yaml; these numbers are for a guessed one\n");
        return kt_str_error(out);
}

int kt_size_json(const struct kt_inputs *inputs, const struct kt_size *size, struct kt_str *out)
{
        static const char *const units[KT_SIZE_UNIT_COUNT_] = { "count", "bytes", "bytesPerSecond" };
        struct kt_json *document = kt_json_new("SizeReport");
        struct kt_json *items;
        int r;

        kt_json_text(document, "config", inputs->has_file ? inputs->spec.file : NULL);
        kt_json_text(document, "kafkaVersion", inputs->version->name);
        kt_json_bool(document, "workloadGiven", inputs->spec.workload.is_given);
        items = kt_json_list(document, "items");
        for (enum kt_size_id id = 0; id < KT_SIZE_ID_COUNT_; id++) {
                const struct kt_size_item *item = &size->items[id];
                struct kt_json *object = kt_json_object(items, NULL);
                struct kt_json *terms;

                kt_json_text(object, "id", shown[id].name);
                kt_json_count(object, "value", item->term_count > 0 ? item->value : UINT64_MAX);
                kt_json_text(object, "unit", units[shown[id].unit]);
                terms = kt_json_list(object, "terms");
                for (size_t i = 0; i < item->term_count; i++) {
                        struct kt_json *term = kt_json_object(terms, NULL);

                        kt_json_text(term, "text", item->terms[i].text);
                        kt_json_count(term, "value", item->terms[i].value);
                }
                kt_json_text(object, "next", shown[id].place);
        }

        r = kt_json_render(document, out);
        kt_json_free(document);
        return r;
}

/* ---- The verb ---- */

static int parse_cap(const char *text, uint64_t *ret, struct kt_err *e)
{
        if (text && (kt_num_parse_size(text, ret) < 0 || *ret == 0))
                return kt_err_set(e, -EINVAL, "--node-cap %s: bytes per second, such as 120M", text);
        return 0;
}

int kt_tuner_size(void *opaque)
{
        const struct kt_tuner_args *args = opaque;
        const struct kt_selection selection = { 0 };
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        KT_AUTO(kt_wishes_done) struct kt_wishes wishes = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_size_node node = { 0 };
        struct kt_size size;
        struct kt_err e = { 0 };
        int code;
        int r;

        if (parse_cap(args->node_cap, &node.write_cap_bytes, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_USAGE);
        code = kt_tuner_prepare(args, &selection, &inputs, &wishes);
        if (code != 0)
                return code;
        if (kt_size_check(&inputs, &e) < 0 || kt_root_open(args->sysroot, &root, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_USAGE);
        if (kt_size_read_node(&root, &node, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_FAILED);

        kt_size_compute(&inputs, &node, &size);
        if (args->output == KT_OUTPUT_JSON)
                r = kt_size_json(&inputs, &size, &out);
        else
                r = kt_size_text(&inputs, &size, &out);
        return kt_tuner_finish(&out, r, KT_EXIT_OK);
}
