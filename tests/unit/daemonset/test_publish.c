/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent when, to a server that answers by script. */
#include "daemonset/publish.h"

#include "tests/unit/daemonset/fake_api.h"
#include "tests/unit/support.h"

#include "daemonset/document.h"

#define TEXT(text) ((char *)(uintptr_t)(text))
#define NODE(version, label, taints)                                                                                 \
        "{\"metadata\":{\"name\":\"n1\",\"uid\":\"u1\",\"resourceVersion\":\"" version "\",\"labels\":{" label "}}," \
        "\"spec\":{\"taints\":[" taints "]}}"
#define LABELLED "\"k8skafka.io/tuned\":\"hash\""
#define TAINTED  "{\"key\":\"k8skafka.io/untuned\",\"effect\":\"NoSchedule\"}"

static struct kt_node_row row = { .key = TEXT("k"),
                                  .id = TEXT("a"),
                                  .object = TEXT("a"),
                                  .want = TEXT("1"),
                                  .reason = TEXT("why"),
                                  .state = KT_STATE_OK,
                                  .is_required = true };

struct bed {
        struct fake_api api;
        struct kt_kube *kube;
        struct kt_node_state node;
        struct kt_publisher *publisher;
};

static void bed_start(struct bed *bed, const struct fake_answer *answers, enum kt_state state)
{
        struct kt_kube_config config = { .token_file = "" };

        row.state = state;
        bed->node = (struct kt_node_state){
                .node = "n1", .profile_hash = "hash", .is_judged = true, .rows = &row, .row_count = 1
        };
        fake_start(&bed->api, answers);
        config.url = bed->api.url;
        assert_int_equal(kt_kube_new(&config, &bed->kube, NULL), 0);
        bed->publisher = kt_publisher_new(bed->kube, &bed->node);
        assert_non_null(bed->publisher);
}

static void bed_done(struct bed *bed)
{
        kt_publisher_free(bed->publisher);
        kt_kube_free(bed->kube);
        fake_stop(&bed->api);
        bed->node.rows = NULL;
        bed->node.row_count = 0;
        kt_node_state_done(&bed->node);
}

static struct kt_moment moment_of(const struct bed *bed)
{
        return (struct kt_moment){ .now_ms = bed->api.now_ms, .wall_s = 10000 };
}

static void change(struct bed *bed)
{
        const struct kt_moment moment = moment_of(bed);

        kt_publisher_change(bed->publisher, &moment);
}

/* Sends and answers until the script is used up and nothing more is on its way. */
static void run(struct bed *bed)
{
        size_t count = 0;

        while (bed->api.answers[count].body)
                count++;
        for (int i = 0; i < FAKE_TURNS && bed->api.asked < count; i++) {
                const struct kt_moment moment = moment_of(bed);
                int64_t wait_ms;

                assert_int_equal(kt_publisher_step(bed->publisher, &moment, NULL), 0);
                fake_turn(&bed->api, bed->kube);
                wait_ms = kt_publisher_wait_ms(bed->publisher, bed->api.now_ms);
                bed->api.now_ms += wait_ms > 0 ? wait_ms : 0;
        }
        assert_int_equal(bed->api.asked, count);
        for (int i = 0; i < 20; i++)
                fake_turn(&bed->api, bed->kube);
}

/* Sends and is answered until nothing is due. */
static void settle(struct bed *bed)
{
        int i = 0;

        for (; i < FAKE_TURNS && (i < 1 || kt_publisher_wait_ms(bed->publisher, bed->api.now_ms) >= 0 ||
                                  kt_kube_wait_ms(bed->kube, bed->api.now_ms) >= 0);
             i++) {
                const struct kt_moment moment = moment_of(bed);

                assert_int_equal(kt_publisher_step(bed->publisher, &moment, NULL), 0);
                fake_turn(&bed->api, bed->kube);
        }
        assert_true(i < FAKE_TURNS);
}

static void hear(struct bed *bed, void (*how)(struct kt_publisher *, const struct kt_follow_notice *),
                 enum kt_follow_change change, const char *text)
{
        struct kt_follow_notice notice = { .change = change };

        if (text)
                assert_int_equal(kt_json_parse("test", text, strlen(text), &notice.object, NULL), 0);
        how(bed->publisher, &notice);
        if (notice.object)
                kt_json_free(notice.object);
}

static void hear_node(struct bed *bed, const char *text)
{
        hear(bed, kt_publisher_hear_node, KT_FOLLOW_PRESENT, text);
}

