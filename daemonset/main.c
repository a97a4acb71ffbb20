/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-tunerd: its options, a table, and what it gives up before it starts. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>

#include "daemonset/log.h"
#include "daemonset/loop.h"
#include "daemonset/state.h"
#include "lib/app/exit.h"
#include "lib/app/opt.h"
#include "lib/os/caps.h"
#include "lib/os/sandbox.h"
#include "tuner/tuner.h"

#define AGENT(member) (offsetof(struct kt_loop_options, agent) + offsetof(struct kt_agent_options, member))

static const char *const outputs[] = { "text", "json", NULL };

static const struct kt_opt opts[] = {
        {
                .name = "node",
                .kind = KT_OPT_TEXT,
                .offset = AGENT(node),
                .arg = "NAME",
                .help = "this node's name in Kubernetes; required",
        },
        {
                .name = "once",
                .kind = KT_OPT_FLAG,
                .offset = offsetof(struct kt_loop_options, once),
                .help = "one real round, which writes; then a report and the end",
        },
        {
                .name = "metrics",
                .kind = KT_OPT_TEXT,
                .offset = offsetof(struct kt_loop_options, metrics),
                .arg = "ADDRESS",
                .help = "serve /metrics, /healthz and /readyz at ADDRESS:PORT",
        },
        {
                .name = "config",
                .short_name = 'c',
                .kind = KT_OPT_PATH,
                .offset = AGENT(config),
                .arg = "FILE",
                .help = "the workload and the tunables; read again when it changes",
                .preset = "/etc/k8skafka/kafka.yaml",
        },
        {
                .name = "output",
                .short_name = 'o',
                .kind = KT_OPT_CHOICE,
                .offset = offsetof(struct kt_loop_options, output),
                .choices = outputs,
                .help = "the report of --once, for people or for programs",
                .preset = "text",
        },
        {
                .name = "journal",
                .kind = KT_OPT_PATH,
                .offset = AGENT(journal),
                .arg = "FILE",
                .help = "where old values are kept; kafka-tuner revert reads the same",
                .preset = "/var/lib/k8skafka/journal",
        },
        {
                .name = "api",
                .kind = KT_OPT_TEXT,
                .offset = AGENT(api),
                .arg = "URL",
                .help = "the API server; without one, and outside of a pod, nobody is told",
                .preset = "the pod's",
        },
        {
                .name = "token",
                .kind = KT_OPT_PATH,
                .offset = AGENT(token),
                .arg = "FILE",
                .help = "the service account's token; read again when it changes",
                .preset = "the pod's",
        },
        {
                .name = "ca",
                .kind = KT_OPT_PATH,
                .offset = AGENT(ca),
                .arg = "FILE",
                .help = "the certificates of the API server's authority",
                .preset = "the pod's",
        },
        {
                .name = "namespaces",
                .kind = KT_OPT_TEXT,
                .offset = AGENT(namespaces),
                .arg = "NAME,...",
                .help = "where pods may be brokers; pods elsewhere are never touched",
                .preset = "kafka",
        },
        {
                .name = "selector",
                .kind = KT_OPT_TEXT,
                .offset = AGENT(selector),
                .arg = "LABEL=VALUE,...",
                .help = "the labels that a broker's pod has",
                .preset = "app.kubernetes.io/name=kafka",
        },
        {
                .name = "container",
                .kind = KT_OPT_TEXT,
                .offset = AGENT(container),
                .arg = "NAME",
                .help = "the container of such a pod whose limits are raised",
                .preset = "kafka",
        },
        {
                .name = "kubelet-dir",
                .kind = KT_OPT_PATH,
                .offset = AGENT(kubelet_dir),
                .arg = "DIR",
                .help = "where the kubelet mounts volumes",
                .preset = "/var/lib/kubelet",
        },
        {
                .name = "disks",
                .kind = KT_OPT_TEXT,
                .offset = AGENT(disks),
                .arg = "PATH,...",
                .help = "what the annotation k8skafka.io/diskbench lets be measured",
        },
        {
                .name = "diskbench",
                .kind = KT_OPT_PATH,
                .offset = AGENT(diskbench),
                .arg = "FILE",
                .help = "the program that measures",
                .preset = "/usr/local/bin/kafka-diskbench",
        },
        { 0 },
};

