/* SPDX-License-Identifier: Apache-2.0 */
/* fleet [--nodes N] [--hours H] [--seed N]: a cluster's life in some minutes. Prints what its API server had to bear, by
 * phase, and ends with 1 when a promise of docs/fleet.md is broken. */
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/base/attr.h"
#include "lib/text/num.h"
#include "tests/fleet/clock.h"
#include "tests/fleet/nodes.h"
#include "tests/fleet/server.h"

enum {
        SECOND = 1000,
        MINUTE = 60 * SECOND,
        HOUR = 60 * MINUTE,
        DAY = 24 * HOUR,
        WATCHES = 3,                 /* of an agent: Node, NodeTuning, pods of one namespace */
        HEARTBEAT_MS = 5 * MINUTE,   /* kubelet, nodeStatusReportFrequency */
        STARTS_MS = 50,              /* between pods of a DaemonSet: kube-controller-manager, --kube-api-qps 20 */
        UPDATES_MS = 100,            /* between agents of a rolling update */
        REPLACES_MS = 2 * SECOND,    /* between nodes that are replaced */
        BOOTS_MS = 90 * SECOND,      /* until the new one joins */
        JOINED_MS = 5 * SECOND,      /* until its agent starts */
        RESCHEDULES_MS = 1 * SECOND, /* between brokers that move */
        POWER_MS = 10 * SECOND,      /* in which all agents start when the power is back */
        OUTAGE_MS = 10 * MINUTE,
        CRASH_MS = 5 * SECOND,
        HANDOVER_MS = 200,
};

static struct {
        unsigned nodes;
        int64_t steady_ms;
        uint64_t pods;
        bool is_broken; /* a promise */
} fleet = { .nodes = 5000, .steady_ms = 3 * HOUR };

/* ---- What happens all the time ---- */

static void on_heartbeat(void *context, uint64_t slot)
{
        server_touch_node((unsigned)slot);
        clock_at(clock_now() + HEARTBEAT_MS, on_heartbeat, context, slot);
}

static void on_drift(void *context, uint64_t slot)
{
        nodes_drift((unsigned)slot);
        clock_at(clock_now() + clock_between(DAY / 2, DAY + DAY / 2), on_drift, context, slot);
}

static void on_new_pod(void *context, uint64_t slot)
{
        (void)context;
        server_set_pod((unsigned)slot, ++fleet.pods);
}

static void begin_life(void)
{
        for (unsigned slot = 0; slot < fleet.nodes; slot++) {
                server_add_node(slot, nodes_name(slot));
                on_new_pod(NULL, slot);
                clock_at(clock_between(0, HEARTBEAT_MS), on_heartbeat, NULL, slot);
                clock_at(clock_between(HOUR / 2, DAY), on_drift, NULL, slot);
        }
}

/* ---- What happens in a phase ---- */

static void on_start(void *context, uint64_t slot)
{
        (void)context;
        nodes_start_agent((unsigned)slot);
}

static void on_restart(void *context, uint64_t slot)
{
        nodes_stop_agent((unsigned)slot);
        clock_at(clock_now() + SECOND, on_start, context, slot);
}

static void on_join(void *context, uint64_t slot)
{
        (void)context;
        server_add_node((unsigned)slot, nodes_name((unsigned)slot));
}

static void on_touch(void *context, uint64_t slot)
{
        (void)context;
        server_touch_node((unsigned)slot);
}

/* A Node that has just joined is changed often: kubelet, cloud provider, network. */
static void on_leave(void *context, uint64_t slot)
{
        const int64_t joins_ms = clock_now() + BOOTS_MS;

        server_set_pod((unsigned)slot, 0);
        nodes_stop_agent((unsigned)slot);
        server_remove_node((unsigned)slot);
        nodes_replace((unsigned)slot);
        clock_at(joins_ms, on_join, context, slot);
        clock_at(joins_ms + JOINED_MS, on_start, context, slot);
        for (int i = 1; i <= 20; i++)
                clock_at(joins_ms + i * SECOND, on_touch, context, slot);
        clock_at(joins_ms + 30 * SECOND, on_new_pod, context, slot);
}

static void on_configure(void *context, uint64_t slot)
{
        (void)context;
        nodes_configure((unsigned)slot);
}

