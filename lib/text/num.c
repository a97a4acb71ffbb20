/* SPDX-License-Identifier: Apache-2.0 */
/* Strict numbers, sizes and durations. */
#include "lib/text/num.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
        const char *suffix;
        uint64_t factor;
};

static const struct unit size_units[] = {
        { "", 1 },
        { "k", 1000 },
        { "M", 1000000 },
        { "G", 1000000000 },
        { "T", 1000000000000 },
        { "P", 1000000000000000 },
        { "Ki", 1ULL << 10 },
        { "Mi", 1ULL << 20 },
        { "Gi", 1ULL << 30 },
        { "Ti", 1ULL << 40 },
        { "Pi", 1ULL << 50 },
};

static const struct unit duration_units[] = {
        { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 60 * 60 * 1000 }, { "d", 24 * 60 * 60 * 1000 },
};

/* Reads digits of the base at the start of text; returns how many characters, 0 when there is none, or -ERANGE. */
static int read_digits(const char *text, unsigned base, uint64_t *ret)
{
        uint64_t value = 0;
        int n = 0;

        for (; text[n] >= '0' && (unsigned)(text[n] - '0') < base; n++)
                if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(text[n] - '0'), &value))
                        return -ERANGE;

        *ret = value;
        return n;
}

static int parse_whole(const char *text, unsigned base, uint64_t *ret)
{
        uint64_t value;
        int n = read_digits(text, base, &value);

        if (n < 0)
                return n;
        if (n == 0 || text[n] != '\0')
                return -EINVAL;

        *ret = value;
        return 0;
}

int kt_num_parse_u64(const char *text, uint64_t *ret)
{
        return parse_whole(text, 10, ret);
}

int kt_num_parse_u64_in(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
        uint64_t value;
        int r;

        r = parse_whole(text, 10, &value);
        if (r < 0)
                return r;
        if (value < min || value > max)
                return -ERANGE;

        *ret = value;
        return 0;
}

int kt_num_parse_i64(const char *text, int64_t *ret)
{
        bool negative = text[0] == '-';
        uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
        uint64_t value;
        int r;

        r = kt_num_parse_u64_in(text + (negative ? 1 : 0), 0, limit, &value);
        if (r < 0)
                return r;

        *ret = negative ? (int64_t)(0 - value) : (int64_t)value;
        return 0;
}

int kt_num_parse_octal(const char *text, uint32_t *ret)
{
        uint64_t value;
        int r;

        r = parse_whole(text, 8, &value);
        if (r < 0)
                return r;
        if (value > UINT32_MAX)
                return -ERANGE;

        *ret = (uint32_t)value;
        return 0;
}

int kt_num_parse_double(const char *text, double *ret)
{
        double value;
        char *end;

        if (!isdigit((unsigned char)text[0]) && text[0] != '-' && text[0] != '.')
                return -EINVAL;
        if (strpbrk(text, "xXpPnN")) /* no hexadecimal, no nan, no infinity */
                return -EINVAL;

        errno = 0;
        value = strtod(text, &end); /* the one place; lint lets this file */
        if (end == text || *end != '\0')
                return -EINVAL;
        if (!isfinite(value))
                return -ERANGE;

        *ret = value;
        return 0;
}

static const struct unit *find_unit(const struct unit *units, size_t count, const char *suffix)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(units[i].suffix, suffix) == 0)
                        return &units[i];
        return NULL;
}

/* Adds ceil(0.digits * factor) to value; text points behind the point. Returns the digits read, or an error. */
static int add_fraction(const char *text, uint64_t factor, int digits, uint64_t *value)
{
        __extension__ typedef unsigned __int128 wide;
        wide numerator = 0;
        wide denominator = 1;

        for (int i = 0; i < digits; i++) {
                numerator = numerator * 10 + (unsigned)(text[i] - '0');
                denominator *= 10;
        }
        numerator = numerator * factor + denominator - 1;
        if (__builtin_add_overflow(*value, (uint64_t)(numerator / denominator), value))
                return -ERANGE;
        return 0;
}

int kt_num_parse_size(const char *text, uint64_t *ret_bytes)
{
        enum { FRACTION_MAX = 18 }; /* 10^18 * 2^50 fits in 128 bits */
        const struct unit *unit;
        const char *fraction = NULL;
        uint64_t value;
        int digits = 0;
        int n = read_digits(text, 10, &value);

        if (n < 0)
                return n;
        if (n == 0)
                return -EINVAL;

        if (text[n] == '.') {
                fraction = text + n + 1;
                while (isdigit((unsigned char)fraction[digits]))
                        digits++;
                if (digits == 0 || digits > FRACTION_MAX)
                        return -EINVAL;
                n += 1 + digits;
        }

        unit = find_unit(size_units, KT_COUNT(size_units), text + n);
        if (!unit)
                return -EINVAL;
        if (__builtin_mul_overflow(value, unit->factor, &value))
                return -ERANGE;
        if (fraction && add_fraction(fraction, unit->factor, digits, &value) < 0)
                return -ERANGE;

        *ret_bytes = value;
        return 0;
}

int kt_num_parse_duration(const char *text, int64_t *ret_ms)
{
        const struct unit *unit;
        uint64_t value;
        int n = read_digits(text, 10, &value);

        if (n < 0)
                return n;
        if (n == 0)
                return -EINVAL;
        if (value == 0 && text[n] == '\0') {
                *ret_ms = 0;
                return 0;
        }

        unit = find_unit(duration_units, KT_COUNT(duration_units), text + n);
        if (!unit)
                return -EINVAL;
        if (__builtin_mul_overflow(value, unit->factor, &value) || value > INT64_MAX)
                return -ERANGE;

        *ret_ms = (int64_t)value;
        return 0;
}

const char *kt_num_format_count(uint64_t value, char buf[KT_NUM_TEXT_MAX])
{
        char plain[KT_NUM_TEXT_MAX];
        int len = snprintf(plain, sizeof(plain), "%llu", (unsigned long long)value);
        char *out = buf;

        for (int i = 0; i < len; i++) {
                if (i > 0 && (len - i) % 3 == 0)
                        *out++ = ',';
                *out++ = plain[i];
        }
        *out = '\0';
        return buf;
}

/* The largest unit that leaves a number of at least one, also when rounding makes it one: no "1024 KiB". */
static const char *format_scaled(uint64_t bytes, unsigned step, const char *const *names, char buf[KT_NUM_TEXT_MAX])
{
        double value = (double)bytes;
        size_t unit = 0;

        while (value >= step - 0.5 && names[unit + 1]) {
                value /= step;
                unit++;
        }
        if (unit == 0)
                (void)snprintf(buf, KT_NUM_TEXT_MAX, "%llu B", (unsigned long long)bytes); /* always fits */
        else
                (void)snprintf(buf, KT_NUM_TEXT_MAX, "%.*f %s", value < 99.95 ? 1 : 0, value, names[unit]); /* fits */
        return buf;
}

const char *kt_num_format_binary(uint64_t bytes, char buf[KT_NUM_TEXT_MAX])
{
        static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", NULL };

        return format_scaled(bytes, 1024, names, buf);
}

const char *kt_num_format_decimal(uint64_t bytes, char buf[KT_NUM_TEXT_MAX])
{
        static const char *const names[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB", NULL };

        return format_scaled(bytes, 1000, names, buf);
}
