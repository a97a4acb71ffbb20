/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-tuner: its verbs and options, a table. */
#include "lib/app/opt.h"
#include "tuner/journal.h"
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

/* What several verbs take. */
#define OPT_ONLY                                                                                                      \
        {                                                                                                             \
                .name = "only", .kind = KT_OPT_TEXT, .offset = offsetof(struct kt_tuner_args, only), .arg = "ID,...", \
                .help = "these tunables and no others, also such that are not in the profile",                        \
        }
#define OPT_PID(text, otherwise)                                                                               \
        {                                                                                                      \
                .name = "pid", .kind = KT_OPT_TEXT, .offset = offsetof(struct kt_tuner_args, pid), .arg = "N", \
                .help = (text), .preset = (otherwise),                                                         \
        }
#define OPT_PID_TO_WRITE OPT_PID("the process whose limits are meant; without it they are left out", NULL)
#define OPT_DEVICE                                                                                              \
        {                                                                                                       \
                .name = "device", .kind = KT_OPT_PATH, .offset = offsetof(struct kt_tuner_args, device),        \
                .arg = "PATH", .help = "the disks behind a volume or a device count, with all rows about them", \
                .preset = "storage.volumes mounted here",                                                       \
        }
#define OPT_JOURNAL                                                                                        \
        {                                                                                                  \
                .name = "journal", .kind = KT_OPT_PATH, .offset = offsetof(struct kt_tuner_args, journal), \
                .arg = "FILE", .help = "where old values are kept", .preset = KT_JOURNAL_PATH,             \
        }

static const struct kt_opt check_opts[] = {
        OPT_ONLY,
        OPT_PID("the process whose limits count, for example a broker's JVM", "brokers and runtimes found"),
        OPT_DEVICE,
        { 0 },
};

static const struct kt_opt plan_opts[] = {
        OPT_ONLY,
        OPT_PID_TO_WRITE,
        OPT_DEVICE,
        {
                .name = "script",
                .kind = KT_OPT_FLAG,
                .offset = offsetof(struct kt_tuner_args, script),
                .help = "print a shell script that does it without kafka-tuner",
        },
        { 0 },
};

static const struct kt_opt apply_opts[] = {
        OPT_ONLY,
        OPT_PID_TO_WRITE,
        OPT_DEVICE,
        OPT_JOURNAL,
        {
                .name = "prove",
                .kind = KT_OPT_TEXT,
                .offset = offsetof(struct kt_tuner_args, prove),
                .arg = "ID",
                .help = "measure with the old and the new value in turn; keep what is not worse",
        },
        { 0 },
};
static const struct kt_opt revert_opts[] = { OPT_ONLY, OPT_JOURNAL, { 0 } };

static const struct kt_opt doctor_opts[] = {
        OPT_ONLY,
        OPT_PID("the process whose limits are asked about", "kafka-tuner itself"),
        OPT_DEVICE,
        { 0 },
};
static const struct kt_opt snapshot_opts[] = {
        OPT_PID("one more process whose limits are kept", NULL),
        { 0 },
};
static const struct kt_opt size_opts[] = {
        {
                .name = "node-cap",
                .kind = KT_OPT_TEXT,
                .offset = offsetof(struct kt_tuner_args, node_cap),
                .arg = "SIZE",
                .help = "what all volumes of the node take together in a second, as measured",
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
                         "The limits are those of the brokers on this machine, of those about to start,\n"
                         "and of the container runtime, whose limits pods inherit; where none is found,\n"
                         "those of kafka-tuner itself. --pid names one process instead.",
                .opts = check_opts,
                .run = kt_tuner_check,
        },
        {
                .name = "plan",
                .help = "show what apply would write, and write nothing",
                .about = "Judges as check does and lists the writes in their order. With --script they\n"
                         "come as a script for sh(1), which compares before and after each write and\n"
                         "leaves alone what has changed since it was printed.\n"
                         "\n"
                         "The exit code is that of check: 1 when there is anything to write.",
                .opts = plan_opts,
                .run = kt_tuner_plan,
        },
        {
                .name = "apply",
                .help = "write what falls short, after its old value is in the journal",
                .about = "Each value is read, judged, written down in the journal, written once, read\n"
                         "back and compared. A value that is better than the wanted one stays; so does\n"
                         "one that policy: check names. Another apply or revert is waited for, ten\n"
                         "seconds at most. All capabilities are dropped before the first write, but for\n"
                         "CAP_SYS_RESOURCE when limits of a process are to be raised.\n"
                         "\n"
                         "States besides those of check: applied: written and read back; conflict:\n"
                         "somebody changed it meanwhile. The exit code is 5 when something was applied\n"
                         "and something else was not, otherwise that of check.\n"
                         "\n"
                         "With --prove one tunable of a volume's disks is written and measured, old and\n"
                         "new value in turn, ten times. It is kept when it is better or no difference was\n"
                         "measured; otherwise the old value is back, with exit code 1 when it was worse\n"
                         "and 6 when the volume was too restless to tell. What no short measurement can\n"
                         "show is refused with exit code 3, and so is a proof on a volume on which a\n"
                         "broker holds the lock of a log dir.",
                .opts = apply_opts,
                .run = kt_tuner_apply,
        },
        {
                .name = "revert",
                .help = "take back what the journal says",
                .about = "Newest change first. A value that is no longer the one apply left belongs to\n"
                         "somebody else: that is a conflict, and it stays. After a restart of the machine\n"
                         "there is nothing to take back, for the kernel has forgotten it. Killed at any\n"
                         "point, the next revert goes on.",
                .opts = revert_opts,
                .run = kt_tuner_revert,
        },
        {
                .name = "doctor",
                .help = "say what can be set here, if not why, and who else sets it",
                .about = "Writes nothing. The exit code is 1 when somebody else sets another value, else 3\n"
                         "when something cannot be set from here, else 0.",
                .opts = doctor_opts,
                .run = kt_tuner_doctor,
        },
        {
                .name = "snapshot",
                .operands = "[FILE]",
                .help = "put what the verbs read into a small archive without secrets",
                .about = "Unpacked it serves as --sysroot for every verb that writes nothing. The default\n"
                         "is kafka-tuner-snapshot.tar in the current folder.",
                .opts = snapshot_opts,
                .run = kt_tuner_snapshot,
        },
        {
                .name = "size",
                .help = "how much of a node a broker of that workload needs, with the arithmetic",
                .opts = size_opts,
                .run = kt_tuner_size,
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
                    "kafka-tuner plan --script >tune.sh\n"
                    "kafka-tuner apply\n"
                    "kafka-tuner apply --pid \"$(pgrep -f kafka.Kafka)\" --only process.nofile\n"
                    "kafka-tuner apply --device /var/lib/kafka/data-0 --prove queue.read_ahead_kb\n"
                    "kafka-tuner revert --only vm.max_map_count\n"
                    "kafka-tuner list -v",
        .common = common,
        .cmds = cmds,
};

static void set_operands(void *args, const struct kt_opt_result *result)
{
        struct kt_tuner_args *own = args;

        own->operands = result->operands;
}

int main(int argc, char **argv)
{
        struct kt_tuner_args args = { .version = KT_VERSION };

        return kt_opt_main(&program, argc, argv, &args, set_operands);
}