static void for_each(int64_t apart_ms, void (*act)(void *context, uint64_t slot))
{
        for (unsigned slot = 0; slot < fleet.nodes; slot++)
                clock_at(clock_now() + apart_ms * slot, act, NULL, slot);
}

static void on_return(void *context, uint64_t value)
{
        (void)context;
        (void)value;
        server_return();
}

static void fail_for(int64_t for_ms, bool in_good_order)
{
        server_fail(in_good_order);
        clock_at(clock_now() + for_ms, on_return, NULL, 0);
}

static void roll_out(void)
{
        for_each(STARTS_MS, on_start);
}

static void nothing(void)
{
}

static void hand_over(void)
{
        fail_for(HANDOVER_MS, true);
}

static void crash(void)
{
        fail_for(CRASH_MS, false);
}

static void fall_out(void)
{
        fail_for(OUTAGE_MS, false);
}

static void replace_nodes(void)
{
        for_each(REPLACES_MS, on_leave);
}

static void reschedule(void)
{
        for_each(RESCHEDULES_MS, on_new_pod);
}

static void update(void)
{
        for_each(UPDATES_MS, on_restart);
}

/* Kubelets find a new ConfigMap within about a minute (kubelet, syncFrequency). */
static void configure(void)
{
        for (unsigned slot = 0; slot < fleet.nodes; slot++)
                clock_at(clock_now() + clock_between(0, MINUTE), on_configure, NULL, slot);
}

static void power_back(void)
{
        for (unsigned slot = 0; slot < fleet.nodes; slot++) {
                nodes_stop_agent(slot);
                clock_at(clock_now() + clock_between(0, POWER_MS), on_start, NULL, slot);
        }
}

/* ---- Phases ---- */

enum judgement { STEADY, HERD, SPREAD, COST };

static const struct phase {
        const char *name;
        void (*begin)(void);
        int64_t for_ms;      /* -1: as long as options say */
        int64_t for_node_ms; /* added for each node */
        enum judgement judgement;
        double cost;     /* at most so many requests of each node, without those that reopen a watch whose time is up */
        int64_t away_ms; /* the API server, at the beginning */
} phases[] = {
        { "the agent is rolled out, 20 pods a second", roll_out, 3 * MINUTE, STARTS_MS, COST, 20, 0 },
        { "steady state", nothing, -1, 0, STEADY, 0, 0 },
        { "API server hands over (streams end in order)", hand_over, 5 * MINUTE, 0, HERD, 0, HANDOVER_MS },
        { "API server crashes, is back in 5 s", crash, 5 * MINUTE, 0, HERD, 0, CRASH_MS },
        { "API server is away for 10 min", fall_out, OUTAGE_MS + 5 * MINUTE, 0, HERD, 0, OUTAGE_MS },
        { "two hours after that", nothing, 2 * HOUR, 0, SPREAD, 0, 0 },
        { "nodes are replaced, one each 2 s", replace_nodes, 5 * MINUTE, REPLACES_MS, COST, 21, 0 },
        { "brokers are rescheduled, one each second", reschedule, 3 * MINUTE, RESCHEDULES_MS, COST, 4, 0 },
        { "the agent is updated, 10 pods a second", update, 3 * MINUTE, UPDATES_MS, COST, 8, 0 },
        { "another kafka.yaml, everywhere in a minute", configure, 5 * MINUTE, 0, COST, 4, 0 },
        { "all agents start within 10 s", power_back, 5 * MINUTE, 0, COST, 12, 0 },
};

struct result {
        int64_t from_s;
        int64_t to_s;
        struct server_stats stats; /* of the phase alone */
        uint64_t requests;
        uint32_t most;         /* in a second */
        uint32_t most_watches; /* in a second */
};

static struct server_stats minus(struct server_stats left, const struct server_stats *right)
{
        for (size_t i = 0; i < SERVER_KIND_COUNT; i++)
                left.kinds[i] -= right->kinds[i];
        left.expired -= right->expired;
        left.connections -= right->connections;
        left.told -= right->told;
        left.bookmarks -= right->bookmarks;
        left.too_many -= right->too_many;
        left.gone -= right->gone;
        left.conflicts -= right->conflicts;
        left.duplicates -= right->duplicates;
        left.created -= right->created;
        left.refused -= right->refused;
        return left;
}

