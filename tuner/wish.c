/* SPDX-License-Identifier: Apache-2.0 */
/* Rows, the workload and kafka.yaml make wishes. */
#include "tuner/wish.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/text/num.h"
#include "tuner/judge.h"

enum { PLAIN_DIGITS_MAX = 12 };

#define PROFILE "kafka" /* the set of rows with is_default */

static void refuse_id(const char *id, const char *source, struct kt_findings *findings)
{
        const struct kt_finding head = {
                .level = KT_LEVEL_ERROR,
                .id = "unknown-tunable",
                .value = id,
                .source = source,
                .next = "kafka-tuner list",
        };
        const char *near = NULL;

        (void)kt_row_find(id, &near); /* it is known not to be there; only what is near it counts */
        if (near)
                kt_findings_add(findings, &head, "'%s' is no tunable; did you mean %s?", id, near);
        else
                kt_findings_add(findings, &head, "'%s' is no tunable", id);
}

static void check_tunables(const struct kt_spec *spec, struct kt_findings *findings)
{
        for (size_t i = 0; i < spec->tuning.tunable_count; i++) {
                const struct kt_spec_tunable *tunable = &spec->tuning.tunables[i];
                const struct kt_row *row = kt_row_find(tunable->id, NULL);
                KT_AUTO_STR struct kt_str source = { 0 };
                struct kt_err e = { 0 };

                kt_str_addf(&source, "%s:%u:%u", spec->file, tunable->line, tunable->column);
                if (!row) {
                        refuse_id(tunable->id, kt_str_get(&source), findings);
                } else if (tunable->want && kt_tuner_judge_want(row, tunable->want, &e) < 0) {
                        const struct kt_finding head = {
                                .level = KT_LEVEL_ERROR,
                                .id = "tunable-want",
                                .key = row->id,
                                .value = tunable->want,
                                .source = kt_str_get(&source),
                        };

                        kt_findings_add(findings, &head, "%s", e.text);
                }
        }
}

static void check_profile(const struct kt_spec *spec, struct kt_findings *findings)
{
        const struct kt_finding head = {
                .level = KT_LEVEL_ERROR,
                .id = "unknown-profile",
                .key = "tuning.profile",
                .value = spec->tuning.profile,
                .source = spec->file,
        };

        if (strcmp(spec->tuning.profile, PROFILE) != 0)
                kt_findings_add(findings, &head, "'%s' is no profile; there is one, %s", spec->tuning.profile, PROFILE);
}

void kt_wish_check_only(const char *only, const char *option, struct kt_findings *findings)
{
        for (const char *at = only;; at++) {
                size_t len = strcspn(at, ",");
                char id[KT_ROW_ID_MAX] = "";

                if (len >= sizeof(id))
                        len = sizeof(id) - 1; /* longer than any id: it is unknown and shown cut */
                memcpy(id, at, len);
                if (!kt_row_find(id, NULL))
                        refuse_id(id, option, findings);
                at += strcspn(at, ",");
                if (*at == '\0')
                        return;
        }
}

bool kt_wish_is_listed(const char *only, const char *id)
{
        size_t len = strlen(id);

        for (const char *at = only;; at++) {
                size_t n = strcspn(at, ",");

                if (n == len && memcmp(at, id, len) == 0)
                        return true;
                at += n;
                if (*at == '\0')
                        return false;
        }
}

static const struct kt_spec_tunable *find_tunable(const struct kt_spec *spec, const char *id)
{
        for (size_t i = 0; i < spec->tuning.tunable_count; i++)
                if (strcmp(spec->tuning.tunables[i].id, id) == 0)
                        return &spec->tuning.tunables[i];
        return NULL;
}

static bool is_selected(const struct kt_row *row, const struct kt_selection *selection,
                        const struct kt_spec_tunable *tunable)
{
        if (selection->all)
                return true;
        if (selection->only)
                return kt_wish_is_listed(selection->only, row->id);
        if (selection->no_process && row->scope == KT_SCOPE_PROCESS)
                return false;
        if (tunable)
                return tunable->policy != KT_POLICY_IGNORE;
        return row->is_default || (selection->devices && row->scope == KT_SCOPE_DEVICE);
}

