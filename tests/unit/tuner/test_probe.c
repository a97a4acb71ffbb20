/* SPDX-License-Identifier: Apache-2.0 */
/* Probes: what is refused. Measuring takes a real volume: tests/system/87-tuner-prove.sh. */
#include "tuner/probe.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

#include "lib/base/auto.h"

static void test_open__refuses(void **state)
{
        static const struct {
                enum kt_row_probe kind;
                const char *folder; /* in the tree */
                int code;
        } rows[] = {
                { KT_ROW_PROBE_NONE, "folder", -EOPNOTSUPP },
                { KT_ROW_PROBE_COLD_READ, "nothing", -ENOENT },
                { KT_ROW_PROBE_COLD_READ, "file", -ENOTDIR },
        };

        test_mkdir(*state, "folder");
        test_write(*state, "file", "");
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_probe_done) struct kt_probe probe = KT_PROBE_CLOSED;
                KT_AUTO_FREE char *folder = test_path(*state, rows[i].folder);
                struct kt_err e = { 0 };

                assert_int_equal(kt_probe_open(rows[i].kind, folder, &probe, &e), rows[i].code);
                assert_int_equal(probe.files, 0);
        }
}

static void test_about__each_kind_says_what_it_does(void **state)
{
        (void)state; /* no tree needed */
        for (enum kt_row_probe kind = KT_ROW_PROBE_NONE + 1; kind < KT_ROW_PROBE_COUNT_; kind++)
                assert_true(strlen(kt_probe_about(kind)) > 20);
        assert_null(kt_probe_about(KT_ROW_PROBE_NONE));
}

/* A row that is only looked at has nothing to be proven. */
static void test_rows__what_is_proven_can_be_written(void **state)
{
        size_t count = 0;

        (void)state; /* no tree needed */
        for (size_t i = 0; i < kt_row_count(); i++) {
                const struct kt_row *row = kt_row_at(i);

                count += row->probe != KT_ROW_PROBE_NONE;
                assert_true(row->probe == KT_ROW_PROBE_NONE ||
                            (!row->is_check_only && row->scope == KT_SCOPE_DEVICE && !row->twin));
        }
        assert_true(count >= 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_open__refuses, test_tree_setup, test_tree_teardown),
                cmocka_unit_test(test_about__each_kind_says_what_it_does),
                cmocka_unit_test(test_rows__what_is_proven_can_be_written),
        };

        return TEST_MAIN(tests);
}
