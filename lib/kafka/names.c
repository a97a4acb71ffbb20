/* SPDX-License-Identifier: Apache-2.0 */
/* What the entries of a log dir are, by their names. */
#include "lib/kafka/names.h"

#include <stddef.h>
#include <string.h>

#include "lib/base/attr.h"
#include "lib/text/num.h"

#define DIGITS "0123456789"
/* org.apache.kafka.common.internals.Topic (0.10.2: kafka.common.Topic) */
#define TOPIC_CHARACTERS DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-"

enum {
        TOPIC_LEN_MAX = 249,
        PARTITION_TEXT_MAX = 11, /* of INT_MAX, with NUL */
        OFFSET_DIGITS = 20,      /* LogFileUtils.filenamePrefixFromOffset */
        EPOCH_DIGITS = 10,       /* org.apache.kafka.snapshot.Snapshots */
};

struct suffix {
        const char *text;
        enum kt_dir_kind kind;
        bool is_modern; /* unknown to 0.10.2 */
};

/* LogFileUtils.*_DIR_SUFFIX. Future came with 1.1 (KIP-113), stray with 3.4: both between our 0.10.2 and 3.9. */
static const struct suffix suffixes[] = {
        { "-delete", KT_DIR_DELETE, false },
        { "-future", KT_DIR_FUTURE, true },
        { "-stray", KT_DIR_STRAY, true },
};

static bool ends_with(const char *text, size_t len, const char *suffix)
{
        size_t suffix_len = strlen(suffix);

        return len > suffix_len && memcmp(text + len - suffix_len, suffix, suffix_len) == 0;
}

/* The last c within len bytes, or NULL. */
static const char *find_last(const char *text, size_t len, char c)
{
        while (len > 0)
                if (text[--len] == c)
                        return text + len;
        return NULL;
}

static bool is_topic(const char *text, size_t len)
{
        if (len == 0 || len > TOPIC_LEN_MAX || strspn(text, TOPIC_CHARACTERS) < len)
                return false;
        return !(len == 1 && text[0] == '.') && !(len == 2 && text[0] == '.' && text[1] == '.');
}

/* A Java int that is not negative, as a broker writes it: no sign, no leading zero. */
static bool is_partition_number(const char *text, size_t len)
{
        char copy[PARTITION_TEXT_MAX];
        uint64_t number;

        if (len == 0 || len >= sizeof(copy) || (len > 1 && text[0] == '0'))
                return false;

        memcpy(copy, text, len);
        copy[len] = '\0';
        return kt_num_parse_u64_in(copy, 0, INT32_MAX, &number) == 0;
}

static bool is_topic_partition(const char *text, size_t len)
{
        const char *dash = find_last(text, len, '-');

        return dash && is_topic(text, (size_t)(dash - text)) &&
               is_partition_number(dash + 1, len - (size_t)(dash + 1 - text));
}

/* "topic-N.<id>" in front of a suffix: the id is what follows the last dot of the whole name. The pattern of Kafka says
 * \S+ for it; every broker writes a UUID's hexadecimal digits, so letters and digits of a topic will do. */
static bool is_marked_partition(const char *text, size_t len)
{
        const char *dot = find_last(text, len, '.');
        const char *id = dot ? dot + 1 : text + len;
        size_t id_len = len - (size_t)(id - text);

        return id_len > 0 && strspn(id, TOPIC_CHARACTERS) >= id_len && is_topic_partition(text, (size_t)(dot - text));
}

enum kt_dir_kind kt_names_dir(const struct kt_kafka_version *version, const char *name)
{
        size_t len = strlen(name);

        /* 0.10.2 knows neither: the first is a partition by its grammar, the second no partition at all. */
        if (version->has_kraft &&
            strcmp(name, "__cluster_metadata-0") == 0) /* LogManager skips it in ZooKeeper mode too */
                return KT_DIR_METADATA;
        if (version->has_kraft && strcmp(name, "remote-log-index-cache") == 0)
                return KT_DIR_REMOTE_INDEX;

        for (size_t i = 0; i < KT_COUNT(suffixes); i++) {
                const struct suffix *suffix = &suffixes[i];

                if (suffix->is_modern && !version->has_kraft)
                        continue;
                if (ends_with(name, len, suffix->text))
                        return is_marked_partition(name, len - strlen(suffix->text)) ? suffix->kind : KT_DIR_FOREIGN;
        }
        return is_topic_partition(name, len) ? KT_DIR_PARTITION : KT_DIR_FOREIGN;
}

struct extension {
        const char *text;
        enum kt_file_kind kind;
};

/* LogFileUtils.*_FILE_SUFFIX: what stands behind the twenty digits. */
static const struct extension extensions[] = {
        { ".log", KT_FILE_LOG },
        { ".index", KT_FILE_INDEX },
        { ".timeindex", KT_FILE_TIMEINDEX },
        { ".txnindex", KT_FILE_TXNINDEX },
        { ".snapshot", KT_FILE_CHECKPOINT },
        { ".log.deleted", KT_FILE_DELETED },
        { ".index.deleted", KT_FILE_DELETED },
        { ".timeindex.deleted", KT_FILE_DELETED },
        { ".txnindex.deleted", KT_FILE_DELETED },
        { ".snapshot.deleted", KT_FILE_DELETED },
};

/* "-0000000000.checkpoint", behind the digits of a KRaft snapshot's end offset. */
static bool is_raft_snapshot_tail(const char *text)
{
        return text[0] == '-' && strspn(text + 1, DIGITS) == EPOCH_DIGITS &&
               strcmp(text + 1 + EPOCH_DIGITS, ".checkpoint") == 0;
}

enum kt_file_kind kt_names_file(const char *name)
{
        if (strcmp(name, "leader-epoch-checkpoint") == 0 || strcmp(name, "partition.metadata") == 0)
                return KT_FILE_CHECKPOINT;
        if (strspn(name, DIGITS) != OFFSET_DIGITS)
                return KT_FILE_OTHER;

        for (size_t i = 0; i < KT_COUNT(extensions); i++)
                if (strcmp(name + OFFSET_DIGITS, extensions[i].text) == 0)
                        return extensions[i].kind;
        return is_raft_snapshot_tail(name + OFFSET_DIGITS) ? KT_FILE_CHECKPOINT : KT_FILE_OTHER;
}
