#!/usr/bin/env bash
# prepare needs CHOWN, DAC_OVERRIDE and FOWNER and keeps nothing else; without privilege it verifies and explains; it does
# the same on a kernel without openat2(2).
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq strace unshare nsenter setpriv mkfs.xfs mkfs.ext4
# shellcheck source=../pod.sh
. tests/pod.sh
# shellcheck source=volumes.sh
. tests/system/volumes.sh

vol_make data-0 xfs
vol_spec /var/lib/kafka/data-0 <<<""
pod_start
handoff=$vol_dir/pod/run
data=$vol_dir/data-0/kafka-log0

# A log dir that was formatted as root was, and one file that only root may read.
fresh() {
  vol_empty data-0
  rm -rf "${handoff:?}"/*
  chown 0:0 "$vol_dir/data-0"
  chmod 755 "$vol_dir/data-0"
}
prepared() {
  fresh
  pod_init_caps=+chown,+dac_override,+fowner
  pod_init "$vol_initc" prepare >/dev/null || exit 1
}

# $1 removed capability; the case needs it. Clear verdict, nothing changed.
refuses_without() {
  pod_init_caps=$1
  vol_mark "$vol_dir/data-0" "$handoff"
  run 3 pod_init "$vol_initc" prepare -o json --termination-log "$vol_dir/termination"
  check "changes nothing" vol_is_unchanged
  check "names what is missing" grep -qE 'CHOWN|DAC_OVERRIDE|FOWNER' "$vol_dir/termination"
  check "says the next step" grep -q '^Next: ' "$vol_dir/termination"
}

t_case "without CHOWN"
prepared
chown -R 0:0 "$data"
refuses_without +dac_override,+fowner

t_case "without FOWNER"
prepared
mkdir -p "$data/orders-0"
chown 1000:1000 "$data/orders-0"
chmod 500 "$data/orders-0"
refuses_without +chown,+dac_override

t_case "without DAC_OVERRIDE, a folder of 1000 that others cannot read"
prepared
mkdir "$data/orders-0"
: >"$data/orders-0/00000000000000000000.log"
chown 1000:1000 "$data/orders-0"
chmod 700 "$data/orders-0"
refuses_without +chown,+fowner

t_case "without DAC_OVERRIDE, first boot on a volume of 1000"
fresh
chown 1000:1000 "$vol_dir/data-0"
refuses_without +chown,+fowner

t_case "with all three"
for spoiled in "chown -R 0:0 $data" "chmod 500 $data" "chmod 000 $data/meta.properties"; do
  prepared
  $spoiled
  run 0 pod_init "$vol_initc" prepare
done

t_case "privileged container"
pod_init_caps=+all
fresh
# held up in the middle of its work, so that it can be looked at
pod_init strace -f -o "$vol_dir/trace" -e trace=mkdirat -e inject=mkdirat:delay_enter=60000000:when=1 \
  "$vol_initc" prepare >/dev/null 2>&1 &
tracer=$!
status=""
for ((i = 0; i < 1000; i++)); do # as long as it is held up, or nearly: the machine may be busy
  child=$(pgrep -x -P "$tracer" kafka-initc) && status=$(cat "/proc/$child/status" 2>/dev/null)
  grep -q '^CapEff:.*b$' <<<"$status" && break
  sleep 0.02
done
{ kill -KILL "$child" "$tracer"; wait "$tracer"; } 2>/dev/null # the tracer would wait to the end of the delay
for set in CapPrm CapEff CapBnd; do # CHOWN is bit 0, DAC_OVERRIDE 1, FOWNER 3
  check "$set is those three" grep -qx "$set:[[:space:]]*000000000000000b" <<<"$status"
done
for set in CapInh CapAmb; do
  check "$set is empty" grep -qx "$set:[[:space:]]*0000000000000000" <<<"$status"
done

t_case "restricted: uid 1000, no capability"
fresh
chown 1000:1000 "$vol_dir/data-0"
chown 1000:1000 "$handoff"
run 0 pod_broker "$vol_initc" prepare
expect_stdout_has "start the broker"
check "formatted" test -f "$data/meta.properties"
vol_mark "$vol_dir/data-0" "$handoff"
run 0 pod_broker "$vol_initc" prepare
expect_stdout_has "nothing had to be changed"
check "second run changes nothing" vol_is_unchanged
: >"$data/from-root"
vol_mark "$vol_dir/data-0" "$handoff"
run 3 pod_broker "$vol_initc" prepare
expect_stdout_has "CHOWN, DAC_OVERRIDE and FOWNER"
expect_stdout_has "fsGroup"
check "changes nothing" vol_is_unchanged
rm "$data/from-root"
# $1 what is wrong
cannot_reach() {
  t_case "restricted: $1"
  vol_mark "$vol_dir/data-0" "$handoff"
  run 3 pod_broker "$vol_initc" prepare
  expect_stdout_has "CHOWN, DAC_OVERRIDE and FOWNER"
  check "changes nothing" vol_is_unchanged
}
chown -R 0:0 "$data"
chmod 700 "$data"
cannot_reach "a log dir that only root can open"
fresh
chown 1000:1000 "$handoff"
cannot_reach "an empty volume of root, without fsGroup"
chown 0:1000 "$vol_dir/data-0"
chmod 2775 "$vol_dir/data-0"
t_case "restricted: an empty volume with fsGroup"
run 0 pod_broker "$vol_initc" prepare
check "its log dir is the broker's" test "$(stat -c %u "$data")" = 1000

t_case "restricted, after the privileged one"
prepared
vol_mark "$vol_dir/data-0" "$handoff"
run 0 pod_broker "$vol_initc" prepare
expect_stdout_has "nothing had to be changed"
check "changes nothing" vol_is_unchanged

t_case "without openat2"
cat >"$vol_dir/launcher.c" <<'C'
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Runs a program where openat2(2) is unknown. */
int main(int argc, char **argv)
{
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

        if (argc < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ||
            syscall(SYS_openat2, -1, "", NULL, 0) >= 0 || errno != ENOSYS)
                return 99;
        return execv(argv[1], argv + 1);
}
C
if ! ${CC:-cc} -O1 -o "$vol_dir/launcher" "$vol_dir/launcher.c" 2>"$vol_dir/cc.err"; then
  skip "prepare" "no C compiler: $(head -n 1 "$vol_dir/cc.err")"
else
  prepared
  shape=$(vol_shape "$vol_dir/data-0" "$handoff")
  fresh
  run 0 pod_init "$vol_dir/launcher" "$vol_initc" prepare
  check "makes the same" test "$(vol_shape "$vol_dir/data-0" "$handoff")" = "$shape"
  vol_mark "$vol_dir/data-0" "$handoff"
  run 0 pod_init "$vol_dir/launcher" "$vol_initc" prepare
  check "second run changes nothing" vol_is_unchanged
  run 0 pod_init "$vol_initc" prepare
  check "nor does one with openat2" vol_is_unchanged
  ln -s /etc "$data/link"
  chown -R 0:0 "$data"
  run 0 pod_init "$vol_dir/launcher" "$vol_initc" prepare
  check "follows no link" test "$(stat -c %u /etc "$data/meta.properties" | tr '\n' ' ')" = "0 1000 "
  run 0 pod_broker "$vol_dir/launcher" "$vol_initc" exec -- true
fi
done_testing