/* The value of kafka.yaml, of the row, or of the workload, in this order. */
static void fill(const struct kt_inputs *inputs, const struct kt_row *row, const struct kt_spec_tunable *tunable,
                 struct kt_str *want, struct kt_str *why)
{
        if (tunable && tunable->want) {
                kt_str_add(want, tunable->want);
                kt_str_addf(why, "%s:%u wants it", inputs->spec.file, tunable->line);
        } else if (row->derive) {
                kt_str_addf(want, "%" PRIu64, row->derive(inputs, why));
        } else {
                kt_str_add(want, row->want);
                kt_str_add(why, row->why);
        }
}

static int add_wish(const struct kt_inputs *inputs, const struct kt_row *row, const struct kt_spec_tunable *tunable,
                    struct kt_wishes *wishes)
{
        KT_AUTO_STR struct kt_str want = { 0 };
        KT_AUTO_STR struct kt_str why = { 0 };
        struct kt_wish wish = { .row = row,
                                .is_check_only =
                                        row->is_check_only || (tunable && tunable->policy == KT_POLICY_CHECK) };

        if (kt_array_reserve(&wishes->items, &wishes->cap, wishes->count + 1, sizeof(*wishes->items)) < 0)
                return -ENOMEM;

        fill(inputs, row, tunable, &want, &why);
        wish.want = kt_str_take(&want);
        wish.why = kt_str_take(&why);
        wishes->items[wishes->count++] = wish;
        return wish.want && wish.why ? 0 : -ENOMEM;
}

int kt_wishes_make(const struct kt_inputs *inputs, const struct kt_selection *selection, struct kt_wishes *ret,
                   struct kt_findings *findings, struct kt_err *e)
{
        check_profile(&inputs->spec, findings);
        check_tunables(&inputs->spec, findings);
        if (selection->only)
                kt_wish_check_only(selection->only, "--only", findings);
        if (kt_findings_count(findings, KT_LEVEL_ERROR) > 0)
                return -EINVAL;

        for (size_t i = 0; i < kt_row_count(); i++) {
                const struct kt_row *row = kt_row_at(i);
                const struct kt_spec_tunable *tunable = find_tunable(&inputs->spec, row->id);
                int r = 0;

                if (is_selected(row, selection, tunable))
                        r = add_wish(inputs, row, tunable, ret);
                else if (!selection->only && tunable && tunable->policy == KT_POLICY_IGNORE)
                        ret->ignored++;
                if (r < 0)
                        return kt_err_set(e, r, "list the tunables");
        }
        return 0;
}

void kt_wishes_done(struct kt_wishes *wishes)
{
        for (size_t i = 0; i < wishes->count; i++) {
                free(wishes->items[i].want);
                free(wishes->items[i].why);
        }
        free(wishes->items);
        *wishes = (struct kt_wishes){ 0 };
}

void kt_wish_show_value(const char *value, struct kt_str *out)
{
        size_t len = strlen(value);
        uint64_t number;

        if (len <= PLAIN_DIGITS_MAX || kt_num_parse_u64(value, &number) < 0)
                kt_str_add(out, value);
        else
                kt_str_addf(out, "%c.%ce%zu", value[0], value[1], len - 1);
}

void kt_wish_show(const struct kt_wish *wish, struct kt_str *out)
{
        /* What stands in front of the value, and what a blank in it means. */
        static const struct {
                const char *before;
                const char *between;
        } shown[KT_RULE_COUNT_] = {
                [KT_RULE_EXACT] = { "", " " },      [KT_RULE_AT_LEAST] = { ">= ", " " },
                [KT_RULE_AT_MOST] = { "<= ", " " }, [KT_RULE_BETWEEN] = { "", " to " },
                [KT_RULE_ONE_OF] = { "", " or " },
        };
        const char *blank = strchr(wish->want, ' ');

        kt_str_add(out, shown[wish->row->rule].before);
        if (!blank)
                kt_wish_show_value(wish->want, out);
        for (const char *at = wish->want; blank && *at != '\0'; at++) {
                if (*at == ' ')
                        kt_str_add(out, shown[wish->row->rule].between);
                else
                        kt_str_add_char(out, *at);
        }
        if (wish->row->type == KT_ROW_TUPLE)
                kt_str_addf(out, " (number %u)", wish->row->column);
}
