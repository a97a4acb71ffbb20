# shellcheck shell=bash disable=SC2034 # read by the scripts that source this
# What the tests of manifests share: a kustomize, and every overlay rendered.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=../lib.sh
. tests/lib.sh
build=${BUILD:-build}
kustomize_version=v5.7.1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/k8skafka/go

scratch=$(mktemp -d) || exit 1
at_exit rm -rf "$scratch"

# Sets render to the words that render a folder: kubectl's own kustomize, an installed one, or one built once from its module.
need_kustomize() {
  if command -v kustomize >/dev/null; then
    render=(kustomize build)
  elif kubectl kustomize --help >/dev/null 2>&1; then
    render=(kubectl kustomize)
  elif [ -x "$cache/kustomize" ] || build_kustomize; then
    render=("$cache/kustomize" build)
  else
    t_skip_rest "there is no kustomize and no kubectl, and none can be built (go install)"
  fi
}

build_kustomize() {
  command -v go >/dev/null && mkdir -p "$cache" &&
    GOBIN=$cache go install "sigs.k8s.io/kustomize/kustomize/v5@$kustomize_version" >"$scratch/go.log" 2>&1
}

# Builds tests/manifests/validate against the API types of $1.mod as $cache/validate-$1; Go itself knows what is up to date.
build_validator() {
  command -v go >/dev/null && mkdir -p "$cache" &&
    (cd tests/manifests/validate && CGO_ENABLED=0 go build -modfile="$1.mod" -o "$cache/validate-$1" .) >"$scratch/go.log" 2>&1
}

overlays() { (cd manifests/overlays && printf '%s\n' * | grep -v '^tuner'); } # those with brokers

# Makes FOLDER, an overlay with components, and renders it as FOLDER.yaml.
combine() { # FOLDER OVERLAY COMPONENT...
  local overlay=$2 folder=$1 component
  mkdir -p "$folder"
  {
    printf 'resources: [%s]\ncomponents:\n' "$(realpath --relative-to="$folder" "manifests/overlays/$overlay")"
    for component in "${@:3}"; do printf -- '- %s\n' "$(realpath --relative-to="$folder" "manifests/components/$component")"; done
  } >"$folder/kustomization.yaml"
  "${render[@]}" "$folder" >"$folder.yaml"
}
