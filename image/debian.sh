# shellcheck shell=bash disable=SC2154 # here, out and die are those of image/build
# Debian packages by lock file: pinning, fetching, unpacking. Sourced by image/build.
#
# A lock is rows of package, version, architecture, SHA-256, and the time of its making, which is the time of every file
# in the layers that come from it: those change when the lock does, and not with our commits.
#
# apt fetches with the sources and the keys that this machine has; what came is believed for its checksum in the lock.

debian_release=bookworm

debian_packages() { awk -v set="$1" '$1 == set { print $2 }' "$here/debian/packages"; }
debian_rows() { grep -v '^#' "$here/debian/$1.lock"; }
debian_epoch() { sed -n 's/^# epoch //p' "$here/debian/$1.lock"; }

# One row for the version that apt would install now. $1 package
debian_offer() {
  apt-cache show --no-all-versions "$1:amd64" 2>/dev/null | awk -v package="$1" '
    $1 == "Version:" { version = $2 } $1 == "Architecture:" { arch = $2 } $1 == "SHA256:" { sum = $2 }
    END { if (sum == "") exit 1; print package, version, arch, sum }'
}

debian_refresh() {
  local set package lock
  grep -qx "VERSION_CODENAME=$debian_release" /etc/os-release ||
    die "the lock is refreshed on Debian $debian_release, so that its packages are the ones offered"
  for set in base java tunerd; do
    lock=$here/debian/$set.lock
    {
      echo "# Written by image/build --refresh-lock: package, version, architecture, SHA-256."
      echo "# epoch $(date -u +%s)"
      for package in $(debian_packages "$set"); do
        debian_offer "$package" || die "apt knows no $package (apt-get update?)"
      done
    } >"$lock.new"
    # The same packages keep their time, and with it the layer its bytes.
    if [ -f "$lock" ] && cmp -s <(grep -v '^# epoch' "$lock") <(grep -v '^# epoch' "$lock.new"); then
      rm "$lock.new"
      echo "image/debian/$set.lock: nothing new"
    else
      mv "$lock.new" "$lock"
      echo "image/debian/$set.lock: written; review and commit it"
    fi
  done
}

debian_is_right() { [ "$(checksum "$1")" = "$2" ]; } # FILE SHA-256

# Sets debian_deb to the file of one package, fetched when it is not there yet. $1 package $2 version $3 arch $4 checksum
debian_fetch() {
  local folder=$scratch/deb
  debian_deb=$out/debs/$4.deb
  if [ -f "$debian_deb" ] && debian_is_right "$debian_deb" "$4"; then return 0; fi
  command -v apt-get >/dev/null || die "$1 $2 is not in $out/debs and apt-get is not here to fetch it"
  rm -rf "$folder"
  mkdir -p "$folder" "$out/debs"
  # apt warns when its own user cannot enter the folder, and fetches as us anyway.
  if ! (cd "$folder" && apt-get -qq -o APT::Sandbox::User= download "$1:$3=$2") >"$scratch/apt.log" 2>&1; then
    cat "$scratch/apt.log" >&2
    die "the archive does not have $1 $2 any more, or apt's lists are old: apt-get update, then image/build --refresh-lock"
  fi
  debian_is_right "$folder"/*.deb "$4" ||
    die "$1 $2 came with another checksum than image/debian/*.lock has; nothing is built from it"
  mv -f "$folder"/*.deb "$debian_deb"
}

# Unpacks a set of packages into a folder, without their maintainer scripts, and lists them where scanners of images
# without dpkg look. $1 set, $2 folder; $3 "whole" to leave nothing out
debian_unpack() {
  local package version arch sum leave_out=(--anchored --no-wildcards --exclude-from="$here/debian/leave-out")
  [ "${3:-}" != whole ] || leave_out=()
  while read -r package version arch sum; do
    debian_fetch "$package" "$version" "$arch" "$sum"
    # Packages of Debian 12 still name /bin and /lib, which are links here (merged /usr).
    dpkg-deb --fsys-tarfile "$debian_deb" |
      tar -C "$2" -xp --no-same-owner --keep-directory-symlink --delay-directory-restore "${leave_out[@]}"
    debian_status "$debian_deb" "$2"
  done < <(debian_rows "$1")
}

debian_status() { # DEB FOLDER
  local package
  package=$(dpkg-deb -f "$1" Package)
  mkdir -p "$2/var/lib/dpkg/status.d"
  dpkg-deb -f "$1" Package Version Architecture Source Maintainer Depends Description >"$2/var/lib/dpkg/status.d/$package"
}
