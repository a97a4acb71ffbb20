#!/usr/bin/env bash
# A volume made by an attacker who was the broker: nothing outside the log dir changes its owner, mode or content, and
# nothing on the volume stalls or misleads prepare.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
need_root
need_cmd jq perl unshare nsenter setpriv mkfs.xfs mkfs.ext4
# shellcheck source=../pod.sh
. tests/pod.sh
# shellcheck source=volumes.sh
. tests/system/volumes.sh

vol_make data-0 xfs
vol_make other ext4
mkdir "$vol_dir/tier"
vol_spec /var/lib/kafka/data-0 <<<""
pod_start
volume=$vol_dir/data-0
data=$volume/kafka-log0
mounts_before=("${pod_mounts[@]}")

# A prepared volume; beside the log dir, on the same filesystem, what must stay root's.
fresh() {
  vol_empty data-0
  pod_mounts=("${mounts_before[@]}")
  pod_init "$vol_initc" prepare >/dev/null || { not_ok "a fresh volume"; exit 1; }
  mkdir -p "$volume/outside/folder" "$data/orders-0"
  echo secret >"$volume/outside/file"
  echo secret >"$volume/outside/folder/file"
  chmod 600 "$volume/outside/file"
  chown 1000:1000 "$data/orders-0"
}
outside=("$volume/outside" "$vol_dir/other" /etc/passwd)

