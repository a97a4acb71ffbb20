/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML document as a tree whose every node knows its line and column; the only file behind it that knows libyaml. */
#ifndef KT_APP_YAML_H
#define KT_APP_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"

enum kt_yaml_kind { KT_YAML_NULL, KT_YAML_SCALAR, KT_YAML_LIST, KT_YAML_MAP };

struct kt_yaml {
        enum kt_yaml_kind kind;
        unsigned line;   /* from 1 */
        unsigned column; /* from 1 */
        bool is_plain;   /* a scalar without quotes: only such ones are numbers or booleans */
        char *text;      /* a scalar's value, UTF-8, no NUL inside */
        struct kt_yaml *parent;
        struct kt_yaml **items; /* a list's or a map's values */
        struct kt_yaml **keys;  /* a map's keys (scalars), beside items */
        size_t count;
        size_t item_cap;
        size_t key_cap;
};

enum {
        KT_YAML_FILE_MAX = 1 << 20, /* a ConfigMap holds at most 1 MiB */
        KT_YAML_DEPTH_MAX = 32,
        KT_YAML_NODES_MAX = 100000,
};

/* Parses one document. Anchors, aliases, tags, merge keys, keys that are no scalars, duplicate keys, NUL characters, a
 * second document, and what the limits above forbid are errors: -EBADMSG with "name:line:column: ..." in e. An empty
 * text gives a NULL node. Free with kt_yaml_free. */
KT_MUST_CHECK int kt_yaml_parse(const char *name, const char *text, size_t len, struct kt_yaml **ret, struct kt_err *e);
void kt_yaml_free(struct kt_yaml *node);

/* Value of a key in a map, NULL when it is not there or node is no map. */
const struct kt_yaml *kt_yaml_get(const struct kt_yaml *node, const char *key);

#endif
