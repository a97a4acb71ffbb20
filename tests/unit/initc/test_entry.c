/* SPDX-License-Identifier: Apache-2.0 */
/* One entry: what owner, mode, link count and type come to. */
#include "initc/entry.h"

#include "tests/unit/support.h"

static const struct kt_owner owner = { .uid = 1000, .gid = 1000 };

static void test_judge__rows(void **state)
{
        static const struct {
                mode_t mode;
                uid_t uid;
                gid_t gid;
                nlink_t links;
                enum kt_entry expect;
                const char *why;
        } rows[] = {
                { S_IFREG | 0644, 1000, 1000, 1, KT_ENTRY_RIGHT, "as the broker makes them" },
                { S_IFREG | 0600, 1000, 1000, 1, KT_ENTRY_RIGHT, "its owner can work with it" },
                { S_IFREG | 0400, 1000, 1000, 1, KT_ENTRY_RIGHT, "a sealed snapshot" },
                { S_IFREG | 0444, 1000, 1000, 1, KT_ENTRY_RIGHT, "a sealed snapshot that all may read" },
                { S_IFREG | 0200, 1000, 1000, 1, KT_ENTRY_FIXABLE, "not readable" },
                { S_IFREG | 0000, 1000, 1000, 1, KT_ENTRY_FIXABLE, "no mode at all" },
                { S_IFREG | 0644, 0, 0, 1, KT_ENTRY_FIXABLE, "root's" },
                { S_IFREG | 0644, 1000, 0, 1, KT_ENTRY_FIXABLE, "the group alone" },
                { S_IFREG | 0644, 0, 1000, 1, KT_ENTRY_FIXABLE, "the user alone, as fsGroup leaves it" },
                { S_IFDIR | 0755, 1000, 1000, 2, KT_ENTRY_RIGHT, "a folder" },
                { S_IFDIR | 02770, 1000, 1000, 2, KT_ENTRY_RIGHT, "set-gid as fsGroup makes it" },
                { S_IFDIR | 0500, 1000, 1000, 2, KT_ENTRY_FIXABLE, "a folder to write into" },
                { S_IFDIR | 0000, 1000, 1000, 2, KT_ENTRY_FIXABLE, "a folder nobody can enter" },
                { S_IFDIR | 0755, 0, 0, 9, KT_ENTRY_FIXABLE, "subfolders are no hard links" },
                { S_IFDIR | 02755, 0, 0, 2, KT_ENTRY_FIXABLE, "set-gid of a folder gives nothing away" },
                { S_IFREG | 0644, 0, 0, 2, KT_ENTRY_HARD_LINK, "another name of somebody's file" },
                { S_IFREG | 0644, 1000, 1000, 2, KT_ENTRY_RIGHT, "the owner's own hard link" },
                { S_IFREG | 0000, 1000, 1000, 2, KT_ENTRY_HARD_LINK, "not even the mode of a linked file" },
                { S_IFREG | 04755, 0, 0, 1, KT_ENTRY_SET_ID, "set-uid root" },
                { S_IFREG | 02755, 0, 0, 1, KT_ENTRY_SET_ID, "set-gid root" },
                { S_IFREG | 04755, 1000, 1000, 1, KT_ENTRY_RIGHT, "set-uid to itself" },
                { S_IFREG | 04755, 0, 0, 2, KT_ENTRY_HARD_LINK, "both" },
                { S_IFLNK | 0777, 0, 0, 1, KT_ENTRY_LINK, "a link of root" },
                { S_IFLNK | 0777, 1000, 1000, 1, KT_ENTRY_LINK, "a link of the owner" },
                { S_IFIFO | 0644, 0, 0, 1, KT_ENTRY_SPECIAL, "fifo" },
                { S_IFSOCK | 0644, 0, 0, 1, KT_ENTRY_SPECIAL, "socket" },
                { S_IFCHR | 0644, 0, 0, 1, KT_ENTRY_SPECIAL, "character device" },
                { S_IFBLK | 0644, 1000, 1000, 1, KT_ENTRY_SPECIAL, "block device" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct stat st = {
                        .st_mode = rows[i].mode, .st_uid = rows[i].uid, .st_gid = rows[i].gid, .st_nlink = rows[i].links
                };

                if (kt_entry_judge(&st, &owner) != rows[i].expect)
                        fail_msg("%s: %s", rows[i].why, kt_entry_words(kt_entry_judge(&st, &owner)));
        }
}

static void test_mode__rows(void **state)
{
        static const struct {
                mode_t mode;
                mode_t expect;
        } rows[] = {
                { S_IFDIR | 0000, 0700 }, { S_IFDIR | 0055, 0755 }, { S_IFDIR | 02750, 02750 },
                { S_IFREG | 0000, 0600 }, { S_IFREG | 0044, 0644 }, { S_IFREG | 0400, 0400 },
                { S_IFREG | 0444, 0444 }, { S_IFREG | 0200, 0600 }, { S_IFREG | 0755, 0755 },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct stat st = { .st_mode = rows[i].mode };

                assert_int_equal(kt_entry_mode(&st), rows[i].expect);
        }
}

static void test_words__for_every_kind(void **state)
{
        (void)state; /* no tree needed */
        for (int i = 0; i < KT_ENTRY_COUNT_; i++)
                assert_true(kt_entry_words((enum kt_entry)i)[0] != '\0');
}

static void test_is_blocking__what_must_be_given_and_cannot(void **state)
{
        static const bool expect[KT_ENTRY_COUNT_] = {
                [KT_ENTRY_HARD_LINK] = true, [KT_ENTRY_SET_ID] = true,     [KT_ENTRY_OTHER_MOUNT] = true,
                [KT_ENTRY_TOO_DEEP] = true,  [KT_ENTRY_UNREADABLE] = true,
        };

        (void)state; /* no tree needed */
        for (int i = 0; i < KT_ENTRY_COUNT_; i++)
                assert_int_equal(kt_entry_is_blocking((enum kt_entry)i), expect[i]);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge__rows),
        cmocka_unit_test(test_mode__rows),
        cmocka_unit_test(test_words__for_every_kind),
        cmocka_unit_test(test_is_blocking__what_must_be_given_and_cannot),
};

int main(void)
{
        return TEST_MAIN(tests);
}
