/* SPDX-License-Identifier: Apache-2.0 */
/* `kafka-initc exec`: the broker container's entrypoint, from the hand-off to execve(2).
 *
 * Runs as the broker's user without any capability. The hand-off was written by prepare, but the directory may be
 * writable for the broker's user and the environment is the pod's: nothing in them can gain us anything we do not
 * have, so what is checked here protects against mistakes (a swapped volume, a stale hand-off), and privilege is
 * given up, never used.
 *
 * Order: look, wait for limits where kafka.yaml says so, judge, raise the soft limit, no_new_privs, execve. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "initc/args.h"
#include "initc/handoff.h"
#include "initc/heap.h"
#include "initc/judge.h"
#include "initc/steps.h"
#include "initc/wait.h"
#include "lib/app/exit.h"
#include "lib/base/auto.h"
#include "lib/kafka/crc32c.h"
#include "lib/kafka/meta.h"
#include "lib/kafka/properties.h"
#include "lib/os/caps.h"
#include "lib/os/cgroup.h"
#include "lib/os/fs.h"
#include "lib/os/limits.h"
#include "lib/os/root.h"
#include "lib/os/sandbox.h"
#include "lib/text/num.h"
#include "lib/text/str.h"

enum {
        ARGUMENTS_MAX = 1024,  /* the words of all variables together */
        ENDED_BY_SIGNAL = 128, /* exit codes above it, as of a shell */
};

struct run {
        const struct kt_args *args;
        struct kt_root root;
        struct kt_handoff handoff;
        struct kt_findings findings;
        struct kt_limit nofile;
        uint64_t have_maps;
        uint64_t heap_bytes;
        const char *heap_from;
        uint64_t waited_s; /* in vain, for limits */
        int signal;        /* that ended the waiting */
        struct kt_err e;
};

static const char *show(uint64_t value, char buf[KT_NUM_TEXT_MAX])
{
        return value == UINT64_MAX ? "unlimited" : kt_num_format_count(value, buf);
}

static void refuse(struct run *run, const char *id, const char *source, const char *next, const char *message)
{
        kt_findings_add(&run->findings,
                        &(struct kt_finding){ .level = KT_LEVEL_ERROR, .id = id, .source = source, .next = next }, "%s",
                        message);
}

/* ---- the hand-off against what is there ---- */

#define PREPARE_NEXT "run kafka-initc prepare in an init container that mounts the same hand-off volume"

static int read_handoff(struct run *run, int dir_fd)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        int r;

        r = kt_fs_read(dir_fd, KT_HANDOFF_FILE, KT_HANDOFF_FILE_MAX, &text);
        if (r < 0) {
                refuse(run, "no-handoff", run->args->handoff, PREPARE_NEXT,
                       r == -ENOENT ? "there is no handoff.json" : "handoff.json cannot be read");
                return r;
        }
        r = kt_handoff_parse(KT_HANDOFF_FILE, kt_str_get(&text), text.len, &run->handoff, &run->e);
        if (r < 0) {
                refuse(run, "bad-handoff", run->args->handoff, PREPARE_NEXT, run->e.text);
                kt_err_clear(&run->e);
        }
        return r;
}

static void check_properties(struct run *run, int dir_fd)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        int r = kt_fs_read(dir_fd, KT_HANDOFF_PROPERTIES, KT_PROPERTIES_FILE_MAX, &text);

        if (r == -EACCES)
                refuse(run, "properties", run->args->handoff,
                       "set securityContext.runAsGroup of the broker container to the group of storage.owner",
                       "server.properties cannot be read: permission denied");
        else if (r < 0)
                refuse(run, "properties", run->args->handoff, PREPARE_NEXT, "server.properties cannot be read");
        else if (text.len != run->handoff.properties_bytes ||
                 kt_crc32c(text.data, text.len) != run->handoff.properties_crc)
                refuse(run, "properties", run->args->handoff, PREPARE_NEXT,
                       "server.properties is not the file that handoff.json was written for");
}

