/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: every one is complete, sound and documented. */
#include "tuner/row.h"

#include "tests/unit/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tuner/backend.h"
#include "tuner/judge.h"

static bool starts_with(const char *text, const char *start)
{
        return strncmp(text, start, strlen(start)) == 0;
}

/* A sysctl's id is its path below /proc/sys with dots. */
static void expect_sysctl_path(const struct kt_row *row)
{
        KT_AUTO_STR struct kt_str path = { 0 };

        kt_str_addf(&path, "/proc/sys/%s", row->id);
        for (char *dot = strchr(path.data, '.'); dot; dot = strchr(dot, '.'))
                *dot = '/';
        assert_string_equal(row->path, kt_str_get(&path));
}

static void test_rows__are_complete(void **state)
{
        (void)state; /* no tree needed */
        assert_true(kt_row_count() >= 16);
        for (size_t i = 0; i < kt_row_count(); i++) {
                const struct kt_row *row = kt_row_at(i);

                assert_true(strlen(row->id) < KT_ROW_ID_MAX);
                assert_null(strchr(row->id, ','));
                assert_true(row->grade >= 'A' && row->grade <= 'D');
                assert_true(row->source[0] != '\0' && row->why[0] != '\0' && row->risk[0] != '\0');
                assert_true((row->want != NULL) != (row->derive != NULL));
                assert_int_equal(row->type == KT_ROW_TUPLE, row->column > 0);
                assert_int_equal(row->type == KT_ROW_CHOICE, row->rule == KT_RULE_ONE_OF);
                assert_int_equal(row->backend == KT_BACKEND_LIMIT, row->line && row->limit && row->unit_setting);
                assert_int_equal(row->backend == KT_BACKEND_LIMIT, row->scope == KT_SCOPE_PROCESS);
                assert_int_equal(row->backend == KT_BACKEND_QUEUE, row->applies != NULL);
                assert_int_equal(row->scope == KT_SCOPE_DEVICE,
                                 row->backend == KT_BACKEND_QUEUE || row->backend == KT_BACKEND_MOUNT);
                assert_true(row->backend != KT_BACKEND_SYSFS || row->type == KT_ROW_CHOICE);
                assert_true(row->is_check_only || kt_backend_of(row)->script);
                if (row->backend == KT_BACKEND_QUEUE)
                        assert_true(starts_with(row->path, "/sys/class/block/DEVICE/queue/"));
                if (row->backend == KT_BACKEND_SYSCTL)
                        expect_sysctl_path(row);
                if (row->backend == KT_BACKEND_SYSFS)
                        assert_true(starts_with(row->path, "/sys/"));
        }
}

static void test_rows__want_what_their_rule_understands(void **state)
{
        (void)state; /* no tree needed */
        for (size_t i = 0; i < kt_row_count(); i++) {
                struct kt_err e = { 0 };

                if (kt_row_at(i)->want)
                        assert_int_equal(kt_tuner_judge_want(kt_row_at(i), kt_row_at(i)->want, &e), 0);
        }
}

static void test_rows__have_distinct_ids(void **state)
{
        (void)state; /* no tree needed */
        for (size_t i = 0; i < kt_row_count(); i++)
                assert_ptr_equal(kt_row_find(kt_row_at(i)->id, NULL), kt_row_at(i));
}

/* The same place means the same object for both, and what is put back has to be written. */
static void test_rows__disturb_a_row_of_the_same_object(void **state)
{
        size_t count = 0;
        (void)state;

        for (size_t i = 0; i < kt_row_count(); i++) {
                const struct kt_row *row = kt_row_at(i);
                const struct kt_row *other;

                if (!row->disturbs)
                        continue;
                other = kt_row_find(row->disturbs, NULL);
                assert_non_null(other);
                assert_int_equal(other->backend, row->backend);
                assert_ptr_equal(other->applies, row->applies);
                assert_false(other->is_check_only);
                assert_non_null(kt_backend_of(other)->is_reset);
                count++;
        }
        assert_true(count > 0);
}

static void test_rows__only_evidence_is_in_the_profile(void **state)
{
        (void)state; /* no tree needed */
        for (size_t i = 0; i < kt_row_count(); i++)
                if (kt_row_at(i)->is_default)
                        assert_true(kt_row_at(i)->grade <= 'B');
}

static void test_find__suggests_the_nearest(void **state)
{
        static const struct {
                const char *id;
                const char *near;
        } rows[] = {
                { "vm.swapiness", "vm.swappiness" },
                { "fs.nropen", "fs.nr_open" },
                { "vm.max-map-count", "vm.max_map_count" },
                { "nonsense", NULL },
                { "", NULL },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const char *near = "unset";

                assert_null(kt_row_find(rows[i].id, &near));
                if (rows[i].near)
                        assert_string_equal(near, rows[i].near);
                else
                        assert_null(near);
        }
}

/* The reference page is written by hand; its tables are the rows. Run from the top of the tree, as `make` does. */
static void test_rows__stand_in_the_reference(void **state)
{
        FILE *file = fopen("docs/tunables.md", "re");
        char *page = NULL;
        size_t size = 0;

        (void)state; /* no tree needed */
        assert_non_null(file);
        assert_true(getdelim(&page, &size, '\0', file) > 0);
        assert_int_equal(fclose(file), 0);
        for (size_t i = 0; i < kt_row_count(); i++) {
                const struct kt_row *row = kt_row_at(i);
                KT_AUTO_STR struct kt_str line = { 0 };

                kt_str_addf(&line, "\n| `%s` | %s %s | %s | %s | %c | %s | %s | %s |\n", row->id,
                            kt_row_rule_name(row->rule), row->want ? row->want : "(from the workload)",
                            kt_row_scope_name(row->scope), row->is_default ? "yes" : "no", row->grade, row->why,
                            row->risk, row->source);
                if (!strstr(page, kt_str_get(&line)))
                        print_error("docs/tunables.md lacks:%s", kt_str_get(&line));
                assert_non_null(strstr(page, kt_str_get(&line)));
        }
        free(page);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows__are_complete),
                cmocka_unit_test(test_rows__want_what_their_rule_understands),
                cmocka_unit_test(test_rows__have_distinct_ids),
                cmocka_unit_test(test_rows__disturb_a_row_of_the_same_object),
                cmocka_unit_test(test_rows__only_evidence_is_in_the_profile),
                cmocka_unit_test(test_find__suggests_the_nearest),
                cmocka_unit_test(test_rows__stand_in_the_reference),
        };

        return TEST_MAIN(tests);
}
