/* SPDX-License-Identifier: Apache-2.0 */
/* The page of a result: what it says, that nothing from outside is markup in it, and how it comes to its place. */
#include "tuner/bench/html.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/support.h"
#include "tuner/bench/charts.h"
#include "tuner/bench/markup.h"

/* ---- A result ---- */

static void add_window(struct kt_disk_phase *phase, double begin, double write, double read)
{
        if (phase->window_count == phase->window_cap) {
                phase->window_cap = phase->window_cap ? phase->window_cap * 2 : 64;
                phase->windows = realloc(phase->windows, phase->window_cap * sizeof(*phase->windows));
                assert_non_null(phase->windows);
        }
        phase->windows[phase->window_count++] = (struct kt_disk_window){
                .begin_seconds = begin,
                .seconds = 1,
                .write_bytes = (uint64_t)write,
                .read_bytes = (uint64_t)read,
                .ops = 20,
        };
}

static struct kt_disk_rate rate_of(double value)
{
        return (struct kt_disk_rate){ .is_known = value > 0,
                                      .value = value,
                                      .low = value * 0.99,
                                      .high = value * 1.01,
                                      .windows = 8,
                                      .seconds = 8,
                                      .bytes = (uint64_t)(value * 8) };
}

static void fill_phase(struct kt_disk_volume *volume, enum kt_disk_phase_id id, double begin, double write, double read)
{
        struct kt_disk_phase *phase = &volume->phases[id];

        phase->id = id;
        phase->end = KT_END_TIME;
        phase->begin_seconds = begin;
        phase->seconds = 8;
        for (int i = 0; i < 8; i++)
                add_window(phase, begin + i, write * (1 + 0.01 * (i % 3)), read);
        phase->write = rate_of(write);
        phase->read = rate_of(read);
}

static struct kt_disk_latency latency_of(int64_t median_ns)
{
        struct kt_disk_latency latency = { .count = 100, .least_ns = median_ns / 2, .mean_ns = (double)median_ns };

        for (int q = 0; q < KT_DISK_QUANTILE_COUNT; q++)
                latency.quantile_ns[q] = median_ns * (q + 1);
        latency.most_ns = median_ns * 20;
        return latency;
}

/* 80 MB/s until 800 MB are used up, then 20. */
static void fill_burst(struct kt_disk_volume *volume)
{
        struct kt_disk_phase *phase = &volume->phases[KT_PHASE_WRITE];
        struct kt_disk_fit *fit = &volume->fit;

        phase->end = KT_END_STEADY;
        phase->seconds = 40;
        for (int i = 0; i < 40; i++)
                add_window(phase, i, i < 13 ? 80e6 : i == 13 ? 40e6 : 20e6 + (i % 2) * 4e5, 0);
        phase->windows[0].is_ramp = true;
        phase->write_latency = latency_of(50000000);
        fit->has_knee = fit->is_steady = fit->is_sustained = true;
        fit->sustained = rate_of(20e6);
        fit->burst = rate_of(80e6);
        fit->bucket_bytes = 800e6;
        fit->bucket_low = 790e6;
        fit->bucket_high = 810e6;
        fit->knee_seconds = 13.3;
        fit->refill_rate = 20e6;
        fit->proven_seconds = 26;
        fit->proven_bytes = 520000000;
        fit->bounds[0].rate = 10e6;
        fit->bounds[0].bucket_bytes = 1.1e9;
        fit->bounds[0].reason = "half of it";
        fit->bound_count = 1;
        fit->model.shape = KT_FIT_BURST;
        fit->model.level_count = 2;
        fit->model.levels[0] = (struct kt_fit_level){ .seconds = 13, .rate = { 80e6, 79e6, 81e6 } };
        fit->model.levels[1] = (struct kt_fit_level){ .begin_s = 13, .seconds = 27, .rate = { 20e6, 19.8e6, 20.2e6 } };
}