static void check_pod(struct run *run)
{
        const char *pod = run->args->pod ? run->args->pod : getenv("POD_NAME");
        KT_AUTO_FREE char *message = NULL;

        if (!pod || pod[0] == '\0')
                pod = getenv("HOSTNAME");
        if (!pod || pod[0] == '\0' || strcmp(pod, run->handoff.pod) == 0)
                return;
        message = kt_str_make("the hand-off is for %s, this pod is %s", run->handoff.pod, pod);
        refuse(run, "other-pod", run->args->handoff, PREPARE_NEXT,
               message ? message : "the hand-off is for another pod");
}

static void check_user(struct run *run)
{
        KT_AUTO_FREE char *message = NULL;

        if (geteuid() == run->handoff.owner.uid)
                return;
        message = kt_str_make("this container runs as uid %u, the volumes were prepared for uid %u", geteuid(),
                              run->handoff.owner.uid);
        refuse(run, "wrong-user", NULL, "set securityContext.runAsUser of the broker container to that uid",
               message ? message : "this container runs as another user");
}

/* Makes a file there that leaves nothing behind: what a mode, an ACL, a read-only mount and a full disk come to. Where
 * there is no O_TMPFILE, nothing is proven and 0 returned. */
static int try_to_write(int dir_fd)
{
        KT_AUTO_FD int fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        return fd >= 0 || errno == EOPNOTSUPP || errno == EISDIR ? 0 : -errno;
}

/* Why it cannot be written; the last row is for all else. */
static const struct {
        int error;
        const char *message;
        const char *next;
} write_errors[] = {
        { -ENOSPC, "the volume is full", "make room, or expand the claim" },
        { -EDQUOT, "the quota of the volume is used up", "make room, or raise the quota" },
        { -EROFS, "the log dir is read-only",
          "look for readOnly in the pod, and on the node for I/O errors (dmesg): a filesystem turns read-only after one" },
        { 0, "the log dir is not writable for this user",
          "run kafka-initc prepare again: it gives the log dir to this user" },
};

static void check_writable(struct run *run, const char *path, int dir_fd)
{
        int r = try_to_write(dir_fd);
        size_t row = 0;

        if (r == 0)
                return;
        while (write_errors[row].error != 0 && write_errors[row].error != r)
                row++;
        refuse(run, "log-dir", path, write_errors[row].next, write_errors[row].message);
}

static bool is_same_meta(const struct run *run, const struct kt_handoff_dir *dir, const struct kt_meta *meta)
{
        const char *cluster = run->handoff.cluster_id;

        if (meta->has_node_id && meta->node_id != run->handoff.node_id)
                return false;
        if (cluster && meta->cluster_id[0] && strcmp(cluster, meta->cluster_id) != 0)
                return false;
        return !dir->has_directory_id ||
               (meta->has_directory_id && kt_uuid_equal(&dir->directory_id, &meta->directory_id));
}

static void check_meta(struct run *run, const struct kt_handoff_dir *dir, int fd)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        struct kt_meta meta = { 0 };
        int r = kt_fs_read(fd, KT_META_FILE, KT_META_FILE_MAX, &text);

        if (r == -ENOENT && !dir->is_formatted)
                return;
        if (r < 0 || kt_meta_parse(KT_META_FILE, kt_str_get(&text), text.len, &meta, NULL) < 0)
                refuse(run, "meta", dir->path, PREPARE_NEXT, "meta.properties, which prepare saw, cannot be read");
        else if (!is_same_meta(run, dir, &meta))
                refuse(run, "meta", dir->path, PREPARE_NEXT,
                       "meta.properties is not the one that prepare saw: another volume is mounted here");
}

static void check_log_dir(struct run *run, const struct kt_handoff_dir *dir)
{
        KT_AUTO_FD int fd = kt_root_open_file(&run->root, dir->path, O_RDONLY | O_DIRECTORY);

        if (fd < 0) {
                refuse(run, "log-dir", dir->path,
                       fd == -ENOENT ? "mount the volume claim in the broker container as in the init container"
                                     : "run kafka-initc prepare again: it gives the log dir to this user",
                       fd == -ENOENT   ? "the log dir is not there"
                       : fd == -EACCES ? "the log dir cannot be opened: permission denied"
                                       : "the log dir cannot be opened");
                return;
        }
        check_writable(run, dir->path, fd);
        check_meta(run, dir, fd);
}

/* ---- limits and heap ---- */

