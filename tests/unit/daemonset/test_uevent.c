/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as the kernel sends them, and some that it does not. */
#include "daemonset/uevent.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

#define ROW(text) text, sizeof(text)

static void test_parse__messages(void **state)
{
        static const struct {
                const char *data;
                size_t len;
                int want;
                const char *name;
                bool is_disk;
        } rows[] = {
                { ROW("add@/devices/virtual/block/loop0\0ACTION=add\0DEVPATH=/devices/virtual/block/loop0\0"
                      "SUBSYSTEM=block\0DEVNAME=loop0\0DEVTYPE=disk\0SEQNUM=1"),
                  0, "loop0", true },
                { ROW("add@/devices/x/block/vdb/vdb1\0ACTION=add\0SUBSYSTEM=block\0DEVNAME=vdb1\0DEVTYPE=partition"), 0,
                  "vdb1", false },
                { ROW("change@/devices/x\0ACTION=change\0SUBSYSTEM=net"), 0, "", false },
                { ROW("add@/x\0ACTION=add\0\0\0SUBSYSTEM=block"), 0, "", true },
                { ROW("add@/x\0SUBSYSTEM=block"), -EBADMSG, "", false }, /* no action */
                { ROW("libudev\0ACTION=add"), -EBADMSG, "", false },     /* udev's own form */
                { "add@/x\0ACTION=add", 17, -EBADMSG, "", false },       /* cut off */
                { ROW(""), -EBADMSG, "", false },
                { "", 0, -EBADMSG, "", false },
                { ROW("add@/x\0ACTION=add\0DEVNAME=0123456789012345678901234567890123456789012345678901234567890123"),
                  -EBADMSG, "", false },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_uevent event = { 0 };

                assert_int_equal(kt_uevent_parse(rows[i].data, rows[i].len, &event), rows[i].want);
                assert_string_equal(event.name, rows[i].name);
                assert_int_equal(kt_uevent_is_disk(&event), rows[i].is_disk);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_parse__messages) };

        return TEST_MAIN(tests);
}
