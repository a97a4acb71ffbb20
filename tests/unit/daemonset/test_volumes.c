/* SPDX-License-Identifier: Apache-2.0 */
/* Which mounts are volumes of pods. */
#include "daemonset/volumes.h"

#include "tests/unit/support.h"

#define UID  "179734ac-bdfd-43c6-8587-9671a657abaa"
#define POD  "/var/lib/kubelet/pods/" UID
#define NAME "pvc-6f1c"

static void test_volume_parse__forms(void **state)
{
        static const struct {
                const char *target;
                bool is_volume;
                const char *why;
        } rows[] = {
                { POD "/volumes/kubernetes.io~local-volume/" NAME, true, "a local volume" },
                { POD "/volumes/kubernetes.io~csi/" NAME "/mount", true, "a CSI driver's" },
                { POD "/volumes/kubernetes.io~aws-ebs/" NAME, true, "in tree" },
                { POD "/volumes/example.com~flex/" NAME, true, "a FlexVolume" },
                { POD "/volumes/kubernetes.io~csi/" NAME "/mount/x", false, "something inside it" },
                { POD "/volumes/kubernetes.io~local-volume/" NAME "/mount", false, "only CSI has a folder more" },
                { POD "/volumes/kubernetes.io~projected/kube-api-access-x", false, "a token" },
                { POD "/volumes/kubernetes.io~empty-dir/" NAME, false, "goes with the pod" },
                { POD "/volumes/kubernetes.io~secret/" NAME, false, "a secret" },
                { POD "/volume-subpaths/" NAME "/kafka/0", false, "a part of a volume" },
                { POD "/volumes/kubernetes.io~csi", false, "no name" },
                { POD "/volumes//" NAME, false, "no plug-in" },
                { POD, false, "no volume" },
                { "/var/lib/kubelet", false, "the folder itself" },
                { "/var/lib/kubelet2/pods/" UID "/volumes/a~b/c", false, "another folder" },
                { "/", false, "shorter" },
                { "", false, "nothing" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_volume_path path = { 0 };

                if (kt_volume_parse("/var/lib/kubelet", rows[i].target, &path) != rows[i].is_volume)
                        fail_msg("%s: %s", rows[i].target, rows[i].why);
                assert_string_equal(path.pod_uid, rows[i].is_volume ? UID : "");
                assert_string_equal(path.name, rows[i].is_volume ? NAME : "");
        }
}

static void test_volume_parse__long_names(void **state)
{
        struct kt_volume_path path = { 0 };
        char target[1024] = POD "/volumes/a~b/";
        size_t len = sizeof(POD "/volumes/a~b/") - 1;

        (void)state;
        for (size_t i = 0; i < KT_VOLUME_NAME_MAX; i++)
                target[len + i] = 'x';
        assert_false(kt_volume_parse("/var/lib/kubelet", target, &path));
        target[len + KT_VOLUME_NAME_MAX - 1] = '\0';
        assert_true(kt_volume_parse("/var/lib/kubelet", target, &path));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_volume_parse__forms),
                cmocka_unit_test(test_volume_parse__long_names),
        };

        return TEST_MAIN(tests);
}
