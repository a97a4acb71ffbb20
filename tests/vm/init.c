/* SPDX-License-Identifier: Apache-2.0 */
/* PID 1 of the virtual node: mounts, loads modules, runs one command, says how it ended, powers off.
 *
 * Its four virtio-serial ports are stdout, stderr, the verdict and the results (a tar of /out). The verdict is one line,
 * "exit N" or "signal N"; no line means that the node did not live to see the end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
        PORT_STDOUT = 1,
        PORT_STDERR,
        PORT_VERDICT,
        PORT_RESULTS,
        PORT_WAIT_MS = 5000, /* the driver makes the device nodes some milliseconds after it was loaded */
        PORT_PAUSE_MS = 5,
        ARGS_BYTES_MAX = 64 << 10,
        ARGS_MAX = 1024,
        LINE_MAX_ = 1024,
        NOT_FOUND = 127,
        NOT_RUN = 126,
};

static const struct {
        const char *type;
        const char *target;
        const char *options;
} mounts[] = {
        { "devtmpfs", "/dev", "" },
        { "proc", "/proc", "" },
        { "sysfs", "/sys", "" },
        { "devpts", "/dev/pts", "ptmxmode=666" },
        { "tmpfs", "/dev/shm", "mode=1777" },
        { "tmpfs", "/tmp", "mode=1777" },
        { "tmpfs", "/run", "mode=755" },
        { "cgroup2", "/sys/fs/cgroup", "" },
        { "debugfs", "/sys/kernel/debug", "" },
};

static void complain(const char *what)
{
        (void)fprintf(stderr, "init: %s: %s\n", what, strerror(errno)); /* the console is all there is */
}

static void mount_all(void)
{
        for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
                (void)mkdir(mounts[i].target, 0755); /* it may be there; mount says what is wrong */
                if (mount(mounts[i].type, mounts[i].target, mounts[i].type, 0, mounts[i].options) < 0)
                        complain(mounts[i].target);
        }
        if (symlink("/proc/self/fd", "/dev/fd") < 0) /* as udev makes it: bash's <(...) needs it */
                complain("/dev/fd");
}

static void use_console(void)
{
        int fd = open("/dev/console", O_RDWR);

        for (int stream = 0; fd >= 0 && stream <= 2; stream++)
                if (dup2(fd, stream) < 0)
                        complain("/dev/console");
}

/* A line is a path, and behind a blank its parameters; the host has put them in order. */
static void load_module(char *line)
{
        char *parameters = strchr(line, ' ');
        int fd;

        if (parameters)
                *parameters++ = '\0';
        fd = open(line, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || (syscall(SYS_finit_module, fd, parameters ? parameters : "", 0) < 0 && errno != EEXIST))
                complain(line);
        if (fd >= 0)
                (void)close(fd); /* only read */
}

static void load_modules(void)
{
        FILE *list = fopen("/bed/modules", "re");
        char line[LINE_MAX_];

        while (list && fgets(line, sizeof(line), list)) {
                line[strcspn(line, "\n")] = '\0';
                load_module(line);
        }
        if (list)
                (void)fclose(list); /* only read */
}

static int open_port(int number)
{
        const struct timespec pause = { .tv_nsec = PORT_PAUSE_MS * 1000000L };
        char path[32];

        (void)snprintf(path, sizeof(path), "/dev/vport0p%d", number); /* one digit */
        for (int waited = 0; waited < PORT_WAIT_MS; waited += PORT_PAUSE_MS) {
                int fd = open(path, O_WRONLY | O_CLOEXEC);

                if (fd >= 0)
                        return fd;
                (void)nanosleep(&pause, NULL); /* cut short it only asks more often */
        }
        complain(path);
        return -1;
}

static void become(char *const *argv, const int *streams)
{
        int nothing = open("/dev/null", O_RDONLY);

        (void)setsid(); /* a child of init leads no group yet */
        if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(streams[0], 1) < 0 || dup2(streams[1], 2) < 0)
                _exit(NOT_RUN);
        (void)execvp(argv[0], argv); /* it comes back only when it failed */
        complain(argv[0]);
        _exit(errno == ENOENT ? NOT_FOUND : NOT_RUN);
}

/* Runs argv and takes in every orphan until it has ended. */
static int run(char *const *argv, const int *streams)
{
        pid_t child = fork();
        int status = NOT_RUN << 8;

        if (child == 0)
                become(argv, streams);
        while (child > 0) {
                pid_t ended = wait(&status);

                if (ended == child || (ended < 0 && errno != EINTR))
                        break;
        }
        return status;
}

/* The host left the arguments as strings with their NULs. */
static int run_command(const int *streams)
{
        static char bytes[ARGS_BYTES_MAX];
        static char *argv[ARGS_MAX];
        int fd = open("/bed/argv", O_RDONLY | O_CLOEXEC);
        ssize_t len = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes) - 1);
        size_t count = 0;

        for (char *at = bytes; at < bytes + len && count < ARGS_MAX - 1; at += strlen(at) + 1)
                argv[count++] = at;
        if (count == 0) {
                complain("/bed/argv");
                return NOT_RUN << 8;
        }
        return run(argv, streams);
}

static void send_results(int errors)
{
        static char *const tar[] = { "/bin/busybox", "tar", "-C", "/out", "-cf", "-", ".", NULL };
        int streams[] = { -1, errors };
        struct stat st;

        if (stat("/out", &st) < 0) /* nobody asked for any */
                return;
        streams[0] = open_port(PORT_RESULTS);
        if (streams[0] < 0 || run(tar, streams) != 0)
                complain("results");
}

static void report(int port, int status)
{
        bool is_killed = WIFSIGNALED(status);

        if (dprintf(port, "%s %d\n", is_killed ? "signal" : "exit",
                    is_killed ? WTERMSIG(status) : WEXITSTATUS(status)) < 0)
                complain("verdict");
}

int main(void)
{
        int streams[2];
        int status;
        int port;

        mount_all();
        use_console();
        load_modules();
        if (setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1) < 0 || setenv("HOME", "/root", 1) < 0)
                complain("environment");

        streams[0] = open_port(PORT_STDOUT);
        streams[1] = open_port(PORT_STDERR);
        port = open_port(PORT_VERDICT);
        status = run_command(streams);
        send_results(streams[1]);
        sync();
        report(port, status);
        (void)reboot(RB_POWER_OFF); /* comes back only when it failed */
        complain("power off");
        for (;;)
                (void)pause(); /* the host has a time limit */
}
