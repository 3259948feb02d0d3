#!/bin/sh
# Writes the list of all packages of an image, as SPDX 2.3: Debian's, and those that stand on stdin as "TYPE NAME VERSION"
# (TYPE as in a package URL: pypi, npm, maven).
#   sbom.sh IMAGE </path/of/list
set -eu
file=/usr/share/fieldmark/sbom.spdx.json
mkdir -p "${file%/*}"
{ dpkg-query -W -f 'deb ${Package} ${Version}\n'; cat; } | sort -u | awk -v image="$1" -v created="$(date -u +%Y-%m-%dT%H:%M:%SZ)" '
  BEGIN {
    printf "{\"spdxVersion\":\"SPDX-2.3\",\"dataLicense\":\"CC0-1.0\",\"SPDXID\":\"SPDXRef-DOCUMENT\",\"name\":\"fieldmark/%s\",", image
    printf "\"documentNamespace\":\"urn:fieldmark:%s:%s\",", image, created
    printf "\"creationInfo\":{\"created\":\"%s\",\"creators\":[\"Tool: fieldmark\"]},\"packages\":[", created
  }
  NF == 3 {
    path = $1 == "deb" ? "debian/" $2 : $2
    sub(/^@/, "%40", path)
    printf "%s\n{\"SPDXID\":\"SPDXRef-%d\",\"name\":\"%s\",\"versionInfo\":\"%s\",\"downloadLocation\":\"NOASSERTION\",", (count++ ? "," : ""), count, $2, $3
    printf "\"externalRefs\":[{\"referenceCategory\":\"PACKAGE-MANAGER\",\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:%s/%s@%s\"}]}", $1, path, $3
  }
  END { print "\n]}" }' >"$file"
