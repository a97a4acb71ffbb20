# shellcheck shell=bash disable=SC2154 # name, out and the rest are those of image/build
# What is in an image, as SPDX 2.3. Sourced by image/build.
#
# sbom_LAYER prints rows: name, version, algorithm, checksum, package URL, comment; an empty column is a dash.

sbom_row() { printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$@"; }

# $1 set, $2 comment
sbom_debian() {
  local package version arch sum
  while read -r package version arch sum; do
    sbom_row "$package" "$version" SHA256 "$sum" "pkg:deb/debian/$package@${version//+/%2B}?arch=$arch&distro=debian-12" "$2"
  done < <(debian_rows "$1")
}

sbom_base() { sbom_debian base "checksum of the package file"; }
sbom_java() { sbom_debian java "checksum of the package file; the image has what jlink took of it, in /opt/java"; }

# The version of a jar is what follows the last dash before a digit: kafka_2.13-4.3.1, netty-buffer-4.1.105.Final.
sbom_kafka() {
  local jar file
  for jar in "$("$top/tests/kafka/jars" "$kafka")"/*.jar; do
    file=$(basename "$jar" .jar)
    sbom_row "${file%-[0-9]*}" "${file##*-}" SHA256 "$(checksum "$jar")" - "a jar in /opt/kafka/libs"
  done
  sbom_row launch "$version" SHA256 "$(checksum "$here/kafka/launch")" - "the launchers in /opt/kafka/bin"
}

sbom_stock() { sbom_row run 0 SHA256 "$(checksum "$here/stock/run")" - "the entry of the test image"; }

# The packages that the Makefile's LIBS are from, as far as dpkg knows them.
static_packages() {
  local flag
  for flag in -lc $(sed -n 's/^LIBS *= *//p' "$top/Makefile"); do
    dpkg-query -S "*/lib${flag#-l}.a" 2>/dev/null | sed 's/[:,].*//'
  done | sort -u
}

# Our programs are static: the libraries in them are those of the machine that built them.
sbom_initc() {
  local program package built sum
  for program in kafka-initc kafka-tuner; do
    sum=$(tar -xOf "$out/layers/initc.tar" "./usr/bin/$program" | sha256sum | cut -d' ' -f1)
    sbom_row "$program" "$version" SHA256 "$sum" - "a program in /usr/bin"
  done
  for package in $(static_packages); do
    built=$(dpkg-query -W -f='${Version}\n' "$package" | head -n 1)
    sbom_row "$package" "$built" - - "pkg:deb/debian/$package@${built//+/%2B}?arch=amd64" \
      "linked statically into the programs, from the building machine"
  done
}

sbom_tunerd() {
  local path sum
  for path in usr/bin/kafka-tunerd usr/bin/kafka-tuner usr/local/bin/kafka-diskbench; do
    sum=$(tar -xOf "$out/layers/tunerd.tar" "./host/$path" | sha256sum | cut -d' ' -f1)
    sbom_row "${path##*/}" "$version" SHA256 "$sum" - "a program in /host/${path%/*}"
  done
  sbom_debian tunerd "checksum of the package file; the image has the libraries that are asked for, in /host"
}

# $1 file; the rest: layers
write_sbom() {
  local file=$1 layer
  shift
  for layer in "$@"; do "sbom_$layer"; done >"$scratch/sbom"
  jq -R -n --arg name "$name" --arg reference "$repository:$tag" --arg id "$image_id" --arg version "$version" \
    --arg created "$(timestamp "$created")" '
    def known: if . == "-" then null else . end;
    def package: split("\t") as [$name, $version, $algorithm, $checksum, $url, $comment] |
      { name: $name, versionInfo: $version, downloadLocation: "NOASSERTION", filesAnalyzed: false,
        licenseConcluded: "NOASSERTION", licenseDeclared: "NOASSERTION", copyrightText: "NOASSERTION",
        comment: $comment } +
      (if ($checksum | known) then { checksums: [{ algorithm: $algorithm, checksumValue: $checksum }] } else {} end) +
      (if ($url | known) then { externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl",
        referenceLocator: $url }] } else {} end);
    [inputs | package] | to_entries | map(.value + { SPDXID: "SPDXRef-Package-\(.key + 1)" }) |
    { spdxVersion: "SPDX-2.3", dataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT", name: $reference,
      documentNamespace: "https://k8skafka.invalid/spdx/\($name)/\($id)",
      creationInfo: { created: $created, creators: ["Tool: k8skafka-image-build-\($version)"] },
      packages: ([{ SPDXID: "SPDXRef-Image", name: $reference, versionInfo: $version, downloadLocation: "NOASSERTION",
        filesAnalyzed: false, licenseConcluded: "NOASSERTION", licenseDeclared: "NOASSERTION",
        copyrightText: "NOASSERTION", primaryPackagePurpose: "CONTAINER",
        comment: "the configuration of the image has the SHA-256 \($id)" }] + .),
      relationships: ([{ spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES",
        relatedSpdxElement: "SPDXRef-Image" }] +
        map({ spdxElementId: "SPDXRef-Image", relationshipType: "CONTAINS", relatedSpdxElement: .SPDXID })) }' \
    <"$scratch/sbom" >"$file.new"
  mv "$file.new" "$file"
}
