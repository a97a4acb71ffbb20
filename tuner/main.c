/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-tuner: its verbs and options, a table. */
#include "lib/app/opt.h"
#include "tuner/verbs.h"

static const char *const outputs[] = { "text", "json", NULL };

static const struct kt_opt common[] = {
        {
                .name = "config",
                .short_name = 'c',
                .kind = KT_OPT_PATH,
                .offset = offsetof(struct kt_tuner_args, config),
                .arg = "FILE",
                .help = "the workload, and which tunables count; the default may be missing",
                .preset = KT_SPEC_PATH,
        },
        {
                .name = "output",
                .short_name = 'o',
                .kind = KT_OPT_CHOICE,
                .offset = offsetof(struct kt_tuner_args, output),
                .choices = outputs,
                .help = "for people or for programs",
                .preset = "text",
        },
        {
                .name = "sysroot",
                .kind = KT_OPT_PATH,
                .offset = offsetof(struct kt_tuner_args, sysroot),
                .arg = "DIR",
                .help = "look at the copy of another machine's /proc and /sys",
        },
        {
                .name = "verbose",
                .short_name = 'v',
                .kind = KT_OPT_FLAG,
                .offset = offsetof(struct kt_tuner_args, verbose),
                .help = "say more: reasons, risks, sources",
        },
        { 0 },
};

static const struct kt_opt check_opts[] = {
        {
                .name = "only",
                .kind = KT_OPT_TEXT,
                .offset = offsetof(struct kt_tuner_args, only),
                .arg = "ID,...",
                .help = "these tunables and no others, also such that are not in the profile",
        },
        {
                .name = "pid",
                .kind = KT_OPT_TEXT,
                .offset = offsetof(struct kt_tuner_args, pid),
                .arg = "N",
                .help = "the process whose limits count, for example a broker's JVM",
                .preset = "kafka-tuner itself",
        },
        { 0 },
};

static const struct kt_cmd cmds[] = {
        {
                .name = "check",
                .help = "compare the node with what the workload wants",
                .about = "Reads every tunable of the profile kafka, and those that kafka.yaml names\n"
                         "under tuning.tunables, and changes nothing.\n"
                         "\n"
                         "States: ok; drift: falls short; unsupported: this kernel has no such file;\n"
                         "denied: may not be read here; error: holds something that is no value.\n"
                         "The exit code is 1 when anything drifts; else 4 after an error; else 3 when\n"
                         "anything is denied or unsupported; else 0.\n"
                         "\n"
                         "The limits are those of the program that runs kafka-tuner, unless --pid names\n"
                         "another: a broker's limits are its own.",
                .opts = check_opts,
                .run = kt_tuner_check,
        },
        {
                .name = "list",
                .help = "show all tunables, what is wanted of them and on what evidence",
                .about = "The wanted values are those for the workload in kafka.yaml.",
                .run = kt_tuner_list,
        },
        { 0 },
};

static const struct kt_program program = {
        .name = "kafka-tuner",
        .summary = "what a node has to be like for Apache Kafka brokers",
        .version = KT_VERSION,
        .examples = "kafka-tuner check\n"
                    "kafka-tuner check --pid \"$(pgrep -f kafka.Kafka)\" -o json\n"
                    "kafka-tuner check --only vm.max_map_count,net.ipv4.tcp_rmem\n"
                    "kafka-tuner list -v",
        .common = common,
        .cmds = cmds,
};

int main(int argc, char **argv)
{
        struct kt_tuner_args args = { 0 };

        return kt_opt_main(&program, argc, argv, &args, NULL);
}
