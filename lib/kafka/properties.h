/* SPDX-License-Identifier: Apache-2.0 */
/* Java properties files as java.util.Properties.load(InputStream) and store read and write them (Java SE 17 API). */
#ifndef KT_KAFKA_PROPERTIES_H
#define KT_KAFKA_PROPERTIES_H

#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"

/* One property; UTF-8 texts owned by the list. */
struct kt_property {
        char *key;
        char *value;
        /* where the value came from, or NULL: "server.properties:12", "kafka.yaml:14:5", "env KAFKA_X" */
        char *source;
        unsigned line; /* first line of the entry in its file; 0 when it came from elsewhere */
};

/* Zero-initialise; release with kt_properties_done. Order is the order of first appearance. */
struct kt_properties {
        struct kt_property *items;
        size_t count;
        size_t cap;
};

enum {
        KT_PROPERTIES_FILE_MAX = 1 << 20,
        KT_PROPERTIES_MAX = 4096, /* entries of one list; a broker knows a few hundred */
};

/* Called for a key that appears a second time, with the entry that is about to be replaced; may be NULL. */
typedef void kt_properties_on_duplicate(void *context, const struct kt_property *old, unsigned line);

/* Parses bytes as load(InputStream) does: ISO-8859-1, \uXXXX (surrogate pairs joined), continuation lines, '=', ':' or
 * white space as separator, '#' and '!' comments, a later key wins. *ret is overwritten, so it has to be empty. What
 * Java takes and we do not is -EBADMSG with "name:line: why": NUL characters and lone surrogates (no UTF-8 text can
 * hold them); malformed \u escapes are errors of Java's too. -EFBIG above KT_PROPERTIES_FILE_MAX, -E2BIG above
 * KT_PROPERTIES_MAX. */
KT_MUST_CHECK int kt_properties_parse(const char *name, const char *bytes, size_t len, struct kt_properties *ret,
                                      kt_properties_on_duplicate *on_duplicate, void *context, struct kt_err *e);
void kt_properties_done(struct kt_properties *list);

/* Sets or replaces; copies all three texts (source may be NULL). 0, -EILSEQ when key or value is no UTF-8, -E2BIG when
 * the list has KT_PROPERTIES_MAX entries already, or -ENOMEM; the list is as before then. */
KT_MUST_CHECK int kt_properties_set(struct kt_properties *list, const char *key, const char *value, const char *source);
/* NULL when there is no such key; borrowed until the next change. */
const struct kt_property *kt_properties_find(const struct kt_properties *list, const char *key);
const char *kt_properties_get(const struct kt_properties *list, const char *key);

/* Appends "key=value" lines, sorted by key, escaped so that load gives the same texts back (ASCII only). */
void kt_properties_render(const struct kt_properties *list, struct kt_str *out);
/* Appends one such line. Bytes that are no UTF-8 become U+FFFD. */
void kt_properties_render_line(const char *key, const char *value, struct kt_str *out);

#endif