static struct result measure(int64_t from_ms, const struct server_stats *before)
{
        struct result result = { .from_s = from_ms / SECOND, .to_s = clock_now() / SECOND };

        result.stats = minus(server_stats(), before);
        for (size_t i = 0; i < SERVER_KIND_COUNT; i++)
                result.requests += result.stats.kinds[i];
        for (int64_t second = result.from_s; second < result.to_s; second++) {
                if (server_second(second) > result.most)
                        result.most = server_second(second);
                if (server_second_watches(second) > result.most_watches)
                        result.most_watches = server_second_watches(second);
        }
        return result;
}

/* ---- What it comes to ---- */

static double per_node(uint64_t number)
{
        return (double)number / fleet.nodes;
}

static double per_node_minute(const struct result *result)
{
        return per_node(result->requests) * 60 / (double)(result->to_s - result->from_s);
}

/* What the phase has caused: a watch whose time is up is opened again whatever happens. */
static double cost(const struct result *result)
{
        return per_node(result->requests - result->stats.expired);
}

static void show_head(void)
{
        printf("%u nodes, an agent and a broker on each. Requests of each node in the phase; 'again' are watches whose "
               "time was up.\n\n"
               "%-45s %6s %6s %6s %6s %6s %6s %6s %6s %9s | %9s %6s %9s\n",
               fleet.nodes, "phase", "list", "watch", "again", "Node", "tuning", "status", "Event", "all", "a minute",
               "most, 1 s", "429", "conflicts");
}

static void show(const struct phase *phase, const struct result *result)
{
        static const enum server_kind writes[] = { SERVER_NODE, SERVER_TUNING, SERVER_STATUS, SERVER_EVENT };
        const struct server_stats *stats = &result->stats;
        const uint64_t opened = stats->kinds[SERVER_WATCH];
        /* One whose time was up at the very end is opened in the next phase. */
        const uint64_t caused = opened > stats->expired ? opened - stats->expired : 0;

        printf("%-45s %6.2f %6.2f %6.2f", phase->name, per_node(stats->kinds[SERVER_LIST]), per_node(caused),
               per_node(stats->expired));
        for (size_t i = 0; i < KT_COUNT(writes); i++)
                printf(" %6.2f", per_node(stats->kinds[writes[i]]));
        printf(" %6.2f %9.3f | %9u %6llu %9llu\n", per_node(result->requests), per_node_minute(result), result->most,
               (unsigned long long)stats->too_many, (unsigned long long)stats->conflicts);
        (void)fflush(stdout); /* it takes long, and somebody looks */
}

/* Requests a second behind an outage, from its end. */
static void show_curve(const struct phase *phase, const struct result *result)
{
        static const int64_t marks[] = { 0, 1, 2, 5, 10, 20, 30, 45, 60, 90, 120 };
        const int64_t end_s = result->from_s + phase->away_ms / SECOND;

        printf("    seconds after its end: requests a second (the most in one)\n    ");
        for (size_t i = 0; i + 1 < KT_COUNT(marks); i++) {
                uint64_t sum = 0;
                uint32_t most = 0;

                for (int64_t second = end_s + marks[i]; second < end_s + marks[i + 1]; second++) {
                        sum += server_second(second);
                        most = server_second(second) > most ? server_second(second) : most;
                }
                printf(" %lld-%lld: %.0f (%u)", (long long)marks[i], (long long)marks[i + 1],
                       (double)sum / (double)(marks[i + 1] - marks[i]), most);
        }
        printf("\n    connections opened %llu, tries while it was away %llu, watches answered 410 %llu\n",
               (unsigned long long)result->stats.connections, (unsigned long long)result->stats.refused,
               (unsigned long long)result->stats.gone);
}

/* ---- Promises ---- */

/* What chance adds to a mean of so many in one second, among tens of thousands of seconds. */
static double with_chance(double mean)
{
        return mean + 5 * sqrt(mean) + 3;
}

static void promise(const char *what, double have, double most)
{
        const bool holds = have <= most;

        printf("    %s: %s: %.2f, at most %.2f\n", holds ? "ok" : "BROKEN", what, have, most);
        fleet.is_broken |= !holds;
}

