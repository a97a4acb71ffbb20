/* SPDX-License-Identifier: Apache-2.0 */
/* A client of the Kubernetes API for one poll loop, without threads; the only file behind it that knows libcurl.
 *
 * Everything is started by a call and ends in a callback, which kt_kube_step makes. A callback may start and cancel
 * whatever it likes, but must not free the client. The program ignores SIGPIPE. */
#ifndef KT_DAEMONSET_KUBE_H
#define KT_DAEMONSET_KUBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/app/report.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"

enum {
        KT_KUBE_ANSWER_MAX = 8 << 20,     /* bytes of one answer */
        KT_KUBE_REQUESTS_MAX = 64,        /* at the same time, watches included */
        KT_KUBE_CREDENTIAL_MAX = 1 << 18, /* bytes of the token file, and of the CA file */
        KT_KUBE_REASON_MAX = 64,
};

/* ---- Back-off ---- */

/* Failures are counted from 1. The longest wait doubles from first_ms to most_ms; the wait itself is spread evenly
 * over the upper half of it, so that many nodes that failed together do not come back together. */
struct kt_backoff {
        int64_t first_ms;
        int64_t most_ms;
};

/* Pure: how long to wait after so many failures in a row; random is evenly spread. 0 failures: 0. */
int64_t kt_backoff_ms(const struct kt_backoff *rule, unsigned failures, uint32_t random);

/* Evenly spread bits from the kernel, for the above. */
uint32_t kt_kube_random(void);

/* ---- The client ---- */

/* Texts are copied. Zero means the value in brackets. */
struct kt_kube_config {
        const char *url;        /* [https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT]; http to loopback only */
        const char *token_file; /* [/var/run/secrets/kubernetes.io/serviceaccount/token]; "": none is sent */
        const char *ca_file;    /* [.../ca.crt beside it] */
        const char *agent;      /* User-Agent [kafka-tunerd] */
        int64_t connect_timeout_ms; /* [10000] */
        int64_t request_timeout_ms; /* [30000] of everything but a watch */
        int64_t watch_ms;           /* [1800000] a watch is opened anew after this or up to twice of it */
        struct kt_backoff backoff;  /* [1000, 60000] of watches */
        size_t answer_max;          /* [KT_KUBE_ANSWER_MAX] */
};

struct kt_kube;

/* -EINVAL: the address is missing or not allowed. The files are read at the first request, so that one that comes
 * later is no error. Release with kt_kube_free, which calls no callback. */
KT_MUST_CHECK int kt_kube_new(const struct kt_kube_config *config, struct kt_kube **ret, struct kt_err *e);
void kt_kube_free(struct kt_kube *kube);

/* For poll(2): readable when kt_kube_step has something to do. Borrowed, the same for the client's life. */
int kt_kube_fd(const struct kt_kube *kube);
/* Milliseconds from now (CLOCK_MONOTONIC, as all times here) until kt_kube_step wants to be called anyway, 0 at once,
 * -1 never. */
int64_t kt_kube_wait_ms(const struct kt_kube *kube, int64_t now_ms);
/* Sends, receives and calls back whatever is due; never blocks. -ENOMEM, or another -errno of a broken client. */
KT_MUST_CHECK int kt_kube_step(struct kt_kube *kube, int64_t now_ms, struct kt_err *e);

/* What was done so far, for the metrics. */
struct kt_kube_stats {
        uint64_t requests;   /* started, each page and each opening of a watch is one */
        uint64_t failures;   /* of them: no answer, or one that is no success */
        uint64_t watches;    /* of requests: openings of a watch */
        uint64_t lists;      /* of requests: pages of lists */
        uint64_t events;     /* of watches, bookmarks included */
        uint64_t reloads;    /* token or CA file was another than before */
        uint64_t bytes;      /* received, bodies only */
        int64_t answered_ms; /* when the server answered last, with whatever status; 0: never */
};
void kt_kube_get_stats(const struct kt_kube *kube, struct kt_kube_stats *ret);

/* ---- One request ---- */

enum kt_kube_verb {
        KT_KUBE_GET,
        KT_KUBE_APPLY,  /* PATCH application/apply-patch+yaml: server-side apply, field manager from the request */
        KT_KUBE_MERGE,  /* PATCH application/merge-patch+json; metadata.resourceVersion in the body is a precondition */
        KT_KUBE_CREATE, /* POST */
        KT_KUBE_DELETE,
        KT_KUBE_VERB_COUNT_,
};

