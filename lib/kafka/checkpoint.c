/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshot files of the metadata log: record batches as in DefaultRecordBatch and DefaultRecord of Kafka 4.3. The
 * writer groups records into batches exactly as Kafka's BatchAccumulator does for them; the reader trusts no byte. */
#include "lib/kafka/checkpoint.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/kafka/crc32c.h"

/* Where the fields of a batch header are, in bytes from its start; all big-endian. */
enum {
        AT_BASE_OFFSET = 0,
        AT_LENGTH = 8, /* of what follows the length itself */
        AT_MAGIC = 16,
        AT_CRC = 17,
        AT_ATTRIBUTES = 21, /* the checksum covers from here to the end */
        AT_LAST_OFFSET_DELTA = 23,
        AT_COUNT = 57,
        HEADER_SIZE = 61,
        LENGTH_END = AT_LENGTH + 4,
};

enum {
        MAGIC = 2,
        ATTRIBUTE_COMPRESSION = 0x07,
        ATTRIBUTE_CONTROL = 0x20,
        KEY_SIZE = 4, /* of a control record: int16 version 0, int16 type */
        VARINT_BYTES_MAX = 5,
        METADATA_FRAME_VERSION = 1, /* MetadataRecordSerde */
        FEATURE_LEVEL_KEY = 12,     /* apiKey of FeatureLevelRecord */
};

/* org.apache.kafka.common.record.ControlRecordType */
enum control_type {
        SNAPSHOT_HEADER = 3,
        SNAPSHOT_FOOTER = 4,
        KRAFT_VERSION = 5,
        KRAFT_VOTERS = 6,
};

static const int16_t kraft_version_dynamic = 1; /* KIP-853 */

/* ---- Writing ---- */

static void put_number(struct kt_str *out, uint64_t value, unsigned size)
{
        while (size > 0)
                kt_str_add_char(out, (char)(value >> 8 * --size));
}

static void put_uvarint(struct kt_str *out, uint32_t value)
{
        for (; value >= 0x80; value >>= 7)
                kt_str_add_char(out, (char)(value | 0x80));
        kt_str_add_char(out, (char)value);
}

/* Zigzag, as protocol buffers have it. */
static void put_varint(struct kt_str *out, int32_t value)
{
        put_uvarint(out, (uint32_t)value << 1 ^ (value < 0 ? UINT32_MAX : 0));
}

static void put_compact(struct kt_str *out, const char *text)
{
        size_t len = strlen(text);

        put_uvarint(out, (uint32_t)len + 1);
        kt_str_add_bytes(out, text, len);
}

/* An empty section of tagged fields, at the end of every struct of a flexible message. */
static void put_no_tags(struct kt_str *out)
{
        put_uvarint(out, 0);
}

struct writer {
        struct kt_str *out;
        struct kt_str value; /* of the record that is being made */
        struct kt_str body;
        int64_t now_ms;
        int64_t next_offset;
        size_t batch;  /* where the open batch starts in out */
        int32_t count; /* of its records */
};

static void writer_done(struct writer *w)
{
        kt_str_done(&w->value);
        kt_str_done(&w->body);
}

static void begin_batch(struct writer *w, uint16_t attributes)
{
        w->batch = w->out->len;
        w->count = 0;
        put_number(w->out, (uint64_t)w->next_offset, 8);
        put_number(w->out, 0, 4); /* length, see end_batch */
        put_number(w->out, 0, 4); /* partition leader epoch */
        put_number(w->out, MAGIC, 1);
        put_number(w->out, 0, 4); /* checksum, see end_batch */
        put_number(w->out, attributes, 2);
        put_number(w->out, 0, 4);                   /* last offset delta, see end_batch */
        put_number(w->out, (uint64_t)w->now_ms, 8); /* of the first record */
        put_number(w->out, (uint64_t)w->now_ms, 8); /* largest */
        put_number(w->out, UINT64_MAX, 8);          /* no producer: id, epoch and sequence are -1 */
        put_number(w->out, UINT64_MAX, 2);
        put_number(w->out, UINT64_MAX, 4);
        put_number(w->out, 0, 4); /* count, see end_batch */
}

static void patch(struct writer *w, size_t at, uint32_t value)
{
        for (unsigned i = 0; i < 4; i++)
                w->out->data[w->batch + at + i] = (char)(value >> 8 * (3 - i));
}

static void end_batch(struct writer *w)
{
        if (w->body.error || w->value.error)
                w->out->error = -ENOMEM;
        if (w->out->error)
                return;

        patch(w, AT_LENGTH, (uint32_t)(w->out->len - w->batch - LENGTH_END));
        patch(w, AT_LAST_OFFSET_DELTA, (uint32_t)w->count - 1);
        patch(w, AT_COUNT, (uint32_t)w->count);
        patch(w, AT_CRC, kt_crc32c(w->out->data + w->batch + AT_ATTRIBUTES, w->out->len - w->batch - AT_ATTRIBUTES));
        w->next_offset += w->count;
}