static void fill_flat(struct kt_disk_volume *volume, double rate)
{
        struct kt_disk_phase *phase = &volume->phases[KT_PHASE_WRITE];
        struct kt_disk_fit *fit = &volume->fit;

        phase->end = KT_END_TIME;
        phase->seconds = 40;
        for (int i = 0; i < 40; i++)
                add_window(phase, i, rate * (1 + 0.004 * (i % 5)), 0);
        fit->is_steady = true;
        fit->sustained = rate_of(rate);
        fit->proven_seconds = 39;
        fit->model.seconds = 40;
        (void)snprintf(fit->why, sizeof(fit->why), "It held for 40 s & no longer.");
        fit->model.shape = KT_FIT_CONSTANT;
        fit->model.level_count = 1;
        fit->model.levels[0] = (struct kt_fit_level){ .seconds = 40, .rate = { rate, rate * 0.99, rate * 1.01 } };
}

static void fill_target(struct kt_disk_target *target, const char *path)
{
        target->path = path;
        (void)snprintf(target->fstype, sizeof(target->fstype), "xfs");
        (void)snprintf(target->device, sizeof(target->device), "nvme1n1");
        (void)snprintf(target->model, sizeof(target->model), "Amazon Elastic Block Store");
        target->total_bytes = 100000000000;
        target->free_bytes = 80000000000;
        target->is_direct = true;
        target->has_queue_facts = true;
        target->max_sectors_kib = 256;
        target->read_ahead_kib = 128;
        target->nr_requests = 31;
        target->logical_block = 512;
}

static void fill_others(struct kt_disk_volume *volume)
{
        fill_phase(volume, KT_PHASE_SOLO, 41, 45e6, 0);
        fill_phase(volume, KT_PHASE_AGAIN, 50, 30e6, 0);
        fill_phase(volume, KT_PHASE_READ, 59, 0, 30e6);
        fill_phase(volume, KT_PHASE_READ_SOLO, 68, 0, 45e6);
        fill_phase(volume, KT_PHASE_MIXED, 77, 15e6, 15e6);
        fill_phase(volume, KT_PHASE_SYNC_50, 86, 10e6, 0);
        fill_phase(volume, KT_PHASE_SYNC_80, 95, 16e6, 0);
        volume->phases[KT_PHASE_SYNC_50].sync_latency = latency_of(900000);
        volume->phases[KT_PHASE_SYNC_80].sync_latency = latency_of(2500000);
        volume->phases[KT_PHASE_READ].read_latency = latency_of(30000000);
}

/* One or more volumes, the first of which bursts. Free with release(). */
static struct kt_disk_result *make_result(size_t volumes)
{
        static const char *const paths[] = { "/mnt/a", "/mnt/b" };
        struct kt_disk_result *result = calloc(1, sizeof(*result));

        assert_non_null(result);
        (void)snprintf(result->host, sizeof(result->host), "node-1");
        (void)snprintf(result->version, sizeof(result->version), "1.0");
        (void)snprintf(result->started, sizeof(result->started), "2026-01-31T12:00:00Z");
        result->elapsed_seconds = 104;
        result->budget_seconds = 120;
        result->block_bytes = 1 << 20;
        result->volume_count = volumes;
        for (size_t v = 0; v < volumes; v++) {
                fill_target(&result->volumes[v].target, paths[v]);
                if (v == 0)
                        fill_burst(&result->volumes[v]);
                else
                        fill_flat(&result->volumes[v], 45e6);
                fill_others(&result->volumes[v]);
                result->volumes[v].good_partitions = 2000;
        }
        result->verdict.broker_rate = 20e6;
        result->verdict.brokers = 3;
        result->verdict.broker_rate_of_each = 6e6;
        result->verdict.memory_bytes = 600000000;
        result->verdict.buffer_seconds = 30;
        return result;
}

static void set_cap(struct kt_disk_cap *cap, enum kt_cap_verdict verdict, double together)
{
        cap->is_known = true;
        cap->verdict = verdict;
        cap->together = rate_of(together);
        cap->alone = 90e6;
        cap->rho = together / 90e6;
        cap->rho_low = cap->rho * 0.98;
        cap->rho_high = cap->rho * 1.02;
}

static void release(struct kt_disk_result *result)
{
        kt_disk_result_done(result);
        free(result);
}

static char *page_of(const struct kt_disk_result *result)
{
        struct kt_str out = { 0 };
        char *page;

        assert_int_equal(kt_html_render(result, &out), 0);
        page = kt_str_take(&out);
        assert_non_null(page);
        return page;
}

static void assert_has(const char *page, const char *text)
{
        if (!strstr(page, text))
                fail_msg("'%s' is not in the page", text);
}