static void read_limits(struct run *run)
{
        uint64_t maps;

        run->have_maps =
                kt_root_read_u64(&run->root, "/proc/sys/vm/max_map_count", &maps, NULL) == 0 ? maps : UINT64_MAX;
        if (kt_limits_nofile(&run->nofile) < 0)
                run->nofile.hard = UINT64_MAX;
}

static bool has_enough(void *context)
{
        struct run *run = context;

        read_limits(run);
        return run->nofile.hard >= run->handoff.need_descriptors && run->have_maps >= run->handoff.need_maps;
}

/* Gives the node's agent its time: it finds this container by the API and raises the limits of whatever is in it
 * (prlimit(2)), and what is started afterwards inherits them. A JVM reads its limit once, at its start. */
static void wait_for_limits(struct run *run, const struct kt_steps *steps)
{
        char have_files[KT_NUM_TEXT_MAX];
        char need_files[KT_NUM_TEXT_MAX];
        char have_maps[KT_NUM_TEXT_MAX];
        char need_maps[KT_NUM_TEXT_MAX];
        int64_t waited_ms = 0;

        if (has_enough(run) || run->handoff.wait_for_agent_s == 0)
                return;
        kt_steps_say(
                steps, "waiting",
                "up to %llu s for kafka-tunerd on this node to raise limits: open files %s of %s, map areas %s of %s",
                (unsigned long long)run->handoff.wait_for_agent_s, show(run->nofile.hard, have_files),
                kt_num_format_count(run->handoff.need_descriptors, need_files), show(run->have_maps, have_maps),
                kt_num_format_count(run->handoff.need_maps, need_maps));
        run->signal = kt_wait_until(has_enough, run, (int64_t)run->handoff.wait_for_agent_s * 1000, &waited_ms);
        if (run->signal > 0)
                return;
        if (has_enough(run))
                kt_steps_say(steps, "waited", "%lld.%02lld s: open files %s", (long long)waited_ms / 1000,
                             (long long)waited_ms % 1000 / 10, show(run->nofile.hard, have_files));
        else
                run->waited_s = run->handoff.wait_for_agent_s;
}

static void check_limits(struct run *run)
{
        struct kt_limits_judge judge;

        judge = (struct kt_limits_judge){ .need_descriptors = run->handoff.need_descriptors,
                                          .have_descriptors = run->nofile.hard,
                                          .need_maps = run->handoff.need_maps,
                                          .have_maps = run->have_maps,
                                          .refuse = run->handoff.refuse_shortfall,
                                          .waited_s = run->waited_s };
        kt_judge_limits(&judge, &run->findings);
}

/* Kafka's scripts, and we in their place, read KAFKA_HEAP_OPTS; a JVM that is started directly does not. */
static bool takes_variables(const struct run *run)
{
        return run->args->operand_count == 0 || !kt_heap_is_java(run->args->operands[0]);
}

static void find_heap(struct run *run)
{
        struct kt_cgroup cgroup = { .memory_bytes = KT_CGROUP_UNLIMITED };

        run->heap_bytes = run->handoff.heap_bytes;
        run->heap_from = "of kafka.yaml";
        if (kt_heap_is_set(run->args->operands, takes_variables(run) ? getenv("KAFKA_HEAP_OPTS") : NULL)) {
                run->heap_bytes = 0;
                run->heap_from = "as given";
        } else if (run->heap_bytes == 0) {
                if (kt_cgroup_read(&run->root, &cgroup, NULL) < 0)
                        cgroup.memory_bytes = KT_CGROUP_UNLIMITED; /* then the default of Kafka's scripts */
                run->heap_bytes = kt_heap_from_limit(cgroup.memory_bytes);
                run->heap_from =
                        cgroup.memory_bytes == KT_CGROUP_UNLIMITED ? "without a memory limit" : "of the memory limit";
        }
}

/* ---- the command ---- */

/* The words of a command, each owned. */
struct command {
        char **words;
        size_t count;
        size_t cap;
        bool failed;
};

static void command_add(struct command *command, char *owned)
{
        if (owned && command->count + 1 < command->cap)
                command->words[command->count++] = owned;
        else {
                free(owned);
                command->failed = true;
        }
}

static void command_done(struct command *command)
{
        for (size_t i = 0; i < command->count; i++)
                free(command->words[i]);
        free(command->words);
}

