/* SPDX-License-Identifier: Apache-2.0 */
/* The rules. */
#include "tuner/judge.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/text/num.h"

enum { NUMBERS_MAX = 8 }; /* the longest tuple of the kernel's network and memory settings has five */

struct numbers {
        uint64_t items[NUMBERS_MAX];
        size_t count;
};

static const char blanks[] = " \t";

static bool parse_number(const char *text, size_t len, uint64_t *ret)
{
        char word[KT_NUM_TEXT_MAX];

        if (len >= sizeof(word))
                return false;

        memcpy(word, text, len);
        word[len] = '\0';
        if (strcmp(word, "unlimited") == 0) {
                *ret = UINT64_MAX;
                return true;
        }
        return kt_num_parse_u64(word, ret) == 0;
}

static bool parse_numbers(const char *text, struct numbers *ret)
{
        ret->count = 0;
        for (text += strspn(text, blanks); *text != '\0'; text += strspn(text, blanks)) {
                size_t len = strcspn(text, blanks);

                if (ret->count == NUMBERS_MAX || !parse_number(text, len, &ret->items[ret->count]))
                        return false;
                ret->count++;
                text += len;
        }
        return ret->count > 0;
}

static bool is_word_of(const char *list, const char *word)
{
        size_t wanted = strlen(word);

        for (list += strspn(list, blanks); *list != '\0'; list += strspn(list, blanks)) {
                size_t len = strcspn(list, blanks);

                if (len == wanted && memcmp(list, word, len) == 0)
                        return true;
                list += len;
        }
        return false;
}

static bool is_equal(uint64_t have, const uint64_t *want)
{
        return have == want[0];
}

static bool is_at_least(uint64_t have, const uint64_t *want)
{
        return have >= want[0];
}

static bool is_at_most(uint64_t have, const uint64_t *want)
{
        return have <= want[0];
}

static bool is_between(uint64_t have, const uint64_t *want)
{
        return have >= want[0] && have <= want[1];
}

/* A rule for numbers: how many of them want holds, and whether have satisfies them. */
static const struct rule {
        size_t count;
        bool (*holds)(uint64_t have, const uint64_t *want);
        const char *wants;
} rules[KT_RULE_COUNT_] = {
        [KT_RULE_EXACT] = { 1, is_equal, "one number" },
        [KT_RULE_AT_LEAST] = { 1, is_at_least, "one number" },
        [KT_RULE_AT_MOST] = { 1, is_at_most, "one number" },
        [KT_RULE_BETWEEN] = { 2, is_between, "two numbers, the lower one first" },
        [KT_RULE_ONE_OF] = { 0, NULL, "one or more words" },
};

static bool parse_want(const struct kt_row *row, const char *want, struct numbers *ret)
{
        const struct rule *rule = &rules[row->rule];

        if (!rule->holds)
                return want[strspn(want, blanks)] != '\0';
        return parse_numbers(want, ret) && ret->count == rule->count && ret->items[0] <= ret->items[rule->count - 1];
}

int kt_tuner_judge_want(const struct kt_row *row, const char *want, struct kt_err *e)
{
        struct numbers numbers;

        if (parse_want(row, want, &numbers))
                return 0;
        return kt_err_set(e, -EINVAL, "%s wants %s, not '%s'", row->id, rules[row->rule].wants, want);
}

static int judge_numbers(const struct kt_row *row, const char *have, const struct numbers *want, bool *ret_holds,
                         struct kt_err *e)
{
        size_t column = row->type == KT_ROW_TUPLE ? row->column : 1;
        struct numbers numbers;

        if (!parse_numbers(have, &numbers) || (row->type == KT_ROW_NUMBER && numbers.count != 1))
                return kt_err_set(e, -EBADMSG, "%s holds '%s', which is no %s", row->path, have,
                                  kt_row_type_name(row->type));
        if (numbers.count < column)
                return kt_err_set(e, -EBADMSG, "%s holds '%s', which has no number %zu", row->path, have, column);

        *ret_holds = rules[row->rule].holds(numbers.items[column - 1], want->items);
        return 0;
}

int kt_tuner_judge(const struct kt_row *row, const char *have, const char *want, bool *ret_holds, struct kt_err *e)
{
        struct numbers wanted;
        int r;

        r = kt_tuner_judge_want(row, want, e);
        if (r < 0)
                return r;
        if (row->type == KT_ROW_CHOICE) {
                *ret_holds = is_word_of(want, have);
                return 0;
        }
        return parse_want(row, want, &wanted) ? judge_numbers(row, have, &wanted, ret_holds, e) : -EINVAL;
}

bool kt_tuner_judge_is_same(const struct kt_row *row, const char *left, const char *right)
{
        struct numbers a;
        struct numbers b;

        if (row->type == KT_ROW_CHOICE || !parse_numbers(left, &a) || !parse_numbers(right, &b))
                return strcmp(left, right) == 0;
        return a.count == b.count && memcmp(a.items, b.items, a.count * sizeof(a.items[0])) == 0;
}

static void add_number(struct kt_str *out, uint64_t number)
{
        if (number == UINT64_MAX)
                kt_str_add(out, "unlimited");
        else
                kt_str_addf(out, "%" PRIu64, number);
}

void kt_tuner_judge_target(const struct kt_row *row, const char *have, const char *want, struct kt_str *out)
{
        size_t column = row->type == KT_ROW_TUPLE ? row->column : 1;
        struct numbers wanted;
        struct numbers present;

        if (row->type == KT_ROW_CHOICE) {
                want += strspn(want, blanks);
                kt_str_add_bytes(out, want, strcspn(want, blanks));
                return;
        }
        if (!parse_want(row, want, &wanted) || !parse_numbers(have, &present) || present.count < column)
                return;

        present.items[column - 1] = wanted.items[present.items[column - 1] < wanted.items[0] ? 0 : wanted.count - 1];
        for (size_t i = 0; i < present.count; i++) {
                kt_str_add(out, i > 0 ? " " : "");
                add_number(out, present.items[i]);
        }
}