static void assert_has_not(const char *page, const char *text)
{
        if (strstr(page, text))
                fail_msg("'%s' is in the page", text);
}

static size_t count_of(const char *page, const char *text)
{
        size_t count = 0;

        for (const char *at = strstr(page, text); at; at = strstr(at + 1, text))
                count++;
        return count;
}

/* ---- What it says ---- */

static void test_html_render__burst(void **state)
{
        static const char *const wanted[] = {
                "<!doctype html>",
                "<html lang=\"en\">",
                "<title>Disk report of node-1</title>",
                "name=\"viewport\"",
                "default-src 'none'",
                "prefers-color-scheme:dark",
                "sustains 20.0\xc2\xa0MB/s",
                "measured and steady",
                "80.0\xc2\xa0MB/s<small>for 13.3\xc2\xa0s, a bucket of 800\xc2\xa0MB",
                "knee at 13.3\xc2\xa0s",
                "needs a burst bucket above 1.1\xc2\xa0GB",
                "held for 26.0\xc2\xa0s",
                "Amazon Elastic Block Store",
                "up to 2,000",
                "fdatasync p99 at 80",
                "hold 30.0\xc2\xa0s",
                ">12.5\xc2\xa0ms<",
        };
        struct kt_disk_result *result = make_result(1);
        char *page = page_of(result);

        (void)state;
        for (size_t i = 0; i < KT_COUNT(wanted); i++)
                assert_has(page, wanted[i]);
        assert_has_not(page, "What the node allows");
        free(page);
        release(result);
}

static void test_html_render__loads_nothing(void **state)
{
        static const char *const loading[] = { "http:",   "https:",  "<script", "<link rel=\"stylesheet",
                                               "<img",    "<iframe", "url(",    "@import",
                                               "<object", "onload" };
        struct kt_disk_result *result = make_result(2);
        char *page = page_of(result);

        (void)state;
        for (size_t i = 0; i < KT_COUNT(loading); i++)
                assert_has_not(page, loading[i]);
        free(page);
        release(result);
}

static void test_html_render__every_diagram_is_described(void **state)
{
        struct kt_disk_result *result = make_result(2);
        size_t charts;
        char *page;

        (void)state;
        set_cap(&result->node.write, KT_CAP_SHARED, 60e6);
        set_cap(&result->node.read, KT_CAP_NONE, 90e6);
        page = page_of(result);
        charts = count_of(page, "<svg class=\"chart\"");
        assert_int_equal(charts, 8);
        assert_int_equal(count_of(page, "role=\"img\""), charts);
        assert_int_equal(count_of(page, "<title id="), charts);
        assert_int_equal(count_of(page, "<desc id="), charts);
        assert_int_equal(count_of(page, "id=\"write-t1\""), 1);
        assert_int_equal(count_of(page, "id=\"write-t2\""), 1);
        free(page);
        release(result);
}