static void judge_settled(void)
{
        const char *why = NULL;
        unsigned count = 0;

        for (unsigned slot = 0; slot < fleet.nodes; slot++) {
                if (nodes_is_settled(slot, &why))
                        continue;
                if (count++ == 0)
                        printf("    %s: %s\n", nodes_name(slot), why);
        }
        promise("nodes whose state the API server does not hold", count, 0);
}

/* After an outage: pods come back within 20 s and the rest within 60 s, each with a watch that is answered 410, a list
 * and a watch: N * 3 * (1 / 20 + 2 / 60). Watches last 30 to 60 minutes: all of them in half an hour at the worst. */
static void judge(const struct phase *phase, const struct result *result)
{
        const double herd = with_chance(fleet.nodes * 0.25 * 1.2);
        const double spread = with_chance((double)fleet.nodes * WATCHES / 1800);

        judge_settled();
        switch (phase->judgement) {
        case STEADY:
                promise("requests a minute and node", per_node_minute(result), 0.2);
                promise("watches that are opened in one second", result->most_watches, spread);
                return;
        case HERD:
                show_curve(phase, result);
                promise("requests in one second", result->most, herd);
                promise("requests that were too many", (double)result->stats.too_many, 0);
                return;
        case SPREAD:
                promise("watches that are opened in one second", result->most_watches, spread);
                return;
        case COST:
                promise("requests of each node", cost(result), phase->cost);
                return;
        }
        KT_UNREACHABLE();
}

static void run(const struct phase *phase)
{
        const struct server_stats before = server_stats();
        const int64_t from_ms = clock_now();
        const int64_t for_ms = phase->for_ms < 0 ? fleet.steady_ms : phase->for_ms;
        struct result result;

        phase->begin();
        clock_run(from_ms + for_ms + phase->for_node_ms * fleet.nodes);
        result = measure(from_ms, &before);
        show(phase, &result);
        judge(phase, &result);
}

static void show_end(void)
{
        const struct server_stats stats = server_stats();
        const double node_minutes = (double)fleet.nodes * (double)clock_now() / MINUTE;

        printf("\n%.1f hours. Told by watches, a minute and node: %.2f changes, %.2f bookmarks. %llu Events, %llu of them "
               "sent twice. Asked for what there is not: %llu. Log lines a day and node: %.1f\n",
               (double)clock_now() / HOUR, (double)stats.told / node_minutes, (double)stats.bookmarks / node_minutes,
               (unsigned long long)stats.created, (unsigned long long)stats.duplicates,
               (unsigned long long)stats.kinds[SERVER_OTHER], (double)nodes_logged() / node_minutes * 24 * 60);
        promise("requests for what there is not", (double)stats.kinds[SERVER_OTHER], 0);
        promise("Events that were sent twice", (double)stats.duplicates, 0);
}

/* ---- The program ---- */

static int read_options(int argc, char **argv)
{
        static const struct option options[] = {
                { "nodes", required_argument, NULL, 'n' },
                { "hours", required_argument, NULL, 'h' },
                { "seed", required_argument, NULL, 's' },
                { 0 },
        };
        uint64_t number = 0;
        int option;

        while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
                if (option == '?' || kt_num_parse_u64(optarg, &number) < 0 || number == 0 || number > 60000)
                        return -1;
                if (option == 'n')
                        fleet.nodes = (unsigned)number;
                else if (option == 'h')
                        fleet.steady_ms = (int64_t)number * HOUR;
                else
                        clock_seed(number);
        }
        return optind == argc ? 0 : -1;
}

/* Each agent has an epoll descriptor. */
static bool raise_files(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return false;
        limit.rlim_cur = limit.rlim_max;
        return setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > fleet.nodes + 16;
}

int main(int argc, char **argv)
{
        if (read_options(argc, argv) < 0) {
                (void)fprintf(stderr, "Usage: fleet [--nodes N] [--hours H] [--seed N]\n");
                return 2;
        }
        if (!raise_files()) {
                (void)fprintf(stderr, "fleet: %u descriptors are needed (ulimit -Hn)\n", fleet.nodes + 16);
                return 2;
        }
        server_start(fleet.nodes);
        nodes_start(fleet.nodes);
        begin_life();
        show_head();
        for (size_t i = 0; i < KT_COUNT(phases); i++)
                run(&phases[i]);
        show_end();
        nodes_stop();
        server_stop();
        return fleet.is_broken ? 1 : 0;
}