# prepare with one hostile thing there. $1 exit status, $2 id of the finding, $3 its level
meets() {
  vol_tree "${outside[@]}" >"$vol_dir/outside-before"
  [ "$1" = 0 ] || vol_mark "$volume" "$vol_dir/pod/run"
  run "$1" pod_init timeout 20 "$vol_initc" prepare -o json
  check "says $2" grep -qxF -- "$2" <(ids "${3:-error}")
  [ "$1" = 0 ] || check "changes nothing" vol_is_unchanged
  vol_tree "${outside[@]}" >"$vol_dir/outside-after"
  check "nothing outside changed" diff "$vol_dir/outside-before" "$vol_dir/outside-after"
}
make_socket() { perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die' "$1"; }
is_owned() { [ "$(stat -c %u "$1")" = "$2" ] || { echo "$1 belongs to $(stat -c %u "$1")"; return 1; }; }

t_case "symbolic links"
fresh
ln -s ../outside/file "$data/file"
ln -s ../../outside/file "$data/orders-0/00000000000000000000.log"
ln -s ../outside/folder "$data/orders-1"
ln -s /etc/passwd "$data/absolute"
ln -s /proc/self/root/etc/passwd "$data/magic"
ln -s nowhere "$data/dangling"
ln -s loop "$data/loop"
: >"$data/roots"
meets 0 entry warning
check "what is no link was given away" is_owned "$data/roots" 1000
check "the links stay as they are" is_owned "$data/absolute" 0

t_case "hard link to a file of root beside the log dir"
fresh
ln "$volume/outside/file" "$data/orders-0/00000000000000000000.log"
meets 1 entry

t_case "hard link to a file of root in an unformatted log dir"
fresh
rm -r "$data"
mkdir "$data"
ln "$volume/outside/file" "$data/.meta.properties.k8skafka-tmp"
meets 1 entry

t_case "links under the names that formatting uses"
fresh
rm -r "$data"
mkdir "$data"
for name in meta.properties bootstrap.checkpoint; do ln -s "$volume/outside/file" "$data/.$name.k8skafka-tmp"; done
meets 0 entry warning
check "formatted" test -f "$data/meta.properties" -a ! -L "$data/meta.properties"

t_case "two names of a file of the broker"
fresh
: >"$data/orders-0/a"
chown 1000:1000 "$data/orders-0/a"
ln "$data/orders-0/a" "$data/orders-0/b"
run 0 pod_init "$vol_initc" prepare

t_case "device, fifo and socket"
fresh
mknod "$data/null" c 1 3
mknod "$data/orders-0/disk" b 7 0
mkfifo "$data/fifo" "$data/orders-0/00000000000000000000.index"
make_socket "$data/socket"
meets 0 entry warning
check "the device stays root's" is_owned "$data/null" 0
check "the block device too" is_owned "$data/orders-0/disk" 0

t_case "set-id file of root"
fresh
cp /bin/true "$data/shell"
chmod 4755 "$data/shell"
meets 1 entry
chmod 2755 "$data/shell"
meets 1 entry

# $1 folder of this machine that is mounted inside the log dir
mounted_inside() {
  fresh
  mkdir "$data/orders-1"
  pod_volume "$1" /var/lib/kafka/data-0/kafka-log0/orders-1
  meets 1 entry
}
t_case "a mount of the same filesystem in the log dir"
mounted_inside "$volume/outside"
t_case "a mount of another filesystem in the log dir"
mounted_inside "$vol_dir/other"
t_case "the root of the machine in the log dir"
mounted_inside /etc

# $1 what makes the file $data/meta.properties
with_meta() {
  fresh
  rm "$data/meta.properties"
  "$@" "$data/meta.properties"
  meets 1 meta-unreadable
}
make_long() { head -c 10M /dev/zero | tr '\0' '#' >"$1"; }
make_zeros() { head -c 1000 /dev/zero >"$1"; }
t_case "meta.properties is a link"
with_meta ln -s ../outside/file
t_case "meta.properties is a dangling link"
with_meta ln -s nowhere
t_case "meta.properties is a fifo"
with_meta mkfifo
t_case "meta.properties is a socket"
with_meta make_socket
t_case "meta.properties is a folder"
with_meta mkdir
t_case "meta.properties has 10 MiB"
with_meta make_long
t_case "meta.properties is empty"
with_meta touch
t_case "meta.properties is all zeros, as after a power loss"
with_meta make_zeros

t_case "200 folders in each other"
fresh
deep=$data/orders-0
for ((i = 0; i < 200; i++)); do deep+=/d; done
mkdir -p "$deep"
meets 1 entry

t_case "names with newline, escape and what is no UTF-8"
fresh
mkdir "$data/"$'evil\nready      start the broker\e[2J\x9b\xff'
meets 1 foreign-folder
check "is still JSON" jq -e . "$t_stdout"
check "no raw control character" test "$(tr -d '\n' <"$t_stdout" | LC_ALL=C tr -dc '\000-\037\177' | wc -c)" = 0
run 1 pod_init "$vol_initc" prepare
check "no line of its making" test "$(grep -c '^ready' "$t_stdout")" = 0
check "no raw escape" test "$(cat "$t_stdout" "$t_stderr" | LC_ALL=C tr -dc '\033\233' | wc -c)" = 0
run 1 pod_init "$vol_initc" volume
check "volume: no raw escape" test "$(cat "$t_stdout" "$t_stderr" | LC_ALL=C tr -dc '\033\233' | wc -c)" = 0

t_case "the log dir is a link"
fresh
rm -r "$data"
ln -s outside "$data"
vol_mark "$volume" "$vol_dir/pod/run"
run 1 pod_init timeout 20 "$vol_initc" prepare
expect_stdout_has "kafka-log0"
check "changes nothing" vol_is_unchanged
t_case "the log dir is a file"
rm "$data"
: >"$data"
vol_mark "$volume" "$vol_dir/pod/run"
run 1 pod_init timeout 20 "$vol_initc" prepare
expect_stdout_has "kafka-log0"
check "changes nothing" vol_is_unchanged
t_case "the metadata folder is a link"
fresh
rm -r "$data"
mkdir "$data"
ln -s ../outside/folder "$data/__cluster_metadata-0"
meets 1 data-without-meta

t_case "the hand-off holds links of the broker"
fresh
rm "$vol_dir/pod/run/server.properties"
ln -s "$volume/outside/file" "$vol_dir/pod/run/server.properties"
ln -s "$volume/outside/file" "$vol_dir/pod/run/.handoff.json.k8skafka-tmp"
rm "$vol_dir/pod/run/handoff.json"
vol_tree "${outside[@]}" >"$vol_dir/outside-before"
run 0 pod_init timeout 20 "$vol_initc" prepare
check "the link was replaced" test -f "$vol_dir/pod/run/server.properties" -a ! -L "$vol_dir/pod/run/server.properties"
vol_tree "${outside[@]}" >"$vol_dir/outside-after"
check "nothing outside changed" diff "$vol_dir/outside-before" "$vol_dir/outside-after"

t_case "a termination message that is a link"
ln -s "$volume/outside/file" "$vol_dir/message"
run 0 pod_init "$vol_initc" prepare --termination-log "$vol_dir/message"
check "nothing outside changed" grep -qx secret "$volume/outside/file"
done_testing
