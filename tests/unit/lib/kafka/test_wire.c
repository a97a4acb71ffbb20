/* SPDX-License-Identifier: Apache-2.0 */
/* ApiVersions, version 0: bytes as real brokers take and give them. */
#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

#include "lib/kafka/wire.h"

static void test_api_versions__is_what_brokers_take(void **state)
{
        /* length 18, key 18, version 0, correlation id 1, client id of 8 bytes */
        static const uint8_t expected[] = { 0, 0, 0, 18,  0,   18,  0,   0,   0,   0,   0,
                                            1, 0, 8, 'k', '8', 's', 'k', 'a', 'f', 'k', 'a' };
        uint8_t request[KT_WIRE_REQUEST_MAX];

        (void)state; /* no fixture */
        assert_int_equal(kt_wire_api_versions(1, request), sizeof(expected));
        assert_memory_equal(request, expected, sizeof(expected));
}

static void test_response_size__has_bounds(void **state)
{
        static const struct {
                uint8_t bytes[4];
                int expect;
        } rows[] = {
                { { 0, 0, 0, 10 }, 10 },   { { 0, 0, 1, 0xcc }, 460 },   { { 0, 0, 0, 9 }, -EBADMSG },
                { { 0, 1, 0, 0 }, 65536 }, { { 0, 1, 0, 1 }, -EBADMSG }, { { 'H', 'T', 'T', 'P' }, -EBADMSG },
        };

        (void)state; /* no fixture */
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_int_equal(kt_wire_response_size(rows[i].bytes), rows[i].expect);
}

static void test_check_versions__judges_every_part(void **state)
{
        static const struct {
                uint8_t bytes[24];
                size_t len;
                int expect;
                const char *why;
        } rows[] = {
                { { 0, 0, 0, 7, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 13, 0, 18, 0, 0, 0, 4 }, 22, 0, "a broker" },
                { { 0, 0, 0, 7, 0, 0, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4 }, 16, 0, "a controller" },
                { { 0, 0, 0, 7, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4 }, 16, 0, "another version of it" },
                { { 0, 0, 0, 8, 0, 0, 0, 0, 0, 0 }, 10, -EBADMSG, "another request's" },
                { { 0, 0, 0, 7, 0, 58, 0, 0, 0, 0 }, 10, -EBADMSG, "an error code" },
                { { 0, 0, 0, 7, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1 }, 16, -EBADMSG, "fewer than it says" },
                { { 0, 0, 0, 7, 0, 0, 0xff, 0xff, 0xff, 0xff }, 10, -EBADMSG, "as many as it can say" },
                { { 0, 0, 0, 7 }, 4, -EBADMSG, "cut short" },
        };

        (void)state; /* no fixture */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                int r = kt_wire_check_versions(rows[i].bytes, rows[i].len, 7, NULL);

                if (r != rows[i].expect)
                        fail_msg("%s: %d", rows[i].why, r);
        }
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_api_versions__is_what_brokers_take),
        cmocka_unit_test(test_response_size__has_bounds),
        cmocka_unit_test(test_check_versions__judges_every_part),
};

int main(void)
{
        return TEST_MAIN(tests);
}