static void test_step__label_and_taint_when_ready(void **state)
{
        static const struct fake_answer answers[] = {
                { .expect = "\"resourceVersion\": \"7\"", .status = 200, .body = "{}" },
                { .expect = "\"k8skafka.io/tuned\": \"hash\"", .status = 200, .body = "{}" },
                { 0 },
        };
        struct kt_moment moment = { .wall_s = 10000 };
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_OK);
        assert_int_equal(kt_publisher_wait_ms(bed.publisher, 0), -1); /* the Node is not known */
        hear_node(&bed, NODE("7", "", TAINTED));
        moment.now_ms = bed.api.now_ms;
        assert_int_equal(kt_publisher_wait_ms(bed.publisher, moment.now_ms), 0);
        assert_int_equal(kt_publisher_step(bed.publisher, &moment, NULL), 0);
        assert_int_equal(kt_publisher_wait_ms(bed.publisher, moment.now_ms), -1); /* the label waits for an answer */
        assert_false(kt_publisher_is_done(bed.publisher));
        run(&bed);
        assert_int_equal(kt_publisher_wait_ms(bed.publisher, bed.api.now_ms), -1);
        hear_node(&bed, NODE("8", LABELLED, ""));
        assert_int_equal(kt_publisher_wait_ms(bed.publisher, bed.api.now_ms), -1);
        bed_done(&bed);
}

static void test_step__a_taint_that_is_refused_holds_up_no_label(void **state)
{
        static const struct fake_answer answers[] = {
                { .expect = "\"resourceVersion\": \"7\"", .status = 409, .body = "{}" },
                { .expect = "\"k8skafka.io/tuned\": \"hash\"", .status = 200, .body = "{}" },
                { .expect = "\"resourceVersion\": \"7\"", .status = 200, .body = "{}" },
                { 0 },
        };
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_OK);
        hear_node(&bed, NODE("7", "", TAINTED));
        run(&bed);
        assert_int_equal(kt_publisher_wait_ms(bed.publisher, bed.api.now_ms), -1);
        bed_done(&bed);
}

static void test_step__not_ready_loses_the_label_and_keeps_the_taint(void **state)
{
        static const struct fake_answer answers[] = {
                { .expect = "\"k8skafka.io/tuned\": null", .status = 200, .body = "{}" },
                { 0 },
        };
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_DENIED);
        hear_node(&bed, NODE("7", LABELLED, TAINTED));
        run(&bed);
        assert_int_equal(kt_publisher_wait_ms(bed.publisher, bed.api.now_ms), -1);
        bed_done(&bed);
}

static void test_step__failures_are_tried_again_later(void **state)
{
        static const struct fake_answer answers[] = {
                { .expect = "PATCH", .status = 500, .body = "{}" },
                { .expect = "PATCH", .status = 429, .headers = "Retry-After: 7\r\n", .body = "{}" },
                { .expect = "PATCH", .status = 200, .body = "{}" },
                { 0 },
        };
        const int64_t start_ms = 1000;
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_OK);
        hear_node(&bed, NODE("7", "", ""));
        run(&bed);
        assert_true(bed.api.now_ms - start_ms >= 7000); /* what the server asked for */
        assert_string_equal(kt_publisher_problem(bed.publisher), "");
        bed_done(&bed);
}

static void test_step__makes_the_object_then_its_status(void **state)
{
        static const struct fake_answer answers[] = {
                { .expect = "PATCH /apis/k8skafka.io/v1/nodetunings/n1?", .status = 201, .body = "{}" },
                { .expect = "PATCH /apis/k8skafka.io/v1/nodetunings/n1/status?", .status = 200, .body = "{}" },
                { 0 },
        };
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_OK);
        hear_node(&bed, NODE("7", LABELLED, ""));
        hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_LISTING, NULL);
        hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_LISTED, NULL);
        change(&bed);
        bed.node.events.count = 0; /* "Tuned", which is another test's */
        assert_false(kt_publisher_is_done(bed.publisher));
        run(&bed);
        assert_true(kt_publisher_is_done(bed.publisher));
        bed.node.events.count = 1;
        bed_done(&bed);
}

static void test_hold__the_status_waits_and_all_else_does_not(void **state)
{
        static const struct fake_answer answers[] = {
                { .expect = "PATCH /apis/k8skafka.io/v1/nodetunings/n1?", .status = 201, .body = "{}" },
                { 0 },
        };
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_OK);
        hear_node(&bed, NODE("7", LABELLED, ""));
        hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_LISTING, NULL);
        hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_LISTED, NULL);
        change(&bed);
        bed.node.events.count = 0; /* "Tuned", which is another test's */
        kt_publisher_hold(bed.publisher, true);
        run(&bed);
        assert_int_equal(kt_publisher_wait_ms(bed.publisher, bed.api.now_ms), -1);
        assert_false(kt_publisher_is_done(bed.publisher));
        kt_publisher_hold(bed.publisher, false);
        assert_true(kt_publisher_wait_ms(bed.publisher, bed.api.now_ms) >= 0);
        bed.node.events.count = 1;
        bed_done(&bed);
}

