/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-diskbench: its options, a table, and the order of things: facts, judgement, the run, the report. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/app/exit.h"
#include "lib/app/opt.h"
#include "lib/app/report.h"
#include "lib/app/spec.h"
#include "lib/base/auto.h"
#include "lib/text/num.h"
#include "lib/text/time.h"
#include "tuner/bench/compare.h"
#include "tuner/bench/html.h"
#include "tuner/bench/plan.h"
#include "tuner/bench/report.h"
#include "tuner/bench/run.h"
#include "tuner/bench/targets.h"
#include "tuner/bench/verdict.h"

#define SPEC_PATH "/etc/k8skafka/kafka.yaml"

enum {
        SECONDS_LEAST = 10,
        SECONDS_MOST = 86400,
        PARTITIONS_MOST = 1000000,
};

enum output { OUTPUT_TEXT, OUTPUT_JSON };

struct args {
        const char *config; /* NULL: SPEC_PATH, if it is there */
        int output;
        bool verbose;
        const char *time;
        const char *bytes;
        const char *require;
        const char *partitions;
        const char *report;
        const char *compare;
        bool force;
        bool quiet;
        char **operands;
        size_t operand_count;
};

static const char *const outputs[] = { "text", "json", NULL };

static const struct kt_opt common[] = {
        {
                .name = "config",
                .short_name = 'c',
                .kind = KT_OPT_PATH,
                .offset = offsetof(struct args, config),
                .arg = "FILE",
                .help = "the workload, and the volumes when no PATH is given; the default may be missing",
                .preset = SPEC_PATH,
        },
        {
                .name = "output",
                .short_name = 'o',
                .kind = KT_OPT_CHOICE,
                .offset = offsetof(struct args, output),
                .choices = outputs,
                .help = "for people or for programs",
                .preset = "text",
        },
        {
                .name = "verbose",
                .short_name = 'v',
                .kind = KT_OPT_FLAG,
                .offset = offsetof(struct args, verbose),
                .help = "say more: which phases were left out, and why",
        },
        { 0 },
};

static const struct kt_opt opts[] = {
        {
                .name = "time",
                .kind = KT_OPT_TEXT,
                .offset = offsetof(struct args, time),
                .arg = "TIME",
                .help = "at most this long, as in 90s or 10m",
                .preset = "60s, and 30s more for each further path",
        },
        {
                .name = "bytes",
                .kind = KT_OPT_TEXT,
                .offset = offsetof(struct args, bytes),
                .arg = "SIZE",
                .help = "write at most so much to each volume",
                .preset = "10 % of what is free, 16Gi at most",
        },
        {
                .name = "require",
                .kind = KT_OPT_TEXT,
                .offset = offsetof(struct args, require),
                .arg = "SIZE",
                .help = "exit code 1 when a volume takes less a second while all are busy",
        },
        {
                .name = "partitions",
                .kind = KT_OPT_TEXT,
                .offset = offsetof(struct args, partitions),
                .arg = "N",
                .help = "write in blocks as writeback makes them of a broker with N partitions",
                .preset = "1 MiB blocks",
        },
        {
                .name = "report",
                .kind = KT_OPT_PATH,
                .offset = offsetof(struct args, report),
                .arg = "FILE.html",
                .help = "write a page with the rates over time, the fit and the latencies",
        },
        {
                .name = "compare",
                .kind = KT_OPT_PATH,
                .offset = offsetof(struct args, compare),
                .arg = "OLD.json",
                .help = "say what changed since that run (of -o json)",
        },
        {
                .name = "force",
                .kind = KT_OPT_FLAG,
                .offset = offsetof(struct args, force),
                .help = "measure memory, overlay, an almost full volume, or beside a live broker",
        },
        {
                .name = "quiet",
                .short_name = 'q',
                .kind = KT_OPT_FLAG,
                .offset = offsetof(struct args, quiet),
                .help = "no progress on stderr",
        },
        { 0 },
};

/* ---- Saying what went wrong ---- */

static int fail(const struct kt_err *e, int code)
{
        char buf[KT_ERR_TEXT_MAX];

        (void)fprintf(stderr, "kafka-diskbench: %s\n", kt_err_text(e, buf, sizeof(buf))); /* nowhere left to complain */
        return code;
}

static int complain(const struct kt_findings *findings, int code)
{
        KT_AUTO_STR struct kt_str out = { 0 };

        kt_report_findings(findings, kt_report_has_colour(stderr), &out);
        return kt_report_print(&out, stderr) < 0 ? KT_EXIT_FAILED : code;
}

/* ---- What is asked for ---- */

struct wishes {
        struct kt_run_options run;
        struct kt_verdict_inputs verdict;
        char *const *paths;
        size_t path_count;
};

static int parse_time(const struct args *args, struct wishes *wishes, struct kt_err *e)
{
        int64_t ms = 0;

        wishes->run.seconds = kt_disk_plan_usual_seconds(wishes->path_count);
        if (!args->time)
                return 0;
        if (kt_num_parse_duration(args->time, &ms) < 0 || ms < SECONDS_LEAST * 1000 ||
            ms > (int64_t)SECONDS_MOST * 1000)
                return kt_err_set(e, -EINVAL, "--time %s: a time from %ds to 24h, such as 90s", args->time,
                                  SECONDS_LEAST);
        wishes->run.seconds = (double)ms / 1000;
        return 0;
}