static const char *env_or(const char *name, const char *preset)
{
        const char *value = getenv(name);

        return value && value[0] ? value : preset;
}

/* Adds the blank-separated words of a variable, as the shell would split them unquoted. */
static void add_words(struct command *command, const char *text)
{
        while (*(text += strspn(text, " \t\n"))) {
                size_t len = strcspn(text, " \t\n");

                command_add(command, strndup(text, len));
                text += len;
        }
}

#define PERFORMANCE                                                                           \
        "-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 " \
        "-XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true"

/* Without a configuration Kafka logs nothing: the one that the release brings, of Log4j 2 since 4.0. */
static const struct {
        const char *file;
        const char *flag;
} log_configs[] = {
        { "config/log4j2.yaml", "-Dlog4j2.configurationFile=" },
        { "config/log4j2.properties", "-Dlog4j2.configurationFile=" },
        { "config/log4j.properties", "-Dlog4j.configuration=file:" },
};

static void add_log_config(struct command *command, const char *home)
{
        const char *given = env_or("KAFKA_LOG4J_OPTS", NULL);

        if (given) {
                add_words(command, given);
                return;
        }
        for (size_t i = 0; i < KT_COUNT(log_configs); i++) {
                KT_AUTO_FREE char *path = kt_str_make("%s/%s", home, log_configs[i].file);
                KT_AUTO_FD int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

                if (fd < 0)
                        continue;
                command_add(command, kt_str_make("%s%s", log_configs[i].flag, path));
                return;
        }
}

/* The broker started as kafka-server-start.sh would (bin/kafka-run-class.sh of 4.1), without the shell: the same
 * variables in the same order. */
static void add_broker(struct command *command, const struct run *run)
{
        const char *home = env_or("KAFKA_HOME", "/opt/kafka");
        const char *java_home = env_or("JAVA_HOME", NULL);

        command_add(command, java_home ? kt_str_make("%s/bin/java", java_home) : strdup("java"));
        add_words(command, env_or("KAFKA_HEAP_OPTS", ""));
        add_words(command, env_or("KAFKA_JVM_PERFORMANCE_OPTS", PERFORMANCE));
        add_words(command, env_or("KAFKA_JMX_OPTS", ""));
        add_log_config(command, home);
        command_add(command, strdup("-cp"));
        command_add(command, kt_str_make("%s/libs/*", home));
        add_words(command, env_or("KAFKA_OPTS", ""));
        command_add(command, strdup("kafka.Kafka"));
        command_add(command, kt_str_make("%s/%s", run->args->handoff, KT_HANDOFF_PROPERTIES));
}

/* A JVM takes the heap as its first arguments; Kafka's scripts take it from the environment. */
static void add_heap(struct command *command, const struct run *run, const char *program)
{
        unsigned long long mib = run->heap_bytes >> 20;
        KT_AUTO_FREE char *opts = kt_str_make("-Xms%lluM -Xmx%lluM", mib, mib);

        if (run->heap_bytes == 0)
                return;
        if (!kt_heap_is_java(program)) {
                command->failed = command->failed || !opts || setenv("KAFKA_HEAP_OPTS", opts, 1) < 0;
                return;
        }
        if (command->count + 3 > command->cap) {
                command->failed = true;
                return;
        }
        for (size_t i = command->count; i > 1; i--)
                command->words[i + 1] = command->words[i - 1];
        command->words[1] = kt_str_make("-Xms%lluM", mib);
        command->words[2] = kt_str_make("-Xmx%lluM", mib);
        command->failed = command->failed || !command->words[1] || !command->words[2];
        command->count += 2;
}

static int build_command(const struct run *run, struct command *command, struct kt_err *e)
{
        command->cap = run->args->operand_count + ARGUMENTS_MAX;
        command->words = calloc(command->cap, sizeof(*command->words));
        if (!command->words)
                return kt_err_set(e, -ENOMEM, "build the command");

        for (size_t i = 0; i < run->args->operand_count; i++)
                command_add(command, strdup(run->args->operands[i]));
        if (command->count == 0)
                add_broker(command, run);
        if (!command->failed)
                add_heap(command, run, command->words[0]);
        return command->failed ? kt_err_set(e, -ENOMEM, "build the command") : 0;
}

/* ---- the run ---- */

