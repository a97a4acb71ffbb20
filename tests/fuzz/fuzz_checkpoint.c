/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes lib/kafka/checkpoint twice over: the input is read as a file, once as it is and once with right checksums, and
 * then it is what a file is written from, which has to be read back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kafka/checkpoint.h"
#include "lib/kafka/crc32c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LENGTH_AT = 8, LENGTH_END = 12, CRC_AT = 17, COVERED_AT = 21, VOTERS_MAX = 8 };

static void read_any(const void *bytes, size_t size)
{
        struct kt_checkpoint_facts facts;
        struct kt_err e = { 0 };

        if (kt_checkpoint_read(bytes, size, &facts, &e) < 0) {
                if (e.code == 0 || e.text[0] == '\0')
                        abort(); /* a failure says why */
                return;
        }
        if (facts.batches == 0 || facts.records < facts.batches || facts.records > size)
                abort(); /* header and footer at least, and no record without a byte */
}

/* A checksum stops a fuzzer at the door: makes all of them right. */
static void seal(uint8_t *bytes, size_t size)
{
        while (size > COVERED_AT) {
                size_t len = (size_t)bytes[LENGTH_AT] << 24 | (size_t)bytes[LENGTH_AT + 1] << 16 |
                             (size_t)bytes[LENGTH_AT + 2] << 8 | bytes[LENGTH_AT + 3];
                uint32_t crc;

                len += LENGTH_END;
                if (len > size || len < COVERED_AT)
                        return;
                crc = kt_crc32c(bytes + COVERED_AT, len - COVERED_AT);
                for (size_t i = 0; i < 4; i++)
                        bytes[CRC_AT + i] = (uint8_t)(crc >> 8 * (3 - i));
                bytes += len;
                size -= len;
        }
}

static void check_written(const char *host, const uint8_t *data, size_t size)
{
        const struct kt_kafka_version *version = &kt_kafka_versions[1 + data[0] % (kt_kafka_version_count - 1)];
        struct kt_voter voters[VOTERS_MAX] = { 0 };
        size_t count = data[1] % (VOTERS_MAX + 1);
        struct kt_checkpoint_facts facts;
        struct kt_str out = { 0 };

        for (size_t i = 0; i < count; i++) {
                voters[i] =
                        (struct kt_voter){ (int32_t)(data[2] << i), { { data[3] } }, host, host + i % size, data[4] };
                voters[i].directory_id.bytes[15] = data[i % size];
        }

        kt_checkpoint_first(version, voters, count, (int64_t)size << data[5] % 50, &out);
        if (kt_str_error(&out) || kt_checkpoint_read(out.data, out.len, &facts, NULL) < 0)
                abort();
        if (facts.voter_count != count || facts.kraft_version != 1)
                abort();
        if (count > 0 && (facts.first_voter_id != voters[0].node_id ||
                          !kt_uuid_equal(&facts.first_voter_directory, &voters[0].directory_id)))
                abort();
        if (facts.metadata_version != (version->has_bootstrap_checkpoint ? 0 : version->features[0].level))
                abort();
        kt_str_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t *copy = malloc(size + 1);

        if (!copy)
                return 0;

        if (size > 0)
                memcpy(copy, data, size);
        copy[size] = '\0';
        read_any(data, size);
        if (size > 5)
                check_written((const char *)copy, data, size);
        seal(copy, size);
        read_any(copy, size);
        free(copy);
        return 0;
}
