/* SPDX-License-Identifier: Apache-2.0 */
/* ApiVersions, version 0. */
#include "lib/kafka/wire.h"

#include <errno.h>
#include <string.h>

#define CLIENT_ID "k8skafka"

enum { API_VERSIONS = 18, UNSUPPORTED_VERSION = 35, ENTRY_SIZE = 6 };

static void put(uint8_t *out, uint32_t value, size_t size)
{
        for (size_t i = 0; i < size; i++)
                out[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
}

static uint32_t get(const uint8_t *bytes, size_t size)
{
        uint32_t value = 0;

        for (size_t i = 0; i < size; i++)
                value = value << 8 | bytes[i];
        return value;
}

size_t kt_wire_api_versions(int32_t correlation_id, uint8_t out[KT_WIRE_REQUEST_MAX])
{
        const size_t id_len = strlen(CLIENT_ID);
        const size_t size = 2 + 2 + 4 + 2 + id_len;

        put(out, (uint32_t)size, 4);
        put(out + 4, API_VERSIONS, 2);
        put(out + 6, 0, 2);
        put(out + 8, (uint32_t)correlation_id, 4);
        put(out + 12, (uint32_t)id_len, 2);
        memcpy(out + 14, CLIENT_ID, id_len);
        return 4 + size;
}

int kt_wire_response_size(const uint8_t first[4])
{
        uint32_t size = get(first, 4);

        return size < 10 || size > KT_WIRE_RESPONSE_MAX ? -EBADMSG : (int)size;
}

int kt_wire_check_versions(const uint8_t *bytes, size_t len, int32_t correlation_id, struct kt_err *e)
{
        uint32_t count;
        uint32_t code;

        if (len < 10)
                return kt_err_set(e, -EBADMSG, "the answer has %zu bytes, fewer than any", len);
        if (get(bytes, 4) != (uint32_t)correlation_id)
                return kt_err_set(e, -EBADMSG, "the answer is to another request");
        code = get(bytes + 4, 2);
        if (code != 0 && code != UNSUPPORTED_VERSION)
                return kt_err_set(e, -EBADMSG, "the broker answers with error %u", code);

        count = get(bytes + 6, 4);
        if (count > (len - 10) / ENTRY_SIZE)
                return kt_err_set(e, -EBADMSG, "the answer names %u requests in %zu bytes", count, len);
        return 0;
}