/* Ends a record: w->value becomes its value, the key is optional. */
static void add_record(struct writer *w, const struct kt_str *key)
{
        kt_str_clear(&w->body);
        put_number(&w->body, 0, 1);     /* attributes */
        put_varint(&w->body, 0);        /* timestamp delta */
        put_varint(&w->body, w->count); /* offset delta */
        put_varint(&w->body, key ? (int32_t)key->len : -1);
        if (key)
                kt_str_add_bytes(&w->body, key->data, key->len);
        put_varint(&w->body, (int32_t)w->value.len);
        kt_str_add_bytes(&w->body, kt_str_get(&w->value), w->value.len);
        put_varint(&w->body, 0); /* record headers */

        put_varint(w->out, (int32_t)w->body.len);
        kt_str_add_bytes(w->out, kt_str_get(&w->body), w->body.len);
        w->count++;
        kt_str_clear(&w->value);
}

static void add_control_record(struct writer *w, enum control_type type)
{
        char bytes[KEY_SIZE] = { 0, 0, 0, (char)type };
        struct kt_str key = { .data = bytes, .len = sizeof(bytes) }; /* borrowed, never released */

        add_record(w, &key);
}

/* SnapshotHeaderRecord opens its batch: the quorum's records share it. */
static void begin_snapshot(struct writer *w, int64_t last_contained_ms)
{
        begin_batch(w, ATTRIBUTE_CONTROL);
        put_number(&w->value, 0, 2); /* version */
        put_number(&w->value, (uint64_t)last_contained_ms, 8);
        put_no_tags(&w->value);
        add_control_record(w, SNAPSHOT_HEADER);
}

static void end_snapshot(struct writer *w)
{
        begin_batch(w, ATTRIBUTE_CONTROL);
        put_number(&w->value, 0, 2); /* version */
        put_no_tags(&w->value);
        add_control_record(w, SNAPSHOT_FOOTER);
        end_batch(w);
}

static void add_kraft_version(struct writer *w)
{
        put_number(&w->value, 0, 2); /* version */
        put_number(&w->value, (uint64_t)kraft_version_dynamic, 2);
        put_no_tags(&w->value);
        add_control_record(w, KRAFT_VERSION);
}

static void put_voter(struct kt_str *out, const struct kt_voter *voter)
{
        put_number(out, (uint64_t)voter->node_id, 4);
        kt_str_add_bytes(out, voter->directory_id.bytes, KT_UUID_BYTES);
        put_uvarint(out, 1 + 1); /* one endpoint */
        put_compact(out, voter->listener);
        put_compact(out, voter->host);
        put_number(out, voter->port, 2);
        put_no_tags(out);
        put_number(out, 0, 2); /* the versions of kraft.version that the voter can do, first and last */
        put_number(out, (uint64_t)kraft_version_dynamic, 2);
        put_no_tags(out);
        put_no_tags(out);
}

static void add_voters(struct writer *w, const struct kt_voter *voters, size_t voter_count)
{
        put_number(&w->value, 0, 2); /* version */
        put_uvarint(&w->value, (uint32_t)voter_count + 1);
        for (size_t i = 0; i < voter_count; i++)
                put_voter(&w->value, &voters[i]);
        put_no_tags(&w->value);
        add_control_record(w, KRAFT_VOTERS);
}

/* FeatureLevelRecords, all in one batch. */
static void add_features(struct writer *w, const struct kt_kafka_version *version)
{
        begin_batch(w, 0);
        for (size_t i = 0; i < KT_KAFKA_FEATURES_MAX && version->features[i].name; i++) {
                put_uvarint(&w->value, METADATA_FRAME_VERSION);
                put_uvarint(&w->value, FEATURE_LEVEL_KEY);
                put_uvarint(&w->value, 0); /* version of the record */
                put_compact(&w->value, version->features[i].name);
                put_number(&w->value, (uint64_t)version->features[i].level, 2);
                put_no_tags(&w->value);
                add_record(w, NULL);
        }
        end_batch(w);
}

void kt_checkpoint_bootstrap(const struct kt_kafka_version *version, int64_t now_ms, struct kt_str *out)
{
        KT_AUTO(writer_done) struct writer w = { .out = out, .now_ms = now_ms };

        begin_snapshot(&w, 0); /* BatchFileWriter gives no time of a last record */
        end_batch(&w);
        add_features(&w, version);
        end_snapshot(&w);
}

