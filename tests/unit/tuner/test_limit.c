/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a hard limit: the soft one is the process's own, also when it raises it at that very moment. */
#include "tests/unit/support.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tuner/backend.h"

/* The soft limit that the process gives itself behind the first look at its limits; 0: it leaves it alone. */
static rlim_t raised_to;

static int real_prlimit(pid_t pid, int resource, const struct rlimit *new_limit, struct rlimit *old_limit)
{
        return (int)syscall(SYS_prlimit64, pid, resource, new_limit, old_limit);
}

/* Stands in front of the C library's. */
int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *new_limit, struct rlimit *old_limit)
{
        int r = real_prlimit(pid, (int)resource, new_limit, old_limit);

        if (r == 0 && raised_to > 0) {
                struct rlimit own = { 0 };

                assert_int_equal(real_prlimit(0, (int)resource, NULL, &own), 0);
                own.rlim_cur = raised_to;
                raised_to = 0;
                assert_int_equal(real_prlimit(0, (int)resource, &own, NULL), 0);
        }
        return r;
}

/* Writes the hard limit that is there already, which anybody may. */
static rlim_t soft_after_write(rlim_t soft, rlim_t raised)
{
        const struct kt_row *row = kt_row_find("process.nofile", NULL);
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_tuner_facts facts = { .root = &root, .pid = (uint64_t)getpid() };
        KT_AUTO_STR struct kt_str value = { 0 };
        struct rlimit limit = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(NULL, &root, &e), 0);
        assert_int_equal(real_prlimit(0, RLIMIT_NOFILE, NULL, &limit), 0);
        limit.rlim_cur = soft;
        assert_int_equal(real_prlimit(0, RLIMIT_NOFILE, &limit, NULL), 0);
        assert_int_equal(kt_backend_of(row)->read(&facts, row, &value, &e), 0);
        raised_to = raised;
        assert_int_equal(kt_backend_of(row)->write(&facts, row, kt_str_get(&value), &e), 0);
        assert_int_equal(real_prlimit(0, RLIMIT_NOFILE, NULL, &limit), 0);
        return limit.rlim_cur;
}

static void test_write__leaves_the_soft_limit(void **state)
{
        (void)state; /* no tree needed */
        assert_int_equal(soft_after_write(50, 0), 50);
}

/* HotSpot does so while it starts (MaxFDLimit), which is when an agent raises the hard limit. */
static void test_write__soft_limit_raised_meanwhile(void **state)
{
        (void)state; /* no tree needed */
        assert_int_equal(soft_after_write(50, 60), 60);
}

static void test_write__what_is_no_limit(void **state)
{
        const struct kt_row *row = kt_row_find("process.nofile", NULL);
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_tuner_facts facts = { .root = &root };
        struct kt_err e = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_root_open(NULL, &root, &e), 0);
        assert_int_equal(kt_backend_of(row)->write(&facts, row, "9", &e), -EOPNOTSUPP);
        kt_err_clear(&e);
        facts.pid = (uint64_t)getpid();
        assert_int_equal(kt_backend_of(row)->write(&facts, row, "many", &e), -EINVAL);
        assert_string_equal(e.text, "'many' is no limit");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_write__leaves_the_soft_limit),
                cmocka_unit_test(test_write__soft_limit_raised_meanwhile),
                cmocka_unit_test(test_write__what_is_no_limit),
        };

        return TEST_MAIN(tests);
}
