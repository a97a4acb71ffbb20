# shellcheck shell=bash
# A bed for real Kafka: starts and stops brokers and ZooKeeper of any version on 127.0.0.1, and leaves nothing behind.
# Sourced by tests and by make demo. tests/kafka/README.md says how to use it.
#
#   bed_need VERSION...                jars and SmokeClient of these versions, or the reason on stderr and status 1
#   bed_dir                            (variable) scratch folder of this run; removed at the end
#   bed_java_flags VERSION             sets the array bed_flags: JVM flags of a broker, class archive and log4j included
#   bed_classpath VERSION              prints what goes into CLASSPATH
#   bed_broker_start VERSION PROPERTIES LOG    starts kafka.Kafka as the broker's user, sets bed_pid
#   bed_record PID                     ends that process, too, when the script ends
#   bed_broker_wait LOG SECONDS [PID]  0 started, 1 the process ended, 2 not in time
#   bed_broker_stop PID                SIGTERM; 0 when the exit status is 143, which is Kafka's of an orderly stop
#   bed_zookeeper_start DIR PORT       bed_zookeeper_stop
#   bed_smoke VERSION VERB ARG...      SmokeClient.java; bed_smoke_java: JVM flags for it; bed_prefix: words before java
#   bed_free_port                      prints a port of 127.0.0.1 that nobody uses
#   bed_fd_count PID                   prints how many descriptors the process holds
#   bed_own PATH...                    gives files to the broker's user
#   bed_now_ms                         prints a clock for diagnostics
#
# With bed_archives=no a JVM neither reads nor writes a class archive: writing one opens every jar a second time, so set it
# before counting descriptors or map areas.

bed_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bed_build=${BUILD:-$bed_here/../../build}
mkdir -p "$bed_build/smoke"
bed_build=$(cd "$bed_build" && pwd)
JARS_DIR=$("$bed_here/jars" --dir)
export JARS_DIR
# Beside the jars: brokers read them as another user, who may not be able to enter the tree.
bed_cds=$(dirname "$JARS_DIR")/cds
mkdir -p "$bed_cds"

bed_uid=1000           # Kafka's user in the images, when we are root
bed_stop_seconds=30    # an idle node needs 1 to 3 seconds, and two more to write a class archive
bed_zookeeper_version=3.9.2 # its ZooKeeper 3.8 serves the clients of 0.10.2 as well
bed_archives=yes
bed_pids=()
bed_pid=""
bed_zookeeper_pid=""
bed_flags=()
bed_smoke_java=()
bed_prefix=()

bed_end() {
  local pid
  for pid in "${bed_pids[@]}"; do
    kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
  done
  rm -rf "$bed_dir"
}

bed_dir=$(mktemp -d "${TMPDIR:-/tmp}/kafka-bed.XXXXXX") || exit 1
chmod 755 "$bed_dir"
if declare -F at_exit >/dev/null; then at_exit bed_end; else trap bed_end EXIT; fi

bed_say() { printf 'bed: %s\n' "$*" >&2; }
bed_now_ms() { echo $(($(date +%s%N) / 1000000)); }
bed_classpath() { printf '%s/*\n' "$JARS_DIR/$1"; }
bed_fd_count() { find "/proc/$1/fd" -mindepth 1 -maxdepth 1 | wc -l; }
bed_own() { [ "$(id -u)" != 0 ] || chown -R "$bed_uid:$bed_uid" "$@"; }
bed_record() { bed_pids+=("$1"); }

# ---- Jars and the helper ----

# Compiles SmokeClient.java against one version, unless its jar is newer than it. Class archives take jars only.
bed_compile() {
  local jar=$bed_build/smoke/$1.jar classes=$bed_build/smoke/$1.classes
  (
    flock -w 120 9 || exit 1
    [ "$jar" -nt "$bed_here/SmokeClient.java" ] && exit 0
    rm -rf "$classes" "$bed_cds/smoke-$1.jsa" # its archive was made for the old jar
    javac -d "$classes" -cp "$(bed_classpath "$1")" "$bed_here/SmokeClient.java" || exit 1
    jar --create --file "$jar.part" -C "$classes" . || exit 1
    rm -rf "$classes"
    mv "$jar.part" "$jar"
  ) 9>"$bed_build/smoke/.lock-$1"
}