void kt_checkpoint_first(const struct kt_kafka_version *version, const struct kt_voter *voters, size_t voter_count,
                         int64_t now_ms, struct kt_str *out)
{
        KT_AUTO(writer_done) struct writer w = { .out = out, .now_ms = now_ms };

        begin_snapshot(&w, now_ms);
        add_kraft_version(&w);
        if (voter_count > 0)
                add_voters(&w, voters, voter_count);
        end_batch(&w);
        if (!version->has_bootstrap_checkpoint)
                add_features(&w, version);
        end_snapshot(&w);
}

void kt_checkpoint_first_static(const struct kt_kafka_version *version, int64_t now_ms, struct kt_str *out)
{
        KT_AUTO(writer_done) struct writer w = { .out = out, .now_ms = now_ms };

        begin_snapshot(&w, now_ms);
        end_batch(&w);
        add_features(&w, version);
        end_snapshot(&w);
}

/* ---- Reading ---- */

/* Bytes still to be read. Once something was missing or malformed `bad` stays set and all that is read is zero. */
struct cursor {
        const uint8_t *at;
        size_t left;
        bool bad;
};

static const uint8_t *get_bytes(struct cursor *c, size_t len)
{
        const uint8_t *at = c->at;

        if (c->bad || len > c->left) {
                c->bad = true;
                return NULL;
        }

        c->at += len;
        c->left -= len;
        return at;
}

static uint64_t get_number(struct cursor *c, size_t size)
{
        const uint8_t *at = get_bytes(c, size);
        uint64_t value = 0;

        for (size_t i = 0; at && i < size; i++)
                value = value << 8 | at[i];
        return value;
}

static int16_t get_int16(struct cursor *c)
{
        return (int16_t)(uint16_t)get_number(c, 2);
}

static uint32_t get_uvarint(struct cursor *c)
{
        uint64_t value = 0;

        for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
                uint64_t byte = get_number(c, 1);

                value |= (byte & 0x7f) << 7 * i;
                if (byte < 0x80) {
                        if (value > UINT32_MAX)
                                break;
                        return (uint32_t)value;
                }
        }
        c->bad = true;
        return 0;
}

static int32_t get_varint(struct cursor *c)
{
        uint32_t zigzag = get_uvarint(c);

        return (int32_t)(zigzag >> 1 ^ (zigzag & 1 ? UINT32_MAX : 0));
}

/* The next len bytes as a cursor of their own; a negative length is malformed. */
static struct cursor get_part(struct cursor *c, int64_t len)
{
        const uint8_t *at = len < 0 ? NULL : get_bytes(c, (size_t)len);

        if (!at) {
                c->bad = true;
                return (struct cursor){ .bad = true };
        }
        return (struct cursor){ .at = at, .left = (size_t)len };
}

/* A compact string or array: its length, one more than which was written; null is malformed here. */
static uint32_t get_compact_length(struct cursor *c)
{
        uint32_t length = get_uvarint(c);

        if (length == 0)
                c->bad = true;
        return length == 0 ? 0 : length - 1;
}

static void skip_tags(struct cursor *c)
{
        for (uint32_t i = get_uvarint(c); i > 0 && !c->bad; i--) {
                (void)get_uvarint(c); /* tag: none is known */
                (void)get_bytes(c, get_uvarint(c));
        }
}

/* What one pass over the file has to remember. */
struct reader {
        struct kt_checkpoint_facts facts;
        uint64_t next_offset;
        bool is_finished; /* the footer was seen */
};

static void read_voter(struct cursor *c, bool is_first, struct kt_checkpoint_facts *facts)
{
        int32_t id = (int32_t)(uint32_t)get_number(c, 4);
        const uint8_t *directory = get_bytes(c, KT_UUID_BYTES);

        for (uint32_t i = get_compact_length(c); i > 0 && !c->bad; i--) {
                (void)get_bytes(c, get_compact_length(c)); /* listener */
                (void)get_bytes(c, get_compact_length(c)); /* host */
                (void)get_number(c, 2);                    /* port */
                skip_tags(c);
        }
        (void)get_number(c, 2 + 2); /* kraft.version, first and last */
        skip_tags(c);
        skip_tags(c);

        if (is_first && !c->bad) {
                facts->first_voter_id = id;
                memcpy(facts->first_voter_directory.bytes, directory, KT_UUID_BYTES);
        }
}

static void read_voters(struct cursor *c, struct kt_checkpoint_facts *facts)
{
        uint32_t count = get_compact_length(c);

        for (uint32_t i = 0; i < count && !c->bad; i++)
                read_voter(c, i == 0, facts);
        facts->voter_count = count;
        skip_tags(c);
}

