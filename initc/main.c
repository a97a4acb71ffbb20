/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-initc: init container and entrypoint of a Kafka broker. */
#include <stddef.h>

#include "initc/args.h"
#include "initc/handoff.h"
#include "lib/app/opt.h"

#define AT(member) offsetof(struct kt_args, member)

static const char *const outputs[] = { "text", "json", NULL };
static const char *const features[] = { "libyaml", "jansson", "libcap", "nettle", NULL };

static const struct kt_opt opts_common[] = {
        { "config", 'c', KT_OPT_PATH, AT(config), "FILE", NULL, "the specification", "/etc/k8skafka/kafka.yaml" },
        { "output", 'o', KT_OPT_CHOICE, AT(output), NULL, outputs, "how results are printed", "text" },
        { "sysroot", 0, KT_OPT_PATH, AT(sysroot), "DIR", NULL, "read /proc, /sys and volumes below DIR", "/" },
        { "verbose", 'v', KT_OPT_FLAG, AT(verbose), NULL, NULL, "print notes as well", NULL },
        { 0 },
};

#define OPT_POD                                                                                         \
        {                                                                                               \
                "pod", 0, KT_OPT_TEXT, AT(pod), "NAME", NULL, "name of the pod", "$POD_NAME, $HOSTNAME" \
        }
#define OPT_HANDOFF                                                                                       \
        {                                                                                                 \
                "handoff", 0, KT_OPT_PATH, AT(handoff), "DIR", NULL, "hand-off directory", KT_HANDOFF_DIR \
        }
#define OPT_DRY_RUN                                                                                                  \
        {                                                                                                            \
                "dry-run", 'n', KT_OPT_FLAG, AT(dry_run), NULL, NULL, "say what would be done, change nothing", NULL \
        }
#define OPT_VERSION                                                                                                  \
        {                                                                                                            \
                "kafka-version", 0, KT_OPT_TEXT, AT(kafka_version), "VERSION", NULL, "check for this Kafka instead", \
                        NULL                                                                                         \
        }
#define OPT_LOG                                                                                                    \
        {                                                                                                          \
                "termination-log", 0, KT_OPT_PATH, AT(termination_log), "FILE", NULL, "where the verdict is left", \
                        "/dev/termination-log"                                                                     \
        }

static const struct kt_opt opts_prepare[] = { OPT_DRY_RUN, OPT_HANDOFF, OPT_POD, OPT_LOG, { 0 } };
static const struct kt_opt opts_exec[] = { OPT_HANDOFF, OPT_POD, { 0 } };
static const struct kt_opt opts_config[] = { OPT_VERSION, OPT_POD, { 0 } };
static const struct kt_opt opts_pod[] = { OPT_POD, { 0 } };
static const struct kt_opt opts_format[] = { OPT_DRY_RUN, OPT_POD, { 0 } };
static const struct kt_opt opts_probe[] = {
        OPT_HANDOFF,
        { "listener", 0, KT_OPT_TEXT, AT(listener), "HOST:PORT", NULL, "numeric address to ask",
          "the first listener of the hand-off" },
        { 0 },
};
static const struct kt_opt opts_chown[] = {
        { "owner", 0, KT_OPT_TEXT, AT(owner), "UID:GID", NULL, "who gets everything", "1000:1000" },
        { "verify", 0, KT_OPT_FLAG, AT(verify), NULL, NULL, "only look, exit 1 when something is not theirs", NULL },
        { 0 },
};

static const struct kt_cmd commands[] = {
        { "prepare", NULL, "judge and prepare the volumes, leave the hand-off",
          "Reads the specification and everything on the volumes, and judges all of it\n"
          "before the first change: whose the volumes are, what is on them, whether the\n"
          "configuration is right for that version of Kafka, what the broker needs of the\n"
          "node. Then gives the log dirs to the broker's user, formats what is empty\n"
          "(KRaft), and writes server.properties and the hand-off. What is refused stays\n"
          "as it was. A second run finds nothing to change.\n"
          "\n"
          "Needs the capabilities CHOWN, DAC_OVERRIDE and FOWNER, and drops all others.",
          opts_prepare, kt_verb_prepare },
        { "exec", "[-- CMD...]", "check the hand-off, then become the broker",
          "Stands in the broker container's place, as the broker's user: compares the\n"
          "hand-off with the volumes that are really mounted, and the limits with the\n"
          "need; raises the soft limit of open files, sets the heap from the memory\n"
          "limit of this container, and runs CMD. Without CMD it starts the JVM with\n"
          "$KAFKA_HOME/libs (/opt/kafka).",
          opts_exec, kt_verb_exec },
        { "config", "render|check [FILE]|explain KEY|diff FROM TO", "print, check or explain properties",
          "render prints the properties that prepare would write. check reads a\n"
          "kafka.yaml, or any FILE.properties with --kafka-version, and reports unknown\n"
          "names, wrong values and rules between them. explain tells what every known\n"
          "release says of a property, diff what changed between two of them.",
          opts_config, kt_verb_config },
        { "volume", "[PATH...]", "judge the volumes, change nothing",
          "Judges the volumes of the specification, or each PATH instead of them.", opts_pod, kt_verb_volume },
        { "chown", "PATH...", "give folders to the broker's user, safely",
          "Gives everything below each PATH to the owner. Follows no link, leaves files\n"
          "with a second name, devices and other mounts alone, and says what it left.",
          opts_chown, kt_verb_chown },
        { "format", NULL, "only prepare the log dirs: make, give away, format", NULL, opts_format, kt_verb_format },
        { "probe", "ready|live", "ask the broker whether it answers, without a JVM",
          "ready: the listener answers ApiVersions within 0.9 s, and the broker (process 1\n"
          "of this container) has descriptors left. live: the same, but a port that is\n"
          "still closed is alive, too: a broker that recovers its logs opens it last.",
          opts_probe, kt_verb_probe },
        { "need", NULL, "what the broker needs of the node, term by term", NULL, opts_pod, kt_verb_need },
        { 0 },
};

static const struct kt_program program = {
        .name = "kafka-initc",
        .summary = "prepares volumes and configuration of a Kafka broker, and starts it",
        .version = KT_VERSION,
        .features = features,
        .examples = "kafka-initc prepare --dry-run\n"
                    "kafka-initc exec -- kafka-server-start.sh /run/k8skafka/server.properties\n"
                    "kafka-initc config check kafka.yaml\n"
                    "kafka-initc config check --kafka-version 4.3 server.properties\n"
                    "kafka-initc config diff 3.9 4.3",
        .common = opts_common,
        .cmds = commands,
};

static void set_operands(void *args, const struct kt_opt_result *result)
{
        struct kt_args *own = args;

        own->operands = result->operands;
        own->operand_count = result->operand_count;
}

int main(int argc, char **argv)
{
        struct kt_args args = {
                .config = "/etc/k8skafka/kafka.yaml",
                .handoff = KT_HANDOFF_DIR,
                .owner = "1000:1000",
        };

        return kt_opt_main(&program, argc, argv, &args, set_operands);
}
