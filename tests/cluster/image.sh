# shellcheck shell=bash
# Sourced: images as files, without a daemon. A docker archive is manifest.json, a configuration, and a tar per layer.

image_make() { # FILE NAME:TAG ROOTFS CONFIG-AS-JSON
  local folder architecture sum
  folder=$(mktemp -d -p "$(dirname "$1")")
  case $(uname -m) in x86_64) architecture=amd64 ;; aarch64) architecture=arm64 ;; *) architecture=$(uname -m) ;; esac
  tar -C "$3" --numeric-owner --owner=0 --group=0 --sort=name --mtime=@0 -cf "$folder/layer.tar" .
  sum=$(sha256sum "$folder/layer.tar" | cut -d' ' -f1)
  printf '{"architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$architecture" "$4" "$sum" >"$folder/config.json"
  printf '[{"Config":"config.json","RepoTags":["docker.io/%s"],"Layers":["layer.tar"]}]' "$2" >"$folder/manifest.json"
  tar -C "$folder" -cf "$1.new" manifest.json config.json layer.tar
  mv "$1.new" "$1"
  rm -rf "$folder"
}

# Static busybox and its applets.
image_busybox_root() { # FOLDER
  local applet
  mkdir -p "$1"/{bin,etc,tmp,root,var}
  chmod 755 "$1"
  chmod 1777 "$1/tmp"
  cp "$(command -v busybox)" "$1/bin/busybox"
  printf 'root:x:0:0::/root:/bin/sh\nkafka:x:1000:1000::/:/bin/sh\n' >"$1/etc/passwd"
  for applet in $("$1/bin/busybox" --list); do [ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"; done
}