/* "get", "apply", ...: static, for messages and metrics. */
const char *kt_kube_verb_name(enum kt_kube_verb verb);

/* Borrowed for the call. */
struct kt_kube_answer {
        int code;                        /* 0, or a -errno; see kt_kube_errno for those of a status */
        long status;                     /* HTTP; 0: there was no answer */
        struct kt_json *object;          /* the object when code is 0, else the server's Status or NULL */
        char reason[KT_KUBE_REASON_MAX]; /* of the Status: "Conflict", "NotFound", ...; "" */
        int64_t retry_after_ms;          /* what the server asks for with 429 and 503; 0: nothing */
        const struct kt_err *error;      /* what was attempted on what, and why it failed; NULL when code is 0 */
};

typedef void kt_kube_done(void *context, const struct kt_kube_answer *answer);

/* Texts are copied. */
struct kt_kube_request {
        enum kt_kube_verb verb;
        const char *path;    /* "/api/v1/nodes/n1", "/apis/.../nodetunings/n1/status" */
        const char *manager; /* field manager of a write; NULL: none is named */
        bool force;          /* of APPLY: takes fields that another manager has */
        const char *body;    /* JSON; NULL for GET and DELETE */
        kt_kube_done *done;
        void *context;
};

/* Starts it. done is called once, from kt_kube_step, unless it is cancelled before. Nothing is tried again, but for one
 * 401 after the token was read anew. -EINVAL: the path is none; -EBUSY: too many requests at the same time. */
KT_MUST_CHECK int kt_kube_start(struct kt_kube *kube, const struct kt_kube_request *request, uint64_t *ret_id,
                                struct kt_err *e);
/* The request or watch is over, and its callback is not called any more. An id of one that ended is nothing. */
void kt_kube_cancel(struct kt_kube *kube, uint64_t id);

/* Appends text percent-encoded, for one segment of a path or a value of a query (RFC 3986, unreserved stays). */
void kt_kube_escape(struct kt_str *out, const char *text);

/* The -errno that a status means: 401 -EACCES, 403 -EPERM, 404 -ENOENT, 409 -EEXIST (reason AlreadyExists) or -EBUSY,
 * 410 -ESTALE, 400 and 422 -EINVAL, 413 -EFBIG, 429 and 5xx -EAGAIN, another 4xx or 3xx -EPROTO, 2xx 0. */
int kt_kube_errno(long status, const char *reason);

/* ---- A list that is kept up to date ---- */

enum kt_kube_change {
        KT_KUBE_LISTING, /* a list begins: what is not told from here to KT_KUBE_LISTED is not there any more */
        KT_KUBE_PRESENT, /* the object is there, new or changed */
        KT_KUBE_DELETED, /* the object is gone; this was its last state */
        KT_KUBE_LISTED,  /* the list is complete, changes follow */
        KT_KUBE_BROKEN,  /* nothing is heard any more; error says why, retry_ms when it is tried again */
        KT_KUBE_CHANGE_COUNT_,
};

/* Borrowed for the call. */
struct kt_kube_notice {
        enum kt_kube_change change;
        struct kt_json *object;     /* of PRESENT and DELETED; list items have no kind and no apiVersion */
        const struct kt_err *error; /* of BROKEN */
        int64_t retry_ms;           /* of BROKEN */
};

/* Texts are copied. */
struct kt_kube_watch {
        const char *path;   /* of a collection: "/api/v1/namespaces/kafka/pods" */
        const char *labels; /* label selector, "app=kafka"; NULL: all */
        const char *fields; /* field selector, "spec.nodeName=n1"; NULL: all */
        void (*notice)(void *context, const struct kt_kube_notice *notice);
        void *context;
};

/* Lists, then watches from there until it is cancelled: a watch that ends in good order goes on silently where it was, a
 * version that is gone (410) leads to a new list, and after an error it is tried again with back-off. The first list
 * comes from the server's cache (resourceVersion=0), which costs it little; none is older than what was seen. */
KT_MUST_CHECK int kt_kube_watch(struct kt_kube *kube, const struct kt_kube_watch *watch, uint64_t *ret_id,
                                struct kt_err *e);

#endif
