/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of Amazon's log page. */
#include "tuner/bench/nvme.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/support.h"

/* The first sixteen words of a page: magic, the eleven counters as 1, 256, 65536, ..., and what is reserved. */
static const unsigned char fixture[128] = {
        0x10, 0xb5, 0x23, 0x3c, 0,    0, 0, 0, 0x01, 0,    0,    0,    0,    0,    0,    0,    0x00, 0x01,
        0,    0,    0,    0,    0,    0, 0, 0, 1,    0,    0,    0,    0,    0,    0,    0,    0,    1,
        0,    0,    0,    0,    0x2a, 0, 0, 0, 0,    0,    0,    0,    7,    0,    0,    0,    0,    0,
        0,    0,    0x40, 0x42, 0x0f, 0, 0, 0, 0,    0,    0x80, 0x84, 0x1e, 0,    0,    0,    0,    0,
        3,    0,    0,    0,    0,    0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 9,
};

static void test_parse__reads_every_counter(void **state)
{
        struct kt_nvme_page page;

        (void)state;
        assert_int_equal(kt_nvme_parse(fixture, sizeof(fixture), &page), 0);
        assert_int_equal(page.read_ops, 1);
        assert_int_equal(page.write_ops, 256);
        assert_int_equal(page.read_bytes, 65536);
        assert_int_equal(page.write_bytes, 16777216);
        assert_int_equal(page.read_us, 42);
        assert_int_equal(page.write_us, 7);
        assert_int_equal(page.volume_iops_us, 1000000);
        assert_int_equal(page.volume_throughput_us, 2000000);
        assert_int_equal(page.instance_iops_us, 3);
        assert_true(page.instance_throughput_us == UINT64_MAX);
        assert_int_equal(page.queue_length, 9);
}

static void test_parse__refuses_what_is_no_such_page(void **state)
{
        unsigned char other[sizeof(fixture)];
        struct kt_nvme_page page = { .read_ops = 77 };

        (void)state;
        memcpy(other, fixture, sizeof(other));
        other[4] = 1; /* the magic is 64 bits wide */
        assert_int_equal(kt_nvme_parse(other, sizeof(other), &page), -EBADMSG);
        memset(other, 0, sizeof(other));
        assert_int_equal(kt_nvme_parse(other, sizeof(other), &page), -EBADMSG);
        assert_int_equal(kt_nvme_parse(fixture, 95, &page), -EBADMSG);
        assert_int_equal(kt_nvme_parse(fixture, 0, &page), -EBADMSG);
        assert_int_equal(page.read_ops, 77);
}

static void test_read__says_what_is_missing(void **state)
{
        struct kt_nvme_page page;

        (void)state;
        assert_int_equal(kt_nvme_read("no-such-disk", &page), -ENOENT);
        assert_int_equal(kt_nvme_read("null", &page), -ENOTTY); /* a device, and no NVMe one */
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse__reads_every_counter),
                cmocka_unit_test(test_parse__refuses_what_is_no_such_page),
                cmocka_unit_test(test_read__says_what_is_missing),
        };

        return TEST_MAIN(tests);
}