/* All of a cluster of 5,000 nodes would be more than an answer may be. */
static void test_compare__asks_for_a_sample(void **state)
{
        static const struct fake_answer answers[] = {
                { .expect = "GET /apis/k8skafka.io/v1/nodetunings?limit=200&fieldManager=",
                  .status = 200,
                  .body = "{}" },
                { 0 },
        };
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_OK);
        hear_node(&bed, NODE("7", LABELLED, ""));
        hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_PRESENT, "{\"status\":{}}");
        kt_publisher_compare(bed.publisher);
        run(&bed);
        assert_int_equal(bed.api.asked, 1);
        bed_done(&bed);
}

/* The agent before this one said the same: not a request, and no Event. */
static void test_hear_tuning__a_restart_is_silent(void **state)
{
        static const struct fake_answer answers[] = { { 0 } };
        KT_AUTO_STR struct kt_str before = { 0 };
        char digest[KT_HASH_MAX];
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_DENIED);
        kt_conditions_judge(&bed.node, 9000); /* as that one did, a while ago */
        assert_int_equal(kt_document_status(&bed.node, digest, &before), 0);
        bed.node.conditions = (struct kt_conditions){ 0 };
        change(&bed);
        hear_node(&bed, NODE("7", "", TAINTED));
        hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_PRESENT, kt_str_get(&before));
        hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_LISTED, NULL);
        change(&bed);
        assert_int_equal(bed.node.conditions.items[KT_CONDITION_READY].changed_wall_s, 9000);
        assert_int_equal(bed.node.events.count, 0);
        assert_true(kt_publisher_is_done(bed.publisher));
        bed_done(&bed);
}

static void test_change__an_event_for_each_turn(void **state)
{
        static const struct fake_answer answers[] = { { 0 } };
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_DENIED);
        hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_LISTED, NULL);
        change(&bed);
        assert_int_equal(bed.node.events.count, 1);
        assert_string_equal(bed.node.events.items[0].reason, "Denied");
        assert_true(bed.node.events.items[0].is_warning);
        change(&bed);
        assert_int_equal(bed.node.events.count, 1);
        row.state = KT_STATE_OK;
        change(&bed);
        assert_int_equal(bed.node.events.count, 2);
        assert_string_equal(bed.node.events.items[1].reason, "Tuned");
        bed_done(&bed);
}

static void test_step__events_that_are_there_are_done(void **state)
{
        static const struct fake_answer answers[] = {
                { .expect = "POST /api/v1/namespaces/default/events",
                  .status = 409,
                  .body = "{\"kind\":\"Status\",\"reason\":\"AlreadyExists\"}" },
                { .expect = "POST /api/v1/namespaces/default/events",
                  .status = 422,
                  .body = "{\"kind\":\"Status\",\"reason\":\"Invalid\"}" },
                { .expect = "POST /api/v1/namespaces/default/events", .status = 201, .body = "{}" },
                { 0 },
        };
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_OK);
        for (int i = 0; i < 3; i++)
                kt_events_add(&bed.node.events, false, "Applied", "a", 0, "%d", i);
        run(&bed);
        assert_int_equal(bed.node.events.count, 0);
        bed_done(&bed);
}

static void test_bench_request__is_heard_and_answered(void **state)
{
        static const struct fake_answer answers[] = {
                { .expect = "\"k8skafka.io/diskbench\": null", .status = 200, .body = "{}" },
                { 0 },
        };
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_OK);
        hear_node(&bed, "{\"metadata\":{\"uid\":\"u\",\"annotations\":{\"k8skafka.io/diskbench\":\"requested\"},"
                        "\"labels\":{" LABELLED "}}}");
        assert_string_equal(kt_publisher_bench_request(bed.publisher), "requested");
        kt_publisher_answer_bench(bed.publisher);
        assert_string_equal(kt_publisher_bench_request(bed.publisher), "");
        run(&bed);
        bed_done(&bed);
}

#define REQUESTED \
        "{\"metadata\":{\"uid\":\"u\",\"annotations\":{\"k8skafka.io/diskbench\":\"again\"},\"labels\":{" LABELLED "}}}"

