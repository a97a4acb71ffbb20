/* SPDX-License-Identifier: Apache-2.0 */
/* meta.properties. The file lies on a volume that anybody may have written to. */
#include "lib/kafka/meta.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/kafka/properties.h"
#include "lib/text/num.h"

enum { VERSION_ZOOKEEPER = 0, VERSION_KRAFT = 1 };

/* Integer.parseInt: a sign, digits, leading zeros as one likes. */
KT_MUST_CHECK static int parse_java_int(const char *text, int64_t min, int64_t max, int *ret)
{
        int64_t value;
        int r;

        if (text[0] == '+' && text[1] != '-')
                text++;

        r = kt_num_parse_i64(text, &value);
        if (r < 0)
                return r;
        if (value < min || value > max)
                return -ERANGE;

        *ret = (int)value;
        return 0;
}

KT_MUST_CHECK static int read_version(const struct kt_properties *list, const char *name, struct kt_meta *meta,
                                      struct kt_err *e)
{
        const char *text = kt_properties_get(list, "version");
        char trimmed[KT_NUM_TEXT_MAX];
        size_t len;

        if (!text)
                return 0;

        /* The one value that Kafka trims; load has dropped white space in front already. */
        len = strlen(text);
        while (len > 0 && (unsigned char)text[len - 1] <= ' ')
                len--;
        if (len >= sizeof(trimmed))
                return kt_err_set(e, -EBADMSG, "%s: version is no number", name);

        memcpy(trimmed, text, len);
        trimmed[len] = '\0';
        if (parse_java_int(trimmed, VERSION_ZOOKEEPER, VERSION_KRAFT, &meta->version) < 0)
                return kt_err_set(e, -EBADMSG, "%s: version=%s is neither 0 (ZooKeeper mode) nor 1 (KRaft)", name,
                                  trimmed);
        return 0;
}

KT_MUST_CHECK static int read_node_id(const struct kt_properties *list, const char *name, struct kt_meta *meta,
                                      struct kt_err *e)
{
        const char *key = meta->version == VERSION_KRAFT ? "node.id" : "broker.id";
        const char *text = kt_properties_get(list, key);
        int node_id;

        if (!text)
                return meta->version == VERSION_KRAFT ? kt_err_set(e, -EBADMSG, "%s: no node.id", name) : 0;

        if (parse_java_int(text, 0, INT32_MAX, &node_id) < 0)
                return kt_err_set(e, -EBADMSG, "%s: %s=%.64s is no node id", name, key, text);

        meta->node_id = node_id;
        meta->has_node_id = true;
        return 0;
}

static bool has_control_characters(const char *text)
{
        for (; *text; text++)
                if ((unsigned char)*text < ' ' || *text == 0x7f)
                        return true;
        return false;
}

KT_MUST_CHECK static int read_cluster_id(const struct kt_properties *list, const char *name, struct kt_meta *meta,
                                         struct kt_err *e)
{
        const char *text = kt_properties_get(list, "cluster.id");

        if (!text || text[0] == '\0')
                return meta->version == VERSION_KRAFT ? kt_err_set(e, -EBADMSG, "%s: no cluster.id", name) : 0;

        if (has_control_characters(text))
                return kt_err_set(e, -EBADMSG, "%s: cluster.id has control characters in it", name);
        if (strlen(text) >= sizeof(meta->cluster_id))
                return kt_err_set(e, -EBADMSG, "%s: cluster.id has more than %zu bytes", name,
                                  sizeof(meta->cluster_id) - 1);

        memcpy(meta->cluster_id, text, strlen(text) + 1);
        return 0;
}

KT_MUST_CHECK static int read_directory_id(const struct kt_properties *list, const char *name, struct kt_meta *meta,
                                           struct kt_err *e)
{
        const char *text = kt_properties_get(list, "directory.id");

        if (!text)
                return 0;

        if (kt_uuid_parse(text, &meta->directory_id, NULL) < 0)
                return kt_err_set(e, -EBADMSG, "%s: directory.id is not 22 characters of base64url", name);

        meta->has_directory_id = true;
        return 0;
}

int kt_meta_parse(const char *name, const char *bytes, size_t len, struct kt_meta *ret, struct kt_err *e)
{
        static int (*const readers[])(const struct kt_properties *, const char *, struct kt_meta *, struct kt_err *) = {
                read_version, /* the others depend on it */
                read_node_id,
                read_cluster_id,
                read_directory_id,
        };
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        struct kt_meta meta = { 0 };
        int r;

        if (len > KT_META_FILE_MAX)
                return kt_err_set(e, -EBADMSG, "%s is larger than %d bytes", name, KT_META_FILE_MAX);

        r = kt_properties_parse(name, bytes, len, &list, NULL, NULL, e);
        if (r < 0)
                return r;

        for (size_t i = 0; i < KT_COUNT(readers); i++) {
                r = readers[i](&list, name, &meta, e);
                if (r < 0)
                        return r;
        }

        *ret = meta;
        return 0;
}

/* java.util.Date.toString in UTC; strftime would follow the locale. */
static void add_date(int64_t unix_seconds, struct kt_str *out)
{
        static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
        static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        static const int64_t year_9999_end = 253402300799;
        int64_t clamped = unix_seconds < 0 ? 0 : unix_seconds > year_9999_end ? year_9999_end : unix_seconds;
        time_t seconds = (time_t)clamped;
        struct tm tm;

        if (!gmtime_r(&seconds, &tm)) /* cannot fail for these years */
                return;
        kt_str_addf(out, "#%s %s %02d %02d:%02d:%02d UTC %d\n", days[tm.tm_wday], months[tm.tm_mon], tm.tm_mday,
                    tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_year + 1900);
}

/* The order is the one in which java.util.Properties stores these keys (seen with JDK 17). */
void kt_meta_render(const struct kt_meta *meta, int64_t unix_seconds, struct kt_str *out)
{
        char directory_id[KT_UUID_TEXT_MAX];

        kt_str_add(out, "#\n");
        add_date(unix_seconds, out);
        if (meta->has_node_id)
                kt_str_addf(out, "%s=%d\n", meta->version == VERSION_KRAFT ? "node.id" : "broker.id", meta->node_id);
        if (meta->has_directory_id)
                kt_properties_render_line("directory.id", kt_uuid_format(&meta->directory_id, directory_id), out);
        kt_str_addf(out, "version=%d\n", meta->version);
        if (meta->cluster_id[0] != '\0')
                kt_properties_render_line("cluster.id", meta->cluster_id, out);
}
