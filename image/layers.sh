# shellcheck shell=bash disable=SC2154,SC2034 # variables go to and come from image/build
# What is in the layers. Sourced by image/build. layer_NAME fills the folder $root; it may set epoch, the time that all
# files get, and owned, the paths that are user 1000's: everything else is root's.

# What jlink takes of the JDK: what Kafka's jars ask for, JMX, Kerberos, jcmd and flight recordings. java.desktop is there
# for java.beans; its libraries, which draw, are left out, and with them the packages that they need.
java_modules=java.base,java.compiler,java.desktop,java.instrument,java.logging,java.management,java.management.rmi
java_modules+=,java.naming,java.net.http,java.prefs,java.rmi,java.scripting,java.security.jgss,java.security.sasl,java.sql
java_modules+=,java.xml,java.xml.crypto,jdk.charsets,jdk.crypto.ec,jdk.httpserver,jdk.jcmd,jdk.jfr,jdk.management
java_modules+=,jdk.management.agent,jdk.naming.dns,jdk.net,jdk.nio.mapmode,jdk.security.auth,jdk.security.jgss
java_modules+=,jdk.unsupported,jdk.zipfs

# Makes one layer and sets layer_file. Those from Debian packages are kept, under a name made of all they come from.
make_layer() { # NAME
  local key=$1 root=$scratch/root owned=() epoch=$created
  case $1 in
    base | java) key=$1-$(cat "$here"/{layers,debian}.sh "$here"/debian/* | sha256sum | cut -c1-16) ;;
    kafka) key=$1-$kafka ;;
  esac
  layer_file=$out/layers/$key.tar
  case $1 in
    base | java)
      [ ! -f "$layer_file" ] || return 0
      rm -f "$out/layers/$1"-*.tar # of another lock
      ;;
  esac
  rm -rf "$root"
  mkdir "$root"
  "layer_$1"
  write_layer "$root" "$layer_file" "$epoch" "${owned[@]}"
  rm -rf "$root"
}

# A tar whose bytes depend on the files alone. $1 folder $2 tar $3 time; the rest: paths of user 1000
write_layer() {
  local folder=$1 file=$2 path common excludes=()
  common=(-C "$folder" --format=gnu --sort=name "--mtime=@$3" --numeric-owner)
  shift 3
  for path in "$@"; do excludes+=("--exclude=./$path"); done
  tar "${common[@]}" --owner=0 --group=0 --anchored --no-wildcards "${excludes[@]}" -cf "$file.new" .
  [ $# = 0 ] || tar "${common[@]}" --owner=1000 --group=1000 -rf "$file.new" "${@/#/./}"
  mv "$file.new" "$file"
}

# Runs a program in a folder as its root, with /proc; user namespaces spare us being root. $1 folder
in_root() {
  local as=()
  [ "$(id -u)" = 0 ] || as=(--map-root-user)
  unshare "${as[@]}" --mount --pid --fork --kill-child --net sh -c '
    root=$1; shift
    mount -t proc proc "$root/proc" && exec chroot "$root" "$@"' in-root "$@"
}

# ---- from Debian ----

unpack_base() { # FOLDER [SET]
  local link
  mkdir -p "$1"/usr/{bin,sbin,lib,lib64} "$1"/{proc,sys,dev,run}
  for link in bin sbin lib lib64; do ln -s "usr/$link" "$1/$link"; done
  debian_unpack "${2:-base}" "$1"
}

# No maintainer script has run: what they would have made, and what we want, is here.
layer_base() {
  epoch=$(debian_epoch base)
  unpack_base "$root"
  find "$root/usr/share/doc" ! -type d ! -name copyright -delete
  find "$root/usr/share/doc" -depth -type d -empty -delete
  ln -s mawk "$root/usr/bin/awk"
  printf '%s\n' 'root:x:0:0:root:/root:/bin/bash' 'kafka:x:1000:1000:Kafka:/opt/kafka:/bin/bash' \
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin' >"$root/etc/passwd"
  printf '%s\n' 'root:x:0:' 'kafka:x:1000:' 'nogroup:x:65534:' >"$root/etc/group"
  printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' 'services: files' 'protocols: files' \
    >"$root/etc/nsswitch.conf"
  find "$root" -perm /6000 -exec chmod ug-s {} +
  chmod 1777 "$root/tmp" "$root/var/tmp"
  mkdir -p "$root/var/lib/kafka" "$root/var/lib/zookeeper"
  owned=(var/lib/kafka var/lib/zookeeper)
}

# The JRE is made in the system that it will run in, by the JDK of the lock. Class archives are not made: two runs of
# -Xshare:dump differ, and so would two builds.
layer_java() {
  local system=$scratch/java
  epoch=$(debian_epoch java)
  rm -rf "$system"
  mkdir "$system"
  unpack_base "$system"
  debian_unpack java "$system" whole
  in_root "$system" /usr/lib/jvm/java-17-openjdk-amd64/bin/jlink --output /jre --add-modules "$java_modules" \
    --no-header-files --no-man-pages --exclude-files '/java.desktop/lib/**' || die "jlink"
  mkdir -p "$root/opt" "$root/var/lib/dpkg/status.d" "$root/usr/share/doc/openjdk-17-jre-headless"
  mv "$system/jre" "$root/opt/java"
  chmod -R u+w,go+rX "$root/opt/java"
  cp "$system/var/lib/dpkg/status.d/openjdk-17-jre-headless" "$root/var/lib/dpkg/status.d/"
  cp -L "$system/usr/share/doc/openjdk-17-jre-headless/copyright" "$root/usr/share/doc/openjdk-17-jre-headless/"
  rm -rf "$system"
}

# ---- ours ----

# The line of releases that the files in image/kafka know: 3.9, or 4.
layer_kafka() {
  local home=$root/opt/kafka jars line=4 name
  case $kafka in 3.*) line=3 ;; esac
  epoch=$(debian_epoch java)
  jars=$("$top/tests/kafka/jars" "$kafka")
  mkdir -p "$home/libs" "$home/bin" "$home/config"
  install -m 0644 "$jars"/*.jar "$home/libs/"
  install -m 0644 "$here/kafka/config-$line"/* "$home/config/"
  install -m 0755 "$here/kafka/launch" "$home/bin/launch"
  awk -v column=$((line == 3 ? 4 : 3)) '!/^#/ && $column != "-" { print $1, $2, $column }' "$here/kafka/tools" \
    >"$home/bin/tools"
  while read -r name _; do ln -s launch "$home/bin/$name"; done <"$home/bin/tools"
  unpack_natives "$home"
}

# The compression libraries unpack themselves into /tmp, which may be missing or not executable where the root file
# system is read-only: they are unpacked here, and the launchers say where.
unpack_natives() { # KAFKA_HOME
  local native=$1/native library zstd
  mkdir "$native"
  for library in "zstd-jni linux/amd64/libzstd-jni*.so" "lz4-java net/jpountz/util/linux/amd64/liblz4-java.so" \
    "snappy-java org/xerial/snappy/native/Linux/x86_64/libsnappyjava.so"; do
    unzip -qjo "$1/libs/${library% *}"-[0-9]*.jar "${library#* }" -d "$native" || die "no ${library#* } in ${library% *}"
  done
  chmod 0644 "$native"/*.so
  zstd=$(basename "$native"/libzstd-jni*.so)
  echo "-Djava.library.path=/opt/kafka/native -DZstdNativePath=/opt/kafka/native/$zstd" \
    "-Dorg.xerial.snappy.lib.path=/opt/kafka/native -Dorg.xerial.snappy.lib.name=libsnappyjava.so" >"$native/flags"
}

layer_stock() {
  epoch=$(debian_epoch java)
  mkdir -p "$root"/etc/kafka/{docker,secrets} "$root/mnt/shared/config" "$root/opt/kafka/config" "$root/home/appuser"
  install -m 0755 "$here/stock/run" "$root/etc/kafka/docker/run"
  install -m 0644 "$here"/kafka/config-4/* "$root/opt/kafka/config/"
  printf '%s:/%s:/bin/bash\n' root:x:0:0:root root appuser:x:1000:1000: home/appuser >"$root/etc/passwd"
  printf '%s\n' 'root:x:0:' 'appuser:x:1000:' >"$root/etc/group"
  owned=(etc/kafka/secrets mnt/shared/config opt/kafka/config home/appuser)
}

layer_initc() {
  local program
  mkdir -p "$root/usr/bin" "$root/etc"
  for program in kafka-initc kafka-tuner; do install_program "$program" "$root/usr/bin"; done
  printf '%s\n' 'root:x:0:0:root:/:/sbin/nologin' 'kafka:x:1000:1000:Kafka:/:/sbin/nologin' >"$root/etc/passwd"
  printf '%s\n' 'root:x:0:' 'kafka:x:1000:' >"$root/etc/group"
}

# What the agent needs of "/" is in /host, with the loader and the libraries, because the agent works there: its container
# has the node's /proc/sys and /sys below /host, where the runtime has put no read-only mount on top of them. The other
# folders are links into it, so that chroot finds its own library, and names are resolved in there, too.
layer_tunerd() {
  local system=$scratch/tunerd host=$root/host folder program
  rm -rf "$system"
  unpack_base "$system" tunerd
  mkdir -p "$host"/{proc,sys,run/sysctl.d,etc/{k8skafka,sysctl.d},usr/bin,usr/sbin,usr/local/bin,usr/lib/x86_64-linux-gnu} "$host"/var/{run,lib/k8skafka,lib/kubelet/pods}
  for folder in bin sbin lib; do ln -s "usr/$folder" "$host/$folder"; done
  ln -s usr/lib/x86_64-linux-gnu "$host/lib64"
  for folder in bin sbin lib lib64 usr etc var; do ln -s "host/$folder" "$root/$folder"; done
  mkdir "$root"/{dev,proc,sys,run}
  for program in kafka-tunerd kafka-tuner; do install_program "$program" "$host/usr/bin"; done
  install_program kafka-diskbench "$host/usr/local/bin"
  install -m 0755 "$system/usr/sbin/chroot" "$host/usr/sbin/"
  install_libraries "$system" "$host/usr/lib/x86_64-linux-gnu" "$host/usr/bin/kafka-tunerd" "$host/usr/sbin/chroot"
  mkdir -p "$host/var/lib/dpkg" "$host/usr/share"
  mv "$system/var/lib/dpkg/status.d" "$host/var/lib/dpkg/"
  find "$system/usr/share/doc" ! -type d ! -name copyright -delete
  find "$system/usr/share/doc" -depth -type d -empty -delete
  mv "$system/usr/share/doc" "$host/usr/share/"
  printf '%s\n' 'root:x:0:0:root:/:/sbin/nologin' >"$host/etc/passwd"
  printf '%s\n' 'root:x:0:' >"$host/etc/group"
  printf '%s\n' 'hosts: files dns' >"$host/etc/nsswitch.conf"
  rm -rf "$system"
}

install_program() { # NAME FOLDER
  [ -x "$BUILD/bin/$1" ] || die "$BUILD/bin/$1 is not built: make programs"
  strip --strip-all -o "$2/$1" "$BUILD/bin/$1"
  chmod 0755 "$2/$1"
}

# Copies what the files ask for, and what that asks for, out of the packages; plug-ins and the rest stay behind.
install_libraries() { # SYSTEM FOLDER FILE...
  local system=$1 folder=$2 name from waiting=("${@:3}")
  while [ ${#waiting[@]} -gt 0 ]; do
    for name in $(readelf -d "${waiting[0]}" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
      [ ! -e "$folder/$name" ] || continue
      from=$(find "$system" -name "$name" | sort | head -n 1)
      [ -n "$from" ] || die "$name, which ${waiting[0]##*/} needs, is in no package of the set tunerd"
      install -m 0755 "$(realpath "$from")" "$folder/$name"
      waiting+=("$folder/$name")
    done
    waiting=("${waiting[@]:1}")
  done
}
