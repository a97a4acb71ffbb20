# shellcheck shell=bash disable=SC2154,SC2034 # scratch, created and the rest are those of image/build
# The docker archive: layers, a configuration and a manifest in one tar. Sourced by image/build.
# The form is that of "docker save" (Docker Image Specification v1.2, combined with the OCI configuration).

timestamp() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }
checksum() { sha256sum "$1" | cut -d' ' -f1; }

# Writes an image and sets image_id. $1 file $2 repository:tag $3 configuration; the rest: layers from the bottom up
write_archive() {
  local file=$1 reference=$2 config=$3 folder=$scratch/archive layer sums=() id
  shift 3
  rm -rf "$folder"
  mkdir "$folder"
  for layer in "$@"; do
    sums+=("$(checksum "$layer")")
    cp -l "$layer" "$folder/${sums[-1]}.tar"
  done
  jq -cn --argjson config "$config" --arg created "$(timestamp "$created")" --arg version "$version" '
    { created: $created, architecture: "amd64", os: "linux",
      config: ($config | .Labels["org.opencontainers.image.version"] = $version),
      rootfs: { type: "layers", diff_ids: [$ARGS.positional[] | "sha256:" + .] },
      history: [$ARGS.positional[] | { created: $created, created_by: "image/build" }] }' \
    --args "${sums[@]}" >"$folder/config"
  id=$(checksum "$folder/config")
  mv "$folder/config" "$folder/$id.json"
  jq -cn --arg id "$id" --arg reference "$reference" '
    [{ Config: ($id + ".json"), RepoTags: [$reference], Layers: [$ARGS.positional[] | . + ".tar"] }]' \
    --args "${sums[@]}" >"$folder/manifest.json"
  image_id=$id
  tar -C "$folder" --format=gnu --sort=name "--mtime=@$created" --numeric-owner --owner=0 --group=0 --mode=0644 \
    --hard-dereference -cf "$file.new" manifest.json "$id.json" "${sums[@]/%/.tar}"
  mv "$file.new" "$file"
  rm -rf "$folder"
}