/* What the Node was before the annotation went may be heard after it: that is no request for another one. */
static void test_bench_request__is_answered_until_it_is_gone(void **state)
{
        static const struct fake_answer answers[] = {
                { .expect = "\"k8skafka.io/diskbench\": null", .status = 200, .body = "{}" },
                { .expect = "\"k8skafka.io/diskbench\": null", .status = 200, .body = "{}" },
                { 0 },
        };
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_OK);
        hear_node(&bed, REQUESTED);
        kt_publisher_answer_bench(bed.publisher);
        settle(&bed);
        hear_node(&bed, REQUESTED);
        assert_string_equal(kt_publisher_bench_request(bed.publisher), "");
        run(&bed);
        hear_node(&bed, REQUESTED);
        assert_string_equal(kt_publisher_bench_request(bed.publisher), "");
        hear_node(&bed, NODE("9", LABELLED, ""));
        hear_node(&bed, REQUESTED);
        assert_string_equal(kt_publisher_bench_request(bed.publisher), "again");
        bed_done(&bed);
}

static void test_bench_request__taken_back_leaves_the_next_one_alone(void **state)
{
        static const struct fake_answer answers[] = { { 0 } };
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_OK);
        hear_node(&bed, REQUESTED);
        hear_node(&bed, NODE("8", LABELLED, "")); /* while it was measured */
        kt_publisher_answer_bench(bed.publisher);
        hear_node(&bed, REQUESTED);
        assert_string_equal(kt_publisher_bench_request(bed.publisher), "again");
        bed_done(&bed);
}

/* Its NodeTuning goes with it: what is made for a Node that is not there would be garbage. */
static void test_hear_node__one_that_is_gone_is_sent_nothing(void **state)
{
        static const enum kt_follow_change changes[] = { KT_FOLLOW_DELETED, KT_FOLLOW_LISTING };
        static const struct fake_answer answers[] = { { 0 } };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(changes); i++) {
                struct bed bed;

                bed_start(&bed, answers, KT_STATE_OK);
                hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_LISTED, NULL);
                kt_events_done(&bed.node.events); /* "Tuned", which is another test's */
                hear_node(&bed, NODE("7", "", TAINTED));
                assert_int_equal(kt_publisher_wait_ms(bed.publisher, bed.api.now_ms), 0);
                hear(&bed, kt_publisher_hear_node, changes[i], NULL);
                assert_int_equal(kt_publisher_wait_ms(bed.publisher, bed.api.now_ms), -1);
                assert_false(kt_publisher_is_done(bed.publisher));
                bed_done(&bed);
        }
}

/* An object that was deleted while nobody listened has no status when it is made again. */
static void test_hear_tuning__a_new_list_without_it_sends_all_again(void **state)
{
        static const struct fake_answer answers[] = {
                { .expect = "PATCH /apis/k8skafka.io/v1/nodetunings/n1/status?", .status = 200, .body = "{}" },
                { .expect = "PATCH /apis/k8skafka.io/v1/nodetunings/n1?", .status = 201, .body = "{}" },
                { .expect = "PATCH /apis/k8skafka.io/v1/nodetunings/n1/status?", .status = 200, .body = "{}" },
                { 0 },
        };
        struct bed bed;

        (void)state;
        bed_start(&bed, answers, KT_STATE_OK);
        hear_node(&bed, NODE("7", LABELLED, ""));
        hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_PRESENT, "{\"metadata\":{}}");
        hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_LISTED, NULL);
        change(&bed);
        kt_events_done(&bed.node.events); /* "Tuned", which is another test's */
        settle(&bed);
        hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_LISTING, NULL);
        hear(&bed, kt_publisher_hear_tuning, KT_FOLLOW_LISTED, NULL);
        run(&bed);
        bed_done(&bed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_step__label_and_taint_when_ready),
                cmocka_unit_test(test_step__a_taint_that_is_refused_holds_up_no_label),
                cmocka_unit_test(test_step__not_ready_loses_the_label_and_keeps_the_taint),
                cmocka_unit_test(test_step__failures_are_tried_again_later),
                cmocka_unit_test(test_step__makes_the_object_then_its_status),
                cmocka_unit_test(test_hold__the_status_waits_and_all_else_does_not),
                cmocka_unit_test(test_compare__asks_for_a_sample),
                cmocka_unit_test(test_hear_tuning__a_restart_is_silent),
                cmocka_unit_test(test_change__an_event_for_each_turn),
                cmocka_unit_test(test_step__events_that_are_there_are_done),
                cmocka_unit_test(test_bench_request__is_heard_and_answered),
                cmocka_unit_test(test_bench_request__is_answered_until_it_is_gone),
                cmocka_unit_test(test_bench_request__taken_back_leaves_the_next_one_alone),
                cmocka_unit_test(test_hear_node__one_that_is_gone_is_sent_nothing),
                cmocka_unit_test(test_hear_tuning__a_new_list_without_it_sends_all_again),
        };

        return TEST_MAIN(tests);
}