/* What is kept of the capabilities, and why. docs/agent-security.md says it to people. All else that root is needed
 * for is its user id, which owns /proc/sys, /sys and the journal. */
static const int kept[] = {
        CAP_SYS_RESOURCE, /* prlimit(2) on a broker's process, above its hard limit */
};

static int drop(struct kt_err *e)
{
        const struct sigaction ignore = { .sa_handler = SIG_IGN };
        int r;

        if (sigaction(SIGPIPE, &ignore, NULL) < 0)
                return kt_err_set(e, -errno, "ignore SIGPIPE");
        r = kt_caps_keep(kept, KT_COUNT(kept), e);
        return r < 0 ? r : kt_sandbox_no_new_privs(e);
}

static int fail(const struct kt_err *e)
{
        char buf[KT_ERR_TEXT_MAX];

        kt_log(KT_LEVEL_ERROR, "%s", kt_err_text(e, buf, sizeof(buf)));
        return e->code == -EINVAL ? KT_EXIT_USAGE : KT_EXIT_FAILED;
}

/* Before anything is read or written. */
static int check_node(const char *node, struct kt_err *e)
{
        if (!node || node[0] == '\0')
                return kt_err_set(e, -EINVAL, "--node has to name this node, as Kubernetes does");
        if (!kt_node_is_name(node))
                return kt_err_set(e, -EINVAL,
                                  "--node: '%.64s' is no name of a Kubernetes node: a-z, 0-9, '-' and '.', a letter or "
                                  "digit at both ends of each part, at most %d characters",
                                  node, KT_NODE_NAME_MAX - 1);
        return 0;
}

static int run(void *opaque)
{
        const struct kt_loop_options *options = opaque;
        struct kt_err e = { 0 };
        int r;

        r = check_node(options->agent.node, &e);
        if (r == 0)
                r = drop(&e);
        if (r == 0)
                r = kt_loop_run(options, &e);
        return r < 0 ? fail(&e) : r;
}

static const struct kt_cmd cmds[] = {
        {
                .name = "",
                .help = "keep this node as Kafka brokers need it, and say so in Kubernetes",
                .about = "Reads kafka.yaml, judges the node's settings each second, puts back what drifts,\n"
                         "and leaves alone what somebody else keeps setting otherwise: that is a conflict\n"
                         "with a name. Raises the limits of open files of broker processes, tunes the\n"
                         "disks behind their volumes, and publishes a NodeTuning object, Events, the\n"
                         "label k8skafka.io/tuned and metrics. The end of the program takes nothing\n"
                         "back: kafka-tuner revert does.\n"
                         "\n"
                         "--once is one such round: it writes what drifts, to this machine; kafka-tuner\n"
                         "check only looks. Its exit code is 0 when all that is required holds and the\n"
                         "API server has it, 1 when something required does not hold, 2 when kafka.yaml\n"
                         "or an option cannot be used, 4 when the API server did not take all within ten\n"
                         "seconds.",
                .opts = opts,
                .run = run,
        },
        { 0 },
};

static const struct kt_program program = {
        .name = "kafka-tunerd",
        .summary = "keeps a Kubernetes node tuned for Apache Kafka",
        .version = KT_VERSION,
        .examples = "kafka-tunerd --node \"$NODE_NAME\" --metrics :9644\n"
                    "kafka-tunerd --node \"$(hostname)\" --once -c kafka.yaml",
        .cmds = cmds,
};

int main(int argc, char **argv)
{
        struct kt_loop_options options = { .version = KT_VERSION };

        return kt_opt_main(&program, argc, argv, &options, NULL);
}
