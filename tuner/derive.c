/* SPDX-License-Identifier: Apache-2.0 */
/* Wanted values out of the workload: what is needed, but at least what vendors and distributions give anyway. */
#include "tuner/derive.h"

#include "lib/text/num.h"

enum {
        MAP_AREAS_FLOOR = 262144,  /* Confluent's Ansible playbooks; OpenShift's profile */
        OPEN_FILES_FLOOR = 100000, /* Kafka documentation, "Operations", OS: a starting point for broker processes */
        NR_OPEN_FLOOR = 1048576,   /* the kernel's own default (fs/file.c) */
        FILE_MAX_FLOOR = 1048576,  /* ten brokers' starting points */
        SHARE_OF_NODE = 2,         /* the broker may take half of what the node has */
        FLUSHER_SECONDS = 5,       /* vm.dirty_writeback_centisecs: how often the kernel's flusher wakes */
        DIRTY_OLD_SECONDS = 30,    /* vm.dirty_expire_centisecs: how long it leaves data alone */
        STALL_SECONDS = 5,         /* how long one flush may keep all writers waiting */
        BACKGROUND_SECONDS = 1,    /* and how far behind the flusher may be before it starts */
        DIRTY_FLOOR = 64 << 20,    /* enough for requests of the largest size on every queue */
};

static void add_workload(const struct kt_inputs *inputs, struct kt_str *why)
{
        char partitions[KT_NUM_TEXT_MAX];
        char size[KT_NUM_TEXT_MAX];

        kt_str_addf(why, "%s partitions of %s", kt_num_format_count(inputs->spec.workload.partitions, partitions),
                    kt_num_format_binary(inputs->spec.workload.partition_size_bytes, size));
}

static uint64_t at_least(uint64_t needed, uint64_t floor, const char *whose, struct kt_str *why)
{
        char text[KT_NUM_TEXT_MAX];

        if (needed >= floor)
                return needed;

        kt_str_addf(why, "; %s is %s", kt_num_format_count(floor, text), whose);
        return floor;
}

uint64_t kt_derive_map_areas(const struct kt_inputs *inputs, struct kt_str *why)
{
        char needed[KT_NUM_TEXT_MAX];

        kt_str_addf(why, "%s areas for ", kt_num_format_count(inputs->need.maps.total, needed));
        add_workload(inputs, why);
        return at_least(inputs->need.maps.total, MAP_AREAS_FLOOR, "the vendors' floor", why);
}

static uint64_t open_files(const struct kt_inputs *inputs)
{
        uint64_t needed = inputs->need.descriptors.total;

        return needed > OPEN_FILES_FLOOR ? needed : OPEN_FILES_FLOOR;
}

uint64_t kt_derive_open_files(const struct kt_inputs *inputs, struct kt_str *why)
{
        char connections[KT_NUM_TEXT_MAX];
        char needed[KT_NUM_TEXT_MAX];

        kt_str_addf(why, "%s files for ", kt_num_format_count(inputs->need.descriptors.total, needed));
        add_workload(inputs, why);
        kt_str_addf(why, " and %s connections", kt_num_format_count(inputs->spec.workload.connections, connections));
        return at_least(inputs->need.descriptors.total, OPEN_FILES_FLOOR, "Kafka's starting point", why);
}

uint64_t kt_derive_nr_open(const struct kt_inputs *inputs, struct kt_str *why)
{
        char needed[KT_NUM_TEXT_MAX];

        kt_str_addf(why, "bounds every hard limit of open files, and a broker's should be %s",
                    kt_num_format_count(open_files(inputs), needed));
        return at_least(open_files(inputs), NR_OPEN_FLOOR, "the kernel's default", why);
}

uint64_t kt_derive_file_max(const struct kt_inputs *inputs, struct kt_str *why)
{
        char needed[KT_NUM_TEXT_MAX];
        uint64_t wanted;

        kt_str_addf(why, "twice the %s files of one broker, which should take half of the node's at most",
                    kt_num_format_count(open_files(inputs), needed));
        if (__builtin_mul_overflow(open_files(inputs), (uint64_t)SHARE_OF_NODE, &wanted))
                return UINT64_MAX;
        return at_least(wanted, FILE_MAX_FLOOR, "a node's floor", why);
}

/* So many seconds of a rate, and why so many. */
struct span {
        uint64_t seconds;
        const char *why;
};

static uint64_t rate_times(uint64_t rate_bytes, const char *key, const struct span *span, struct kt_str *why)
{
        char rate[KT_NUM_TEXT_MAX];
        uint64_t bytes;

        kt_str_addf(why, "%s/s (%s) for %u s, %s", kt_num_format_decimal(rate_bytes, rate), key,
                    (unsigned)span->seconds, span->why);
        return __builtin_mul_overflow(rate_bytes, span->seconds, &bytes) ? INT64_MAX : bytes;
}

/* What the volumes were measured to take bounds how long a flush lasts. Where nobody measured, what the broker writes
 * in the kernel's own times, the node's other writers not counted. */
static uint64_t dirty(const struct kt_inputs *inputs, const struct span *measured, const struct span *written,
                      struct kt_str *why)
{
        uint64_t bytes;

        if (inputs->spec.storage.sustained_rate_bytes > 0)
                return rate_times(inputs->spec.storage.sustained_rate_bytes, "storage.sustainedRate", measured, why);

        bytes = rate_times(inputs->spec.workload.write_rate_bytes, "workload.writeRate", written, why);
        return at_least(bytes, DIRTY_FLOOR, "the least that keeps every queue busy", why);
}

uint64_t kt_derive_dirty_background(const struct kt_inputs *inputs, struct kt_str *why)
{
        static const struct span measured = { BACKGROUND_SECONDS, "so that flushing starts early" };
        static const struct span written = { FLUSHER_SECONDS, "after which the kernel's flusher wakes anyway" };

        return dirty(inputs, &measured, &written, why);
}

uint64_t kt_derive_dirty_limit(const struct kt_inputs *inputs, struct kt_str *why)
{
        static const struct span measured = { STALL_SECONDS, "which a flush may keep writers waiting" };
        static const struct span written = { DIRTY_OLD_SECONDS, "after which data is written anyway" };

        return dirty(inputs, &measured, &written, why);
}

static uint64_t buffer(uint64_t bytes, const char *option, struct kt_str *why)
{
        char text[KT_NUM_TEXT_MAX];

        kt_str_addf(why, "the broker asks for a %s of %s bytes and would get less without a word", option,
                    kt_num_format_count(bytes, text));
        return bytes;
}

uint64_t kt_derive_receive_buffer(const struct kt_inputs *inputs, struct kt_str *why)
{
        return buffer(inputs->receive_buffer_bytes, "receive buffer", why);
}

uint64_t kt_derive_send_buffer(const struct kt_inputs *inputs, struct kt_str *why)
{
        return buffer(inputs->send_buffer_bytes, "send buffer", why);
}
