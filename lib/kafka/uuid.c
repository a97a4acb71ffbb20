/* SPDX-License-Identifier: Apache-2.0 */
/* Kafka's Uuid. */
#include "lib/kafka/uuid.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

#include "lib/base/attr.h"

enum {
        TEXT_LEN = KT_UUID_TEXT_MAX - 1,
        RESERVED_COUNT = 100, /* Uuid.RESERVED */
};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 22 characters, or 24 with the padding that java.util.Base64's decoder takes too. */
static bool has_right_length(const char *text)
{
        size_t len = strlen(text);

        return len == TEXT_LEN || (len == TEXT_LEN + 2 && strcmp(text + TEXT_LEN, "==") == 0);
}

int kt_uuid_parse(const char *text, struct kt_uuid *ret, bool *ret_canonical)
{
        struct kt_uuid uuid = { 0 };
        char again[KT_UUID_TEXT_MAX];
        uint32_t bits = 0;
        unsigned bit_count = 0;
        size_t filled = 0;

        if (!has_right_length(text))
                return -EINVAL;

        for (size_t i = 0; i < TEXT_LEN; i++) {
                const char *digit = strchr(alphabet, text[i]);

                if (!digit)
                        return -EINVAL;
                bits = bits << 6 | (uint32_t)(digit - alphabet);
                bit_count += 6;
                if (bit_count >= 8) {
                        bit_count -= 8;
                        uuid.bytes[filled++] = (uint8_t)(bits >> bit_count);
                }
        }

        *ret = uuid;
        if (ret_canonical)
                *ret_canonical = strcmp(kt_uuid_format(&uuid, again), text) == 0;
        return 0;
}

const char *kt_uuid_format(const struct kt_uuid *uuid, char buf[KT_UUID_TEXT_MAX])
{
        uint32_t bits = 0;
        unsigned bit_count = 0;
        size_t used = 0;

        for (size_t i = 0; i < TEXT_LEN; i++) {
                if (bit_count < 6) {
                        bits = bits << 8 | (used < KT_UUID_BYTES ? uuid->bytes[used] : 0);
                        bit_count += 8;
                        used++;
                }
                bit_count -= 6;
                buf[i] = alphabet[bits >> bit_count & 63];
        }
        buf[TEXT_LEN] = '\0';
        return buf;
}

KT_MUST_CHECK static int fill_random(struct kt_uuid *uuid)
{
        ssize_t n;

        do /* up to 256 bytes come whole or not at all, see random(7) */
                n = getrandom(uuid->bytes, sizeof(uuid->bytes), 0);
        while (n < 0 && errno == EINTR);

        return n < 0 ? -errno : 0;
}

int kt_uuid_random(struct kt_uuid *ret, struct kt_err *e)
{
        struct kt_uuid uuid;
        char text[KT_UUID_TEXT_MAX];

        do {
                int r = fill_random(&uuid);

                if (r < 0)
                        return kt_err_set(e, r, "get random bytes for an id");

                uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x40); /* RFC 9562: version 4 */
                uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80); /* and its variant */
        } while (kt_uuid_is_reserved(&uuid) || kt_uuid_format(&uuid, text)[0] == '-');

        *ret = uuid;
        return 0;
}

void kt_uuid_derive(const char *cluster_id, int32_t node_id, struct kt_uuid *ret)
{
        static const char label[] = "k8skafka log directory of a first voter";
        char text[KT_UUID_TEXT_MAX];
        uint8_t tail[8];

        for (uint32_t attempt = 0;; attempt++) {
                struct sha256_ctx hash;

                for (unsigned i = 0; i < 4; i++) {
                        tail[i] = (uint8_t)((uint32_t)node_id >> (24 - 8 * i));
                        tail[4 + i] = (uint8_t)(attempt >> (24 - 8 * i));
                }
                sha256_init(&hash);
                sha256_update(&hash, sizeof(label), (const uint8_t *)label);
                sha256_update(&hash, strlen(cluster_id) + 1, (const uint8_t *)cluster_id);
                sha256_update(&hash, sizeof(tail), tail);
                sha256_digest(&hash, KT_UUID_BYTES, ret->bytes);
                ret->bytes[6] = (uint8_t)((ret->bytes[6] & 0x0f) | 0x80);
                ret->bytes[8] = (uint8_t)((ret->bytes[8] & 0x3f) | 0x80);
                if (kt_uuid_format(ret, text)[0] != '-' && !kt_uuid_is_reserved(ret))
                        return;
        }
}

bool kt_uuid_equal(const struct kt_uuid *a, const struct kt_uuid *b)
{
        return memcmp(a->bytes, b->bytes, KT_UUID_BYTES) == 0;
}

bool kt_uuid_is_reserved(const struct kt_uuid *uuid)
{
        static const uint8_t zeros[KT_UUID_BYTES - 1];

        return memcmp(uuid->bytes, zeros, sizeof(zeros)) == 0 && uuid->bytes[KT_UUID_BYTES - 1] < RESERVED_COUNT;
}