static void test_html_render__cap(void **state)
{
        static const struct {
                enum kt_cap_verdict verdict;
                const char *why;
                const char *expect;
        } rows[] = {
                { KT_CAP_SHARED, "",
                  "The volumes share a limit of <strong>60.0\xc2\xa0MB/s</strong>, 99\xc2\xa0% sure" },
                { KT_CAP_NONE, "", "No common limit up to <strong>60.0\xc2\xa0MB/s</strong>" },
                { KT_CAP_CREDIT, "A bucket <drained>.", "A bucket &lt;drained&gt;." },
                { KT_CAP_UNCERTAIN, "", "not-certain" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_disk_result *result = make_result(2);
                char *page;

                set_cap(&result->node.write, rows[i].verdict, 60e6);
                (void)snprintf(result->node.write.why, sizeof(result->node.write.why), "%s", rows[i].why);
                (void)snprintf(result->node.read.why, sizeof(result->node.read.why), "No time was left.");
                page = page_of(result);
                assert_has(page, rows[i].expect);
                assert_has(page, "2 volumes write 60.0\xc2\xa0MB/s together");
                assert_has(page, "Not measured. No time was left.");
                free(page);
                release(result);
        }
}

/* Volumes that share a cap may get wandering shares of it: what they get together is proven, and with it what each gets
 * alone. The page says the same as the text and the JSON. */
static void test_html_render__shares_of_a_cap(void **state)
{
        struct kt_disk_result *result = make_result(2);
        char *page;

        (void)state;
        for (size_t v = 0; v < 2; v++) {
                result->volumes[v].fit.is_sustained = false;
                result->volumes[v].fit.sustained = rate_of(30e6);
                result->volumes[v].phases[KT_PHASE_SOLO].write = rate_of(45e6);
        }
        set_cap(&result->node.write, KT_CAP_SHARED, 60e6);
        result->node.is_sustained = true;
        page = page_of(result);
        assert_int_equal(count_of(page, "<dt>sustained write</dt><dd>45.0\xc2\xa0MB/s"), 2);
        assert_int_equal(count_of(page, "<dt>beside the others</dt><dd>30.0\xc2\xa0MB/s"), 2);
        assert_has(page, "none seen<small>in 40.0\xc2\xa0s");
        assert_has_not(page, "not proven");
        free(page);

        result->node.is_sustained = false;
        page = page_of(result);
        assert_has(page, "<dt>write, held but not proven</dt><dd>45.0");
        free(page);
        release(result);
}

static void test_html_render__status(void **state)
{
        static const struct {
                int exit_code;
                int signal;
                const char *expect;
        } rows[] = {
                { 0, 0, "chip\">measured and steady" },
                { 1, 0, "chip bad\">below what was required" },
                { 6, 0, "chip bad\">not steady, or not proven" },
                { 4, 0, "chip bad\">the run failed" },
                { 143, 15, "chip bad\">ended early, by a signal" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_disk_result *result = make_result(1);
                char *page;

                result->exit_code = rows[i].exit_code;
                result->signal = rows[i].signal;
                page = page_of(result);
                assert_has(page, rows[i].expect);
                free(page);
                release(result);
        }
}

static void test_html_render__not_proven(void **state)
{
        struct kt_disk_result *result = make_result(1);
        char *page;

        (void)state;
        result->volumes[0].fit.is_sustained = false;
        (void)snprintf(result->volumes[0].fit.why, sizeof(result->volumes[0].fit.why), "It still fell.");
        page = page_of(result);
        assert_has(page, "held but not proven");
        assert_has(page, "It still fell.");
        assert_has_not(page, "</bdi> sustains");
        assert_has_not(page, "nothing yet");
        free(page);
        release(result);
}

/* A run that ended before it began has nothing in it at all. */
static void test_html_render__empty(void **state)
{
        static const size_t counts[] = { 0, 1, KT_DISK_VOLUMES_MAX };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(counts); i++) {
                struct kt_disk_result *result = calloc(1, sizeof(*result));
                char *page;

                assert_non_null(result);
                result->volume_count = counts[i];
                for (size_t v = 0; v < counts[i]; v++)
                        result->volumes[v].target.path = "/mnt/empty";
                page = page_of(result);
                assert_has(page, "</html>");
                assert_has_not(page, "nan");
                assert_has_not(page, "<svg class");
                assert_has(page, "nothing yet");
                free(page);
                release(result);
        }
}

static void test_html_render__figures_that_are_none(void **state)
{
        struct kt_disk_result *result = make_result(2);
        struct kt_disk_fit *fit = &result->volumes[0].fit;
        char *page;

        (void)state;
        fit->sustained.value = NAN;
        fit->burst.value = INFINITY;
        fit->knee_seconds = -1;
        fit->model.levels[0].rate.value = INFINITY;
        fit->model.levels[1].begin_s = NAN;
        fit->bucket_bytes = 1e300;
        result->volumes[0].phases[KT_PHASE_READ].windows[0].seconds = 0;
        set_cap(&result->node.write, KT_CAP_SHARED, INFINITY);
        result->node.write.alone = NAN;
        page = page_of(result);
        assert_has_not(page, "nan");
        assert_has_not(page, "\"inf");
        assert_has_not(page, "-inf");
        free(page);
        release(result);
}

static void test_html_render__a_day_of_windows_stays_small(void **state)
{
        struct kt_disk_result *result = make_result(1);
        struct kt_disk_phase *phase = &result->volumes[0].phases[KT_PHASE_WRITE];
        char *page;

        (void)state;
        for (int i = 40; i < 86400; i++)
                add_window(phase, i, 20e6, 0);
        page = page_of(result);
        assert_true(strlen(page) < 200000);
        free(page);
        release(result);
}

/* ---- What comes from outside ---- */

static void test_html_render__outside_texts_are_no_markup(void **state)
{
        static const char hostile[] = "<script>x</script>\"'&<b>\x01\n\xff"; /* 31 bytes fit */
        struct kt_disk_result *result = make_result(2);
        struct kt_finding head = { .level = KT_LEVEL_WARNING, .id = "x", .source = hostile, .next = hostile };
        char *page;

        (void)state;
        for (size_t v = 0; v < 2; v++) {
                struct kt_disk_target *target = &result->volumes[v].target;
                char *const fields[] = { target->resolved, target->mount,     target->fstype,
                                         target->source,   target->device,    target->model,
                                         target->serial,   target->scheduler, target->write_cache };

                for (size_t i = 0; i < KT_COUNT(fields); i++)
                        (void)snprintf(fields[i], 32, "%s", hostile);
                target->path = hostile;
                result->volumes[v].error = -EIO;
                result->volumes[v].fit.is_sustained = false;
                (void)snprintf(result->volumes[v].fit.why, sizeof(result->volumes[v].fit.why), "%s", hostile);
                (void)snprintf(result->volumes[v].error_text, sizeof(result->volumes[v].error_text), "%s", hostile);
        }
        (void)snprintf(result->host, sizeof(result->host), "%s", hostile);
        (void)snprintf(result->version, sizeof(result->version), "%s", hostile);
        (void)snprintf(result->node.write.why, sizeof(result->node.write.why), "%s", hostile);
        kt_findings_add(&result->notes, &head, "%s", hostile);
        page = page_of(result);
        assert_has_not(page, "<script");
        assert_has_not(page, "<b>");
        assert_has_not(page, "\x01");
        assert_has_not(page, "\xff");
        assert_has(page, "&lt;script&gt;x&lt;/script&gt;&quot;&#39;&amp;&lt;b&gt;\\x01\\n\xef\xbf\xbd");
        free(page);
        release(result);
}

/* ---- Where it goes ---- */

static void test_html_write__replaces(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_disk_result *result = make_result(1);
        char *path = test_path(tree, "report.html");
        struct kt_err e = { 0 };
        struct stat st;
        char *page;

        test_write(tree, "report.html", "an older one");
        assert_int_equal(kt_html_write(result, path, &e), 0);
        page = test_read(tree, "report.html");
        assert_has(page, "</html>");
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
        free(page);
        free(path);
        release(result);
}

static void test_html_write__fails(void **state)
{
        static const struct {
                const char *path;
                int expect;
                const char *why;
        } rows[] = {
                { "nowhere/report.html", -ENOENT, "no such directory" },
                { "file/report.html", -ENOTDIR, "no directory" },
                { "folder/", -EISDIR, "no name" },
                { "folder/..", -EISDIR, "a directory's name" },
                { "folder", -EISDIR, "a directory is there" },
        };
        const struct test_tree *tree = *state;
        struct kt_disk_result *result = make_result(1);

        test_write(tree, "file", "");
        test_mkdir(tree, "folder");
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                char *path = test_path(tree, rows[i].path);
                struct kt_err e = { 0 };

                assert_int_equal(kt_html_write(result, path, &e), rows[i].expect);
                assert_int_equal(e.code, rows[i].expect);
                free(path);
        }
        release(result);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_html_render__burst),
                cmocka_unit_test(test_html_render__loads_nothing),
                cmocka_unit_test(test_html_render__every_diagram_is_described),
                cmocka_unit_test(test_html_render__cap),
                cmocka_unit_test(test_html_render__shares_of_a_cap),
                cmocka_unit_test(test_html_render__status),
                cmocka_unit_test(test_html_render__not_proven),
                cmocka_unit_test(test_html_render__empty),
                cmocka_unit_test(test_html_render__figures_that_are_none),
                cmocka_unit_test(test_html_render__a_day_of_windows_stays_small),
                cmocka_unit_test(test_html_render__outside_texts_are_no_markup),
                cmocka_unit_test_setup_teardown(test_html_write__replaces, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_html_write__fails, test_tree_setup, test_tree_teardown),
        };

        return TEST_MAIN(tests);
}
