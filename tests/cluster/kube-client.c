/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's API client on a command line, for tests: reads commands, prints what comes of them, a line each.
 *
 *   follow PATH [LABELS|- [FIELDS]]    from then on: what is told
 *   get PATH | delete PATH
 *   apply PATH FILE | merge PATH FILE | create PATH FILE
 *   stats
 *
 * Usage: kube-client URL TOKEN-FILE CA-FILE; the end of its input ends it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemonset/follow.h"
#include "daemonset/kube.h"
#include "lib/base/auto.h"
#include "lib/os/fs.h"
#include "lib/text/str.h"

enum { WORDS = 4, FOLLOWS = 8 };

struct client {
        struct kt_kube *kube;
        struct kt_follow *follows[FOLLOWS];
        size_t follow_count;
};

static int64_t now_ms(void)
{
        struct timespec now = { 0 };

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A text of metadata, or "-". */
static const char *metadata_of(struct kt_json *object, const char *key)
{
        struct kt_json *metadata = NULL;
        const char *text = "-";

        if (object && kt_json_get_part(object, "metadata", &metadata) == 0 &&
            kt_json_get_text(metadata, key, &text) < 0)
                text = "-";
        return text;
}

static void show_notice(void *context, const struct kt_follow_notice *notice)
{
        static const char *const names[] = { "listing", "present", "deleted", "listed", "hearing", "broken" };
        (void)context;

        printf("%s", names[notice->change]);
        if (notice->object)
                printf(" %s %s", metadata_of(notice->object, "name"), metadata_of(notice->object, "resourceVersion"));
        if (notice->error)
                printf(" %d %s (again in %lld ms)", notice->code, notice->error->text, (long long)notice->retry_ms);
        printf("\n");
}

static void show_answer(void *context, const struct kt_kube_answer *answer)
{
        printf("%s %d %ld %s %s%s%s\n", (const char *)context, answer->code, answer->status,
               metadata_of(answer->object, "name"), metadata_of(answer->object, "resourceVersion"),
               answer->error ? " " : "", answer->error ? answer->error->text : "");
}

static void show_stats(const struct client *client)
{
        struct kt_kube_stats stats;

        kt_kube_get_stats(client->kube, &stats);
        printf("stats requests %llu failures %llu reloads %llu bytes %llu\n", (unsigned long long)stats.requests,
               (unsigned long long)stats.failures, (unsigned long long)stats.reloads, (unsigned long long)stats.bytes);
}

static int follow(struct client *client, char **words, struct kt_err *e)
{
        struct kt_follow_config config = { .path = words[1],
                                           .return_ms = 1000, /* no other node is here to stay apart from */
                                           .labels = words[2] && strcmp(words[2], "-") != 0 ? words[2] : NULL,
                                           .fields = words[3],
                                           .backoff = { .first_ms = 200, .most_ms = 2000 },
                                           .notice = show_notice };

        if (client->follow_count == FOLLOWS)
                return kt_err_set(e, -E2BIG, "follow %s", words[1]);
        return kt_follow_new(client->kube, &config, &client->follows[client->follow_count++], e);
}

static int request(struct client *client, char **words, struct kt_err *e)
{
        static const struct {
                const char *name;
                enum kt_kube_verb verb;
        } verbs[] = { { "get", KT_KUBE_GET },
                      { "delete", KT_KUBE_DELETE },
                      { "apply", KT_KUBE_APPLY },
                      { "merge", KT_KUBE_MERGE },
                      { "create", KT_KUBE_CREATE } };
        KT_AUTO_STR struct kt_str body = { 0 };
        uint64_t id;

        for (size_t i = 0; i < KT_COUNT(verbs); i++) {
                struct kt_kube_request wanted = { .verb = verbs[i].verb,
                                                  .path = words[1],
                                                  .manager = verbs[i].verb == KT_KUBE_APPLY ? "kube-client" : NULL,
                                                  .force = true,
                                                  .done = show_answer,
                                                  .context = (void *)verbs[i].name };
                int r = 0;

                if (strcmp(words[0], verbs[i].name) != 0)
                        continue;
                if (words[2]) {
                        KT_AUTO_FD int fd = open(words[2], O_RDONLY | O_CLOEXEC);

                        r = fd < 0 ? -errno : kt_fs_read_fd(fd, 1 << 20, &body);
                        wanted.body = kt_str_get(&body);
                }
                return r < 0 ? kt_err_set(e, r, "read %s", words[2]) : kt_kube_start(client->kube, &wanted, &id, e);
        }
        return kt_err_set(e, -EINVAL, "no such command: %s", words[0]);
}

static void obey(struct client *client, char *line)
{
        char *words[WORDS + 1] = { NULL };
        struct kt_err e = { 0 };
        size_t count = 0;
        int r = 0;

        for (char *at = line + strspn(line, " "); *at && count < WORDS;) {
                words[count++] = at;
                at += strcspn(at, " ");
                if (*at)
                        *at++ = '\0';
        }
        if (count == 1 && strcmp(words[0], "stats") == 0)
                show_stats(client);
        else if (count >= 2 && strcmp(words[0], "follow") == 0)
                r = follow(client, words, &e);
        else if (count >= 2)
                r = request(client, words, &e);
        if (r < 0)
                printf("refused %d %s\n", r, e.text);
}

/* Takes whole lines out of text. */
static void take_lines(struct client *client, struct kt_str *text)
{
        char *end;

        while (text->len > 0 && (end = memchr(text->data, '\n', text->len))) {
                size_t used = (size_t)(end - text->data) + 1;

                *end = '\0';
                obey(client, text->data);
                memmove(text->data, text->data + used, text->len - used + 1);
                text->len -= used;
        }
}

static int serve(struct client *client)
{
        struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
                                { .fd = kt_kube_fd(client->kube), .events = POLLIN } };
        KT_AUTO_STR struct kt_str text = { 0 };
        struct kt_err e = { 0 };
        char buf[4096];

        for (;;) {
                int64_t wait_ms = kt_kube_wait_ms(client->kube, now_ms());

                if (poll(fds, KT_COUNT(fds), (int)wait_ms) < 0 && errno != EINTR)
                        return 1;
                if (fds[0].revents) {
                        ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

                        if (n <= 0)
                                return 0;
                        kt_str_add_bytes(&text, buf, (size_t)n);
                        take_lines(client, &text);
                }
                if (kt_kube_step(client->kube, now_ms(), &e) < 0) {
                        printf("step: %s\n", e.text);
                        return 1;
                }
                fflush(stdout);
        }
}

int main(int argc, char **argv)
{
        struct client client = { 0 };
        struct kt_err e = { 0 };
        int status;

        if (argc != 4)
                return 2;
        sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
        if (kt_kube_new(&(struct kt_kube_config){ .url = argv[1], .token_file = argv[2], .ca_file = argv[3] },
                        &client.kube, &e) < 0) {
                fprintf(stderr, "%s\n", e.text);
                return 1;
        }
        status = serve(&client);
        for (size_t i = 0; i < client.follow_count; i++)
                kt_follow_free(client.follows[i]);
        kt_kube_free(client.kube);
        return status;
}