static int parse_size(const char *name, const char *text, uint64_t least, uint64_t *ret, struct kt_err *e)
{
        if (text && (kt_num_parse_size(text, ret) < 0 || *ret < least))
                return kt_err_set(e, -EINVAL, "--%s %s: a size, such as %s", name, text,
                                  strcmp(name, "bytes") == 0 ? "4Gi (16Mi at least)" : "60M");
        return 0;
}

static int parse(const struct args *args, const struct kt_spec *spec, struct wishes *wishes, struct kt_err *e)
{
        uint64_t required = 0;
        int r;

        wishes->paths = args->operand_count > 0 ? args->operands : spec->storage.volumes.items;
        wishes->path_count = args->operand_count > 0 ? args->operand_count : spec->storage.volumes.count;
        if (wishes->path_count == 0)
                return kt_err_set(e, -EINVAL, "no PATH: give the folders where the volumes are mounted");
        if (wishes->path_count > KT_DISK_VOLUMES_MAX)
                return kt_err_set(e, -EINVAL, "%zu paths: %d at most", wishes->path_count, KT_DISK_VOLUMES_MAX);
        if (args->partitions && kt_num_parse_u64_in(args->partitions, 1, PARTITIONS_MOST, &wishes->run.partitions) < 0)
                return kt_err_set(e, -EINVAL, "--partitions %s: a number from 1 to %d", args->partitions,
                                  PARTITIONS_MOST);

        r = parse_time(args, wishes, e);
        if (r == 0)
                r = parse_size("bytes", args->bytes, UINT64_C(16) << 20, &wishes->run.bytes, e);
        if (r == 0)
                r = parse_size("require", args->require, 1, &required, e);
        wishes->verdict.required = (double)required;
        wishes->verdict.buffer_seconds = (double)spec->workload.buffer_time_ms / 1000;
        if (spec->workload.is_given)
                wishes->verdict.broker_rate = wishes->run.write_rate = (double)spec->workload.write_rate_bytes;
        return r;
}

/* kafka.yaml, or all defaults when nobody named one and the usual one is not there. Returns 0 or the exit code. */
static int load_spec(const struct args *args, struct kt_spec *spec)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO_FD int fd = args->config ? -1 : open(SPEC_PATH, O_PATH | O_CLOEXEC);
        struct kt_err e = { 0 };
        int r;

        if (!args->config && fd < 0 && errno == ENOENT)
                r = kt_spec_default(spec);
        else
                r = kt_spec_load(args->config ? args->config : SPEC_PATH, spec, &findings, &e);
        if (r == 0)
                return 0;
        if (kt_findings_count(&findings, KT_LEVEL_ERROR) > 0)
                return complain(&findings, KT_EXIT_USAGE);
        return fail(&e, r == -ENOMEM ? KT_EXIT_FAILED : KT_EXIT_USAGE);
}

/* ---- Facts and refusals ---- */

/* Returns 0 or the exit code. */
static int look(const struct args *args, const struct wishes *wishes, const struct kt_root *root,
                const struct kt_mounts *mounts, struct kt_disk_result *result)
{
        KT_AUTO(kt_findings_done) struct kt_findings refusals = { 0 };
        struct kt_err e = { 0 };

        for (size_t v = 0; v < wishes->path_count; v++) {
                struct kt_disk_target *target = &result->volumes[v].target;
                int r = kt_target_read(root, mounts, wishes->paths[v], target, &result->notes, &e);

                if (r < 0)
                        return fail(&e, r == -ENOMEM ? KT_EXIT_FAILED : KT_EXIT_USAGE);
                result->volume_count++;
                kt_target_judge(target, args->force, args->force ? &result->notes : &refusals);
        }
        if (kt_findings_count(&refusals, KT_LEVEL_ERROR) > 0)
                return complain(&refusals, KT_EXIT_UNSUPPORTED);
        for (size_t i = 0; i < refusals.count; i++)
                kt_findings_add(&result->notes, &refusals.items[i], "%s", refusals.items[i].message);
        return 0;
}

static void introduce(const struct wishes *wishes, struct kt_disk_result *result)
{
        (void)snprintf(result->version, sizeof(result->version), "%s", KT_VERSION); /* fits */
        if (gethostname(result->host, sizeof(result->host) - 1) < 0)
                result->host[0] = '\0';
        result->budget_seconds = wishes->run.seconds;
        (void)kt_time_format(time(NULL), result->started); /* returns it */
}

/* ---- The report ---- */

static void add_left_out(const struct kt_disk_result *result, struct kt_str *out)
{
        for (size_t p = 0; p < KT_PHASE_COUNT_; p++) {
                const struct kt_disk_phase *phase = &result->volumes[0].phases[p];

                if (phase->end == KT_END_NOT_RUN)
                        kt_str_addf(out, "left out    %s: %s\n", kt_disk_phase_title((enum kt_disk_phase_id)p),
                                    phase->why);
        }
}