static void tell(const struct run *run, const struct kt_steps *steps)
{
        char need_files[KT_NUM_TEXT_MAX];
        char have_files[KT_NUM_TEXT_MAX];
        char need_maps[KT_NUM_TEXT_MAX];
        char have_maps[KT_NUM_TEXT_MAX];
        char heap[KT_NUM_TEXT_MAX];

        kt_steps_say(steps, "exec", "%s  descriptors %s of %s   map areas %s of %s   heap %s %s", run->handoff.pod,
                     kt_num_format_count(run->handoff.need_descriptors, need_files), show(run->nofile.soft, have_files),
                     kt_num_format_count(run->handoff.need_maps, need_maps), show(run->have_maps, have_maps),
                     run->heap_bytes ? kt_num_format_binary(run->heap_bytes, heap) : "", run->heap_from);
}

static enum kt_exit judge(struct run *run, const struct kt_steps *steps)
{
        KT_AUTO_FD int dir = open(run->args->handoff, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (dir < 0) {
                refuse(run, "no-handoff", run->args->handoff, PREPARE_NEXT,
                       errno == ENOENT ? "there is no hand-off directory" : "the hand-off directory cannot be opened");
                return KT_EXIT_NOT_WANTED;
        }
        if (read_handoff(run, dir) < 0)
                return KT_EXIT_NOT_WANTED;

        check_properties(run, dir);
        check_pod(run);
        check_user(run);
        for (size_t i = 0; i < run->handoff.dir_count; i++)
                check_log_dir(run, &run->handoff.dirs[i]);
        /* A broker that will not start anyway waits for nothing. */
        if (kt_findings_count(&run->findings, KT_LEVEL_ERROR) > 0)
                read_limits(run);
        else
                wait_for_limits(run, steps);
        if (run->signal > 0)
                return (enum kt_exit)(ENDED_BY_SIGNAL + run->signal);
        check_limits(run);
        if (run->findings.error < 0) { /* the lost finding may have been a refusal */
                (void)kt_err_set(&run->e, run->findings.error, "judge the hand-off"); /* the exit code says it */
                return KT_EXIT_FAILED;
        }
        return kt_findings_count(&run->findings, KT_LEVEL_ERROR) > 0 ? KT_EXIT_NOT_WANTED : KT_EXIT_OK;
}

/* Gives up what is left and becomes the broker; returns only when that failed. */
static enum kt_exit become(struct run *run, const struct kt_steps *steps)
{
        KT_AUTO(command_done) struct command command = { 0 };

        if (kt_caps_keep(NULL, 0, &run->e) < 0 || kt_limits_raise_nofile(&run->nofile, &run->e) < 0)
                return KT_EXIT_FAILED;
        find_heap(run);
        if (build_command(run, &command, &run->e) < 0 || kt_sandbox_no_new_privs(&run->e) < 0)
                return KT_EXIT_FAILED;

        tell(run, steps);
        execvp(command.words[0], command.words);
        (void)kt_err_set(&run->e, -errno, "run %s", command.words[0]); /* the exit code says it */
        return run->e.code == -ENOENT ? KT_EXIT_NO_PROGRAM : KT_EXIT_CANNOT_EXEC;
}

int kt_verb_exec(void *args)
{
        struct run run = { .args = args, .root.fd = -1 };
        struct kt_args text_args = *run.args;
        struct kt_steps steps;
        char why[KT_ERR_TEXT_MAX];
        enum kt_exit code;

        text_args.output = KT_OUTPUT_TEXT; /* what follows on stdout is the broker's */
        kt_steps_init(&steps, &text_args);
        if (kt_root_open(run.args->sysroot, &run.root, &run.e) < 0)
                code = KT_EXIT_USAGE;
        else
                code = judge(&run, &steps);

        kt_steps_say_findings(&steps, &run.findings, run.args->verbose);
        if (code == KT_EXIT_OK)
                code = become(&run, &steps);
        if (run.e.code < 0)
                kt_steps_say(&steps, "failed", "%s", kt_err_text(&run.e, why, sizeof(why)));

        kt_steps_done(&steps);
        kt_findings_done(&run.findings);
        kt_handoff_done(&run.handoff);
        kt_root_done(&run.root);
        return (int)code;
}
