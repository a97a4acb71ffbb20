/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C against published values. */
#include "lib/kafka/crc32c.h"

#include <string.h>

#include "tests/unit/support.h"

static void test_kt_crc32c__gives_published_values(void **state)
{
        char zeros[32] = { 0 };
        char ones[32];
        char up[32];
        const struct {
                const void *bytes;
                size_t len;
                uint32_t expect;
                const char *why;
        } rows[] = {
                { "", 0, 0x00000000, "nothing" },
                { "123456789", 9, 0xe3069283, "the check value of CRC catalogues" },
                { zeros, sizeof(zeros), 0x8a9136aa, "RFC 3720 B.4, zeros" },
                { ones, sizeof(ones), 0x62a8ab43, "RFC 3720 B.4, ones" },
                { up, sizeof(up), 0x46dd794e, "RFC 3720 B.4, 0 to 31" },
        };
        (void)state;

        memset(ones, 0xff, sizeof(ones));
        for (size_t i = 0; i < sizeof(up); i++)
                up[i] = (char)i;

        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_int_equal(kt_crc32c(rows[i].bytes, rows[i].len), rows[i].expect);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kt_crc32c__gives_published_values),
        };

        return TEST_MAIN(tests);
}