/* The report says it, too, but that may go into a file, or to a program. */
static void say_failures(const struct kt_disk_result *result)
{
        for (size_t v = 0; v < result->volume_count; v++)
                if (result->volumes[v].error != 0)
                        (void)fprintf(stderr, "kafka-diskbench: %s: %s\n", result->volumes[v].target.path,
                                      result->volumes[v].error_text); /* nowhere left to complain */
}

static int print(const struct args *args, const struct kt_disk_result *result, struct kt_json *old)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_err e = { 0 };
        int r;

        if (args->output == OUTPUT_JSON) {
                r = old ? kt_compare_json(result, old, &out) : kt_report_disk_json(result, &out);
        } else {
                r = kt_report_disk_text(result, kt_report_has_colour(stdout), &out);
                if (args->verbose)
                        add_left_out(result, &out);
                if (r == 0 && old)
                        r = kt_compare_text(result, old, &out);
        }
        if (r == 0)
                r = kt_report_print(&out, stdout);
        if (r < 0) {
                (void)kt_err_set(&e, r, "print the report"); /* r is known already */
                return fail(&e, KT_EXIT_FAILED);
        }
        if (args->report && kt_html_write(result, args->report, &e) < 0)
                return fail(&e, KT_EXIT_FAILED);
        return result->exit_code;
}

/* ---- All of it ---- */

static int measure(const struct args *args, const struct wishes *wishes, struct kt_json *old,
                   struct kt_disk_result *result)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };
        struct kt_progress progress;
        struct kt_err e = { 0 };
        int code;
        int r;

        if (kt_root_open(NULL, &root, &e) < 0 || kt_mounts_load(&root, NULL, &mounts, &e) < 0)
                return fail(&e, KT_EXIT_FAILED);
        introduce(wishes, result);
        code = look(args, wishes, &root, &mounts, result);
        if (code != 0)
                return code;

        kt_progress_init(&progress, args->quiet ? NULL : stderr, wishes->run.seconds);
        r = kt_run(&root, &wishes->run, &progress, result, &e);
        if (r < 0 && result->volumes[0].phases[KT_PHASE_WRITE].window_count == 0)
                return fail(&e, r == -EACCES || r == -EPERM || r == -EROFS ? KT_EXIT_UNSUPPORTED : KT_EXIT_FAILED);

        kt_verdict_make(&wishes->verdict, result);
        code = print(args, result, old);
        say_failures(result);
        return r < 0 ? fail(&e, KT_EXIT_FAILED) : code;
}

static int bench(void *opaque)
{
        const struct args *args = opaque;
        KT_AUTO(kt_spec_done) struct kt_spec spec = { 0 };
        struct kt_json *old = NULL;
        KT_AUTO_FREE struct kt_disk_result *result = calloc(1, sizeof(*result));
        struct wishes wishes = { 0 };
        struct kt_err e = { 0 };
        int code;

        if (!result) {
                (void)kt_err_set(&e, -ENOMEM, "start"); /* known already */
                return fail(&e, KT_EXIT_FAILED);
        }
        code = load_spec(args, &spec);
        if (code != 0)
                return code;
        if (parse(args, &spec, &wishes, &e) < 0)
                return fail(&e, KT_EXIT_USAGE);
        if (args->compare && kt_compare_load(args->compare, &old, &e) < 0)
                return fail(&e, KT_EXIT_USAGE);

        code = measure(args, &wishes, old, result);
        kt_json_free(old);
        kt_disk_result_done(result);
        return code;
}

static const struct kt_cmd cmds[] = {
        {
                .name = "",
                .operands = "PATH…",
                .help = "measure these volumes",
                .about = "Writes for as long as it takes to be sure, then reads, both at once, flushes,\n"
                         "and reads as a consumer that catches up. Several paths are measured together\n"
                         "and one by one: what they get together and not alone is the node's cap. A rate\n"
                         "is called sustained only with its proof; otherwise the exit code is 6.\n"
                         "\n"
                         "The files have no name, so nothing is left behind however it ends. What is\n"
                         "written counts against the volume's burst credits.",
                .opts = opts,
                .run = bench,
        },
        { 0 },
};

static const struct kt_program program = {
        .name = "kafka-diskbench",
        .summary = "what a volume sustains, how long it bursts, what the node allows",
        .version = KT_VERSION,
        .examples = "kafka-diskbench /var/lib/kafka/data-0\n"
                    "kafka-diskbench /mnt/a /mnt/b --report disks.html\n"
                    "kafka-diskbench /mnt/a --require 60M -o json >today.json\n"
                    "kafka-diskbench /mnt/a --compare today.json\n"
                    "kafka-diskbench /mnt/a --time 40m --bytes 200Gi",
        .common = common,
        .cmds = cmds,
};

static void set_operands(void *opaque, const struct kt_opt_result *result)
{
        struct args *args = opaque;

        args->operands = result->operands;
        args->operand_count = result->operand_count;
}

int main(int argc, char **argv)
{
        struct args args = { 0 };

        return kt_opt_main(&program, argc, argv, &args, set_operands);
}
