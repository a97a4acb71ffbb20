/* SPDX-License-Identifier: Apache-2.0 */
/* Archives: their bytes. */
#include "tuner/tar.h"

#include "tests/unit/support.h"

#include <string.h>

enum { BLOCK = 512, NAME = 0, MODE = 100, SIZE = 124, CHECKSUM = 148, TYPE = 156, LINK = 157, MAGIC = 257 };

static void test_add_file__header_data_padding(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state;
        kt_tar_add_file(&out, "proc/a", 0444, "65530\n", 6);
        assert_int_equal(out.len, 2 * BLOCK);
        assert_string_equal(out.data + NAME, "proc/a");
        assert_string_equal(out.data + MODE, "0000444");
        assert_string_equal(out.data + SIZE, "00000000006");
        assert_int_equal(out.data[TYPE], '0');
        assert_memory_equal(out.data + MAGIC,
                            "ustar\0"
                            "00",
                            8);
        assert_memory_equal(out.data + BLOCK, "65530\n\0", 7);
}

static void test_add_file__checksum_is_the_sum_of_all_bytes(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        unsigned sum = 0;
        unsigned stored = 0;

        (void)state;
        kt_tar_add_file(&out, "a", 0644, "", 0);
        assert_int_equal(out.len, BLOCK);
        for (size_t i = 0; i < BLOCK; i++)
                sum += i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : (unsigned char)out.data[i];
        for (size_t i = CHECKSUM; i < CHECKSUM + 6; i++)
                stored = stored * 8 + (unsigned)(out.data[i] - '0');
        assert_int_equal(stored, sum);
}

static void test_add_link__long_target(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        char target[151];

        (void)state;
        memset(target, 'x', 150);
        target[150] = '\0';
        kt_tar_add_link(&out, "sys/block/sda", target);
        assert_int_equal(out.len, 3 * BLOCK);
        assert_int_equal(out.data[TYPE], 'K');
        assert_string_equal(out.data + BLOCK, target);
        assert_int_equal(out.data[2 * BLOCK + TYPE], '2');
        assert_memory_equal(out.data + 2 * BLOCK + LINK, target, 100);
}

static void test_add__path_of_exactly_the_field(void **state)
{
        static const struct {
                size_t len;
                size_t blocks;
        } rows[] = { { 100, 1 }, { 101, 3 } };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_STR struct kt_str out = { 0 };
                char path[128] = "";

                memset(path, 'p', rows[i].len);
                kt_tar_add_dir(&out, path);
                assert_int_equal(out.len, rows[i].blocks * BLOCK);
        }
}

static void test_finish__two_empty_blocks(void **state)
{
        static const char zeros[2 * BLOCK];
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state;
        kt_tar_finish(&out);
        assert_int_equal(out.len, sizeof(zeros));
        assert_memory_equal(out.data, zeros, sizeof(zeros));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_add_file__header_data_padding),
                cmocka_unit_test(test_add_file__checksum_is_the_sum_of_all_bytes),
                cmocka_unit_test(test_add_link__long_target),
                cmocka_unit_test(test_add__path_of_exactly_the_field),
                cmocka_unit_test(test_finish__two_empty_blocks),
        };

        return TEST_MAIN(tests);
}