bed_need() {
  local version
  command -v javac >/dev/null || { bed_say "there is no JDK (javac)"; return 1; }
  for version in "$@"; do
    "$bed_here/jars" "$version" >/dev/null || return 1
    bed_compile "$version" || { bed_say "SmokeClient.java does not compile for $version"; return 1; }
  done
}

# ---- JVM flags ----

# Class archives save half of a JVM's start (AppCDS). The first run of a kind writes one when it ends, bed_keep_archive
# puts it in its place. $1 name; sets bed_archive_flags
bed_use_archive() {
  local archive=$bed_cds/$1.jsa
  bed_archive_flags=("-Xlog:cds*=off")
  [ "$bed_archives" = yes ] || return 0
  if [ -f "$archive" ]; then
    bed_archive_flags+=("-XX:SharedArchiveFile=$archive")
    return 0
  fi
  mkdir -p "$bed_dir/cds"
  bed_own "$bed_dir/cds"
  bed_archive_flags+=("-XX:ArchiveClassesAtExit=$bed_dir/cds/$1.jsa")
}

# Takes over the archives that processes of this run have written.
bed_keep_archive() {
  local made
  for made in "$bed_dir"/cds/*.jsa; do
    [ -s "$made" ] || continue
    # Copied beside its place first: another run may be starting from the name.
    cp "$made" "$bed_cds/.$$.jsa"
    chmod 644 "$bed_cds/.$$.jsa"
    mv "$bed_cds/.$$.jsa" "$bed_cds/${made##*/}"
    rm -f "$made"
  done
}

# Log4j 2 reads properties from 4.0 on, reload4j and log4j 1 before. Writes the file once. $1 version; sets bed_log_flag
bed_use_log4j() {
  local file
  case $1 in
    0.* | 3.*)
      file=$bed_dir/log4j.properties
      bed_log_flag=-Dlog4j.configuration=file:$file
      [ -f "$file" ] || cat >"$file.$$" <<'CONF'
log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n
CONF
      ;;
    *)
      file=$bed_dir/log4j2.properties
      bed_log_flag=-Dlog4j2.configurationFile=$file
      [ -f "$file" ] || cat >"$file.$$" <<'CONF'
rootLogger.level=info
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.target=SYSTEM_OUT
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=[%d] %p %m (%c)%n
CONF
      ;;
  esac
  [ ! -f "$file.$$" ] || mv "$file.$$" "$file"
}

# The cleaner alone takes 128 MiB of the heap. C1 and the serial collector start fastest.
bed_java_flags() {
  bed_use_archive "kafka-$1"
  bed_use_log4j "$1"
  # shellcheck disable=SC2034 # read by the scripts that source this
  bed_flags=(-Xms64m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true
    "${bed_archive_flags[@]}" "$bed_log_flag")
}

# ---- Processes ----

# The state letter of /proc/PID/stat, or nothing. The name before it may hold blanks and brackets.
bed_state() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  stat=${stat##*) }
  printf '%s\n' "${stat%% *}"
}

bed_is_alive() {
  case $(bed_state "$1") in "" | Z | X) return 1 ;; esac
}

# Starts a command in the background, as the broker's user when we are root, and records it. $1 log file
bed_spawn() {
  local log=$1 as=()
  shift
  [ "$(id -u)" != 0 ] || as=(setpriv --reuid "$bed_uid" --regid "$bed_uid" --clear-groups --)
  : >"$log" # an old file would say "started" at once
  "${as[@]}" "$@" >"$log" 2>&1 </dev/null &
  bed_pid=$!
  bed_record "$bed_pid"
}

bed_broker_start() {
  local version=$1 properties=$2 log=$3
  bed_java_flags "$version"
  bed_spawn "$log" java "${bed_flags[@]}" -cp "$(bed_classpath "$version")" kafka.Kafka "$properties"
}

bed_broker_wait() {
  local log=$1 end=$(($(bed_now_ms) + $2 * 1000)) pid=${3:-}
  # 4.x and KRaft; 3.x with ZooKeeper; 0.10.2
  local started='Kafka Server started|\[KafkaServer id=[0-9]+\] started|\[Kafka Server [0-9]+\], started'
  while ! grep -qE "$started" "$log" 2>/dev/null; do
    [ -z "$pid" ] || bed_is_alive "$pid" || return 1
    [ "$(bed_now_ms)" -lt "$end" ] || return 2
    sleep 0.05
  done
}