static void read_control_record(struct cursor *key, struct cursor *value, struct reader *r)
{
        bool is_first = r->facts.records == 0;
        int16_t key_version = get_int16(key);
        int16_t type = get_int16(key);

        (void)get_int16(value); /* version: fields were only ever added behind what is read here */
        if (key->bad || key_version != 0 || is_first != (type == SNAPSHOT_HEADER))
                value->bad = true;

        switch (type) {
        case SNAPSHOT_HEADER:
                (void)get_number(value, 8); /* time of the last record contained */
                break;
        case SNAPSHOT_FOOTER:
                r->is_finished = true;
                break;
        case KRAFT_VERSION:
                r->facts.kraft_version = get_int16(value);
                break;
        case KRAFT_VOTERS:
                read_voters(value, &r->facts);
                break;
        default: /* a number from the file, not an enum: other types say nothing that is asked for */
                break;
        }
}

static void read_metadata_record(struct cursor *value, struct reader *r)
{
        static const char name[] = "metadata.version";
        uint32_t frame = get_uvarint(value);
        uint32_t key = get_uvarint(value);
        uint32_t len;
        const uint8_t *text;

        if (frame != METADATA_FRAME_VERSION || r->facts.records == 0)
                value->bad = true;
        (void)get_uvarint(value); /* version of the record */
        if (value->bad || key != FEATURE_LEVEL_KEY)
                return;

        len = get_compact_length(value);
        text = get_bytes(value, len);
        if (text && len == sizeof(name) - 1 && memcmp(text, name, len) == 0)
                r->facts.metadata_version = get_int16(value);
}

/* One record of a batch, the index-th. Sets batch->bad when anything about it is wrong. */
static void read_record(struct cursor *batch, bool is_control, uint32_t index, struct reader *r)
{
        struct cursor record = get_part(batch, get_varint(batch));
        struct cursor key = { 0 };
        struct cursor value;
        int32_t key_len;

        (void)get_number(&record, 1); /* attributes */
        (void)get_uvarint(&record);   /* timestamp delta */
        if (get_varint(&record) != (int64_t)index || r->is_finished)
                record.bad = true;
        key_len = get_varint(&record);
        if (key_len >= 0)
                key = get_part(&record, key_len);
        value = get_part(&record, get_varint(&record));

        if (!record.bad && is_control)
                read_control_record(&key, &value, r);
        else if (!record.bad)
                read_metadata_record(&value, r);
        r->facts.records++;
        if (record.bad || value.bad)
                batch->bad = true;
}

/* Returns what is wrong with the batch at c, or NULL and steps over it. */
static const char *read_batch(struct cursor *c, struct reader *r)
{
        const uint8_t *start = c->at;
        uint64_t base_offset = get_number(c, 8);
        struct cursor batch = get_part(c, (int64_t)(int32_t)get_number(c, 4));
        uint64_t attributes;
        uint32_t crc;
        uint32_t count;

        if (c->bad || batch.left < HEADER_SIZE - LENGTH_END)
                return "is cut off";

        (void)get_number(&batch, 4); /* partition leader epoch */
        if (get_number(&batch, 1) != MAGIC)
                return "is not of magic 2";
        crc = (uint32_t)get_number(&batch, 4);
        if (crc != kt_crc32c(start + AT_ATTRIBUTES, batch.left))
                return "has a wrong checksum";

        attributes = get_number(&batch, 2);
        if (attributes & ATTRIBUTE_COMPRESSION)
                return "is compressed, which no snapshot is";
        (void)get_bytes(&batch, AT_COUNT - AT_LAST_OFFSET_DELTA);
        count = (uint32_t)get_number(&batch, 4);
        if (base_offset != r->next_offset)
                return "does not start at the offset that is next";

        for (uint32_t i = 0; i < count && !batch.bad; i++)
                read_record(&batch, attributes & ATTRIBUTE_CONTROL, i, r);
        if (batch.bad || batch.left > 0 || count == 0)
                return "holds a malformed record";

        r->next_offset += count;
        r->facts.batches++;
        return NULL;
}

int kt_checkpoint_read(const void *bytes, size_t len, struct kt_checkpoint_facts *ret, struct kt_err *e)
{
        struct cursor c = { .at = bytes, .left = len };
        struct reader r = { 0 };

        while (c.left > 0) {
                size_t at = len - c.left;
                const char *problem = read_batch(&c, &r);

                if (problem)
                        return kt_err_set(e, -EBADMSG, "the record batch at byte %zu %s", at, problem);
        }
        if (!r.is_finished)
                return kt_err_set(e, -EBADMSG, "the snapshot ends without its footer");

        *ret = r.facts;
        return 0;
}
