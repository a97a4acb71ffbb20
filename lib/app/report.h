/* SPDX-License-Identifier: Apache-2.0 */
/* Output: lines for people and one JSON object for programs; the only file behind it that knows jansson. */
#ifndef KT_APP_REPORT_H
#define KT_APP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/finding.h"
#include "lib/text/str.h"

/* ---- JSON documents ----
 * Keys and texts are borrowed for the call; bytes that are no UTF-8 become U+FFFD. Memory trouble is remembered in the
 * document and shows in kt_json_render. */

struct kt_json; /* one object or list inside a document */

/* A document: { "apiVersion": "k8skafka/v1", "kind": kind }, never NULL. Free it, and its parts, with kt_json_free. */
struct kt_json *kt_json_new(const char *kind);
void kt_json_free(struct kt_json *document);

void kt_json_text(struct kt_json *object, const char *key, const char *value); /* NULL becomes null */
void kt_json_count(struct kt_json *object, const char *key, uint64_t value);   /* above INT64_MAX (no limit): null */
void kt_json_int(struct kt_json *object, const char *key, int64_t value);
void kt_json_real(struct kt_json *object, const char *key, double value); /* what is not finite becomes null */
void kt_json_bool(struct kt_json *object, const char *key, bool value);

/* New parts: key NULL appends to a list. Borrowed from the document; never NULL (a lost part swallows what it gets). */
struct kt_json *kt_json_object(struct kt_json *parent, const char *key);
struct kt_json *kt_json_list(struct kt_json *parent, const char *key);
/* Appends a plain text to a list. */
void kt_json_add_text(struct kt_json *list, const char *value);

/* key: [{level, id, key, value, source, message, next}] with only the members that are set. */
void kt_json_findings(struct kt_json *object, const char *key, const struct kt_findings *findings);

/* Appends the document, indented by 2 and with a final newline. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_json_render(const struct kt_json *document, struct kt_str *out);

/* ---- Reading JSON (the hand-off file): strict, no duplicate keys, no NUL in texts ---- */

enum { KT_JSON_TEXT_MAX = 1 << 24 };

/* Parses text, an object or a list; -EBADMSG with "name:line:column: ..." in e. Free with kt_json_free. */
KT_MUST_CHECK int kt_json_parse(const char *name, const char *text, size_t len, struct kt_json **ret, struct kt_err *e);

/* The same for a document in which anybody may have written texts, as the Kubernetes API gives them out: a NUL inside
 * of a text is no error of the document; such a text alone is -EINVAL when it is asked for. */
KT_MUST_CHECK int kt_json_parse_foreign(const char *name, const char *text, size_t len, struct kt_json **ret,
                                        struct kt_err *e);

/* Members of an object: 0, -ENOENT, -EINVAL (another type) or -ENOMEM. Texts and parts are borrowed. */
KT_MUST_CHECK int kt_json_get_text(const struct kt_json *object, const char *key, const char **ret);
KT_MUST_CHECK int kt_json_get_count(const struct kt_json *object, const char *key, uint64_t *ret);
KT_MUST_CHECK int kt_json_get_real(const struct kt_json *object, const char *key, double *ret); /* whole ones, too */
KT_MUST_CHECK int kt_json_get_bool(const struct kt_json *object, const char *key, bool *ret);
KT_MUST_CHECK int kt_json_get_part(struct kt_json *object, const char *key, struct kt_json **ret);
/* The i-th element of a list, NULL behind its end or when list is none. Out of memory, its members give -ENOMEM. */
struct kt_json *kt_json_at(struct kt_json *list, size_t i);

/* ---- Text ---- */

/* Whether escape sequences may be used on stream: a terminal that is not "dumb", and NO_COLOR (no-color.org) empty or
 * unset. */
bool kt_report_has_colour(FILE *stream);

/* Paints one of the fixed words (ok, ready, refused, drift, error, warning, ...) when colour is true. Returns buf, or
 * word itself where there is nothing to paint; 32 bytes hold any of them. */
const char *kt_report_word(const char *word, bool colour, char *buf, size_t size);

/* A line "source: level: message" for each, with "  next: ..." below where that adds something; the last line counts
 * errors and warnings when there are any. Control characters are escaped: values come from outside. */
void kt_report_findings(const struct kt_findings *findings, bool colour, struct kt_str *out);

/* Writes the built text to stream and flushes; 0 or -errno (a full disk or a closed pipe is an error). */
KT_MUST_CHECK int kt_report_print(const struct kt_str *text, FILE *stream);

#endif
