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
#include "lib/text/str.h"

enum {
        KT_KUBE_ANSWER_MAX = 8 << 20, /* bytes of one answer */
        KT_KUBE_REQUESTS_MAX = 64,    /* at the same time, streams and those that wait for their time included */
        KT_KUBE_REASON_MAX = 64,
};

/* ---- The client ---- */

/* Texts are copied. Zero means the value in brackets. */
struct kt_kube_config {
        const char *url;        /* [https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT]; http to loopback only */
        const char *token_file; /* [/var/run/secrets/kubernetes.io/serviceaccount/token]; "": none is sent */
        const char *ca_file;    /* [.../ca.crt beside it]; not read for http */
        const char *agent;      /* User-Agent [kafka-tunerd] */
        int64_t connect_timeout_ms; /* [10000] */
        int64_t request_timeout_ms; /* [30000] of a request that names none */
        size_t answer_max;          /* [KT_KUBE_ANSWER_MAX] */
};

struct kt_kube;

/* -EINVAL: the address is missing or not allowed. Token and CA are read at each request when the files have changed, so
 * that ones that come later are no error here. Release with kt_kube_free, which calls no callback. */
KT_MUST_CHECK int kt_kube_new(const struct kt_kube_config *config, struct kt_kube **ret, struct kt_err *e);
void kt_kube_free(struct kt_kube *kube);

/* For poll(2): readable when kt_kube_step has something to do. Borrowed, the same for the client's life. */
int kt_kube_fd(const struct kt_kube *kube);
/* Milliseconds from now (CLOCK_MONOTONIC) until kt_kube_step wants to be called anyway, 0 at once, -1 never. Ask it
 * right before poll(2): whatever was started since changes it. */
int64_t kt_kube_wait_ms(const struct kt_kube *kube, int64_t now_ms);
/* Sends, receives and calls back whatever is due; never blocks. A -errno means that the client itself is broken. */
KT_MUST_CHECK int kt_kube_step(struct kt_kube *kube, int64_t now_ms, struct kt_err *e);

/* What was done so far, for the metrics. */
struct kt_kube_stats {
        uint64_t requests;   /* sent, those that were sent again included */
        uint64_t failures;   /* of them: no answer, or one that is no success */
        uint64_t reloads;    /* token or CA file was another than before */
        uint64_t bytes;      /* of bodies received */
        int64_t answered_ms; /* when the server answered last, with whatever status; 0: never */
};
void kt_kube_get_stats(const struct kt_kube *kube, struct kt_kube_stats *ret);

/* ---- Requests ---- */

enum kt_kube_verb {
        KT_KUBE_GET,
        KT_KUBE_APPLY,  /* PATCH application/apply-patch+yaml: server-side apply; needs a manager */
        KT_KUBE_MERGE,  /* PATCH application/merge-patch+json; metadata.resourceVersion in the body is a precondition */
        KT_KUBE_CREATE, /* POST */
        KT_KUBE_DELETE,
        KT_KUBE_VERB_COUNT_,
};

/* Borrowed for the call. */
struct kt_kube_answer {
        int code;                        /* 0, or a -errno; kt_kube_errno says which for a status */
        long status;                     /* HTTP; 0: there was no answer */
        struct kt_json *object;          /* the object when code is 0, else the server's Status or NULL */
        char reason[KT_KUBE_REASON_MAX]; /* of the Status: "Conflict", "NotFound", ...; "" */
        int64_t retry_after_ms;          /* what the server asks for with 429 and 503; 0: nothing */
        int64_t elapsed_ms;              /* since it was sent */
        const struct kt_err *error;      /* what was attempted on what, and why it failed; NULL when code is 0 */
};

/* Texts are copied. */
struct kt_kube_request {
        enum kt_kube_verb verb;
        const char *path;    /* "/api/v1/nodes/n1", "/apis/GROUP/VERSION/nodetunings/n1/status" */
        const char *query;   /* "a=b&c=d", values escaped; NULL: none */
        const char *manager; /* field manager of a write; NULL: none is named */
        bool force;          /* of APPLY: takes fields that another manager has */
        const char *body;    /* JSON; NULL for GET and DELETE */
        int64_t delay_ms;    /* it is not sent before */
        int64_t timeout_ms;  /* [request_timeout_ms] from then on */

        /* Called once, and nothing after it. */
        void (*done)(void *context, const struct kt_kube_answer *answer);
        /* Set: the answer is a stream. A success is told by a call with len 0, then its bytes as they come; done gets
         * no object. 0: go on; positive: it is enough, done gets code 0; negative: done gets it, and e. */
        int (*data)(void *context, const char *data, size_t len, struct kt_err *e);
        void *context;
};

/* Starts it. done is called from kt_kube_step, never from here, unless it is cancelled before. Nothing is sent again,
 * but after a 401 once, with the token read anew. -EINVAL: the request is none; -EBUSY: too many at the same time. */
KT_MUST_CHECK int kt_kube_start(struct kt_kube *kube, const struct kt_kube_request *request, uint64_t *ret_id,
                                struct kt_err *e);
/* No callback of it is called any more. An id of a request that has ended is nothing, and so is 0. */
void kt_kube_cancel(struct kt_kube *kube, uint64_t id);

/* Appends text percent-encoded (RFC 3986, unreserved characters stay): a segment of a path or a value of a query. */
void kt_kube_escape(struct kt_str *out, const char *text);

/* The -errno that a status means: 401 -EACCES, 403 -EPERM, 404 -ENOENT, 409 -EEXIST (reason AlreadyExists) or -EBUSY,
 * 410 -ESTALE, 400 and 422 -EINVAL, 413 -EFBIG, 429 and 5xx -EAGAIN, all others -EPROTO, but 2xx 0. */
int kt_kube_errno(long status, const char *reason);

#endif