# Ends a child by SIGTERM, after the deadline by SIGKILL. Sets bed_status.
bed_stop() {
  local pid=$1 end
  end=$(($(bed_now_ms) + bed_stop_seconds * 1000))
  kill -TERM "$pid" 2>/dev/null
  while bed_is_alive "$pid"; do
    if [ "$(bed_now_ms)" -ge "$end" ]; then
      bed_say "process $pid did not end within $bed_stop_seconds s of SIGTERM: SIGKILL"
      kill -KILL "$pid" 2>/dev/null
      break
    fi
    sleep 0.05
  done
  bed_status=0
  wait "$pid" 2>/dev/null || bed_status=$?
  bed_forget "$pid"
}

bed_forget() {
  local pid rest=()
  for pid in "${bed_pids[@]}"; do
    [ "$pid" = "$1" ] || rest+=("$pid")
  done
  bed_pids=("${rest[@]}")
}

bed_broker_stop() {
  bed_stop "$1"
  bed_keep_archive
  [ "$bed_status" = 143 ] && return 0
  bed_say "broker $1 ended with status $bed_status, not 143"
  return 1
}

# ---- Ports ----

# Below the range the kernel gives out by itself; taken once in a run, also from a subshell.
bed_free_port() {
  local port tries
  mkdir -p "$bed_dir/ports"
  for ((tries = 0; tries < 200; tries++)); do
    port=$((20000 + SRANDOM % 12000))
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
    mkdir "$bed_dir/ports/$port" 2>/dev/null || continue
    printf '%s\n' "$port"
    return 0
  done
  bed_say "found no free port"
  return 1
}

# ---- ZooKeeper ----

bed_zookeeper_says_imok() {
  local answer=""
  {
    exec 8<>"/dev/tcp/127.0.0.1/$1" || return 1
  } 2>/dev/null
  printf ruok >&8
  read -r -t 2 -N 4 answer <&8
  exec 8>&-
  [ "$answer" = imok ]
}

bed_zookeeper_start() {
  local dir=$1 port=$2 end
  mkdir -p "$dir/data"
  cat >"$dir/zoo.cfg" <<CONF
dataDir=$dir/data
clientPort=$port
clientPortAddress=127.0.0.1
admin.enableServer=false
4lw.commands.whitelist=*
tickTime=500
CONF
  bed_own "$dir"
  bed_use_archive zookeeper
  bed_use_log4j "$bed_zookeeper_version"
  bed_spawn "$dir/zookeeper.log" java -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "${bed_archive_flags[@]}" \
    "$bed_log_flag" -cp "$(bed_classpath "$bed_zookeeper_version")" \
    org.apache.zookeeper.server.quorum.QuorumPeerMain "$dir/zoo.cfg"
  bed_zookeeper_pid=$bed_pid
  end=$(($(bed_now_ms) + 20000))
  while ! bed_zookeeper_says_imok "$port"; do
    if ! bed_is_alive "$bed_zookeeper_pid" || [ "$(bed_now_ms)" -ge "$end" ]; then
      bed_say "ZooKeeper did not start: $(tail -n 3 "$dir/zookeeper.log")"
      return 1
    fi
    sleep 0.05
  done
}

bed_zookeeper_stop() {
  [ -n "$bed_zookeeper_pid" ] || return 0
  bed_stop "$bed_zookeeper_pid"
  bed_zookeeper_pid=""
  bed_keep_archive
}

# ---- SmokeClient ----

# Its own messages only: client warnings about a topic that is just being made would mix with them.
bed_smoke() {
  local version=$1 status=0
  shift
  bed_archive_flags=("-Xlog:cds*=off")
  [ "$1" != smoke ] || bed_use_archive "smoke-$version"
  mkdir -p "$bed_dir/tools"
  printf 'log4j.rootLogger=OFF\n' >"$bed_dir/tools/log4j.properties"
  printf 'rootLogger.level=off\n' >"$bed_dir/tools/log4j2.properties"
  "${bed_prefix[@]}" java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "${bed_archive_flags[@]}" \
    "${bed_smoke_java[@]}" "-Dlog4j2.configurationFile=$bed_dir/tools/log4j2.properties" \
    "-Dlog4j.configuration=file:$bed_dir/tools/log4j.properties" \
    -cp "$bed_build/smoke/$version.jar:$(bed_classpath "$version")" SmokeClient "$@" </dev/null || status=$?
  bed_keep_archive
  return "$status"
}
