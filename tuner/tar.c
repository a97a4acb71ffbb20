/* SPDX-License-Identifier: Apache-2.0 */
/* tar archives, as POSIX.1-1988 has them (ustar interchange format). */
#include "tuner/tar.h"

#include <string.h>

enum { BLOCK = 512 };

struct header {
        char name[100];
        char mode[8];
        char uid[8];
        char gid[8];
        char size[12];
        char mtime[12];
        char checksum[8];
        char type;
        char link[100];
        char magic[6];
        char version[2];
        char user[32];
        char group[32];
        char dev_major[8];
        char dev_minor[8];
        char prefix[155];
        char rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

/* Octal digits and a NUL; larger values than fit do not occur. */
static void set_octal(char *field, size_t size, size_t value)
{
        field[size - 1] = '\0';
        for (size_t i = size - 1; i > 0; i--, value >>= 3)
                field[i - 1] = (char)('0' + (value & 7));
}

/* The sum of all bytes, those of the checksum taken as blanks. */
static void seal(struct header *header)
{
        const unsigned char *bytes = (const unsigned char *)header;
        size_t sum = 0;

        memset(header->checksum, ' ', sizeof(header->checksum));
        for (size_t i = 0; i < sizeof(*header); i++)
                sum += bytes[i];
        set_octal(header->checksum, sizeof(header->checksum) - 1, sum);
}

/* Fields need no NUL at their ends when they are full. */
static void set_text(char *field, size_t size, const char *text)
{
        size_t len = strlen(text);

        memcpy(field, text, len < size ? len : size);
}

static void add_block(struct kt_str *out, char type, const char *path, const char *target, mode_t mode, size_t size)
{
        struct header header = { .type = type };

        set_text(header.name, sizeof(header.name), path);
        set_text(header.link, sizeof(header.link), target);
        set_octal(header.mode, sizeof(header.mode), mode & 07777);
        set_octal(header.uid, sizeof(header.uid), 0);
        set_octal(header.gid, sizeof(header.gid), 0);
        set_octal(header.size, sizeof(header.size), size);
        set_octal(header.mtime, sizeof(header.mtime), 0);
        memcpy(header.magic, "ustar", sizeof("ustar"));
        memcpy(header.version, "00", sizeof(header.version));
        seal(&header);
        kt_str_add_bytes(out, &header, sizeof(header));
}

static void add_data(struct kt_str *out, const void *data, size_t len)
{
        static const char zeros[BLOCK];

        kt_str_add_bytes(out, data, len);
        kt_str_add_bytes(out, zeros, (BLOCK - len % BLOCK) % BLOCK);
}

/* GNU's answer to names that do not fit: an entry before the entry, whose data is the name. */
static void add_long(struct kt_str *out, char type, const char *text, size_t fits)
{
        if (strlen(text) <= fits)
                return;
        add_block(out, type, "././@LongLink", "", 0, strlen(text) + 1);
        add_data(out, text, strlen(text) + 1);
}

static void add_entry(struct kt_str *out, char type, const char *path, const char *target, mode_t mode, size_t size)
{
        const struct header *header = NULL;

        add_long(out, 'K', target, sizeof(header->link));
        add_long(out, 'L', path, sizeof(header->name));
        add_block(out, type, path, target, mode, size);
}

void kt_tar_add_file(struct kt_str *out, const char *path, mode_t mode, const void *data, size_t len)
{
        add_entry(out, '0', path, "", mode, len);
        add_data(out, data, len);
}

void kt_tar_add_link(struct kt_str *out, const char *path, const char *target)
{
        add_entry(out, '2', path, target, 0777, 0);
}

void kt_tar_add_dir(struct kt_str *out, const char *path)
{
        add_entry(out, '5', path, "", 0755, 0);
}

void kt_tar_finish(struct kt_str *out)
{
        static const char zeros[2 * BLOCK];

        kt_str_add_bytes(out, zeros, sizeof(zeros));
}
