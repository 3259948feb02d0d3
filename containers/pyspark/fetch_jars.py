"""Fetches the jars of a list into a folder and refuses one whose SHA-256 is another.

    fetch_jars.py LIST FOLDER REPOSITORY
"""

import hashlib
import sys
import urllib.request
from pathlib import Path


def fetch(url: str, to: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=120) as answer, to.open("wb") as file:
        while chunk := answer.read(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != sha256:
        to.unlink()
        raise SystemExit(f"{url}: SHA-256 is {digest.hexdigest()}, expected {sha256}")


def main(jars: str, folder: str, repository: str) -> None:
    for line in Path(jars).read_text().splitlines():
        if line == "" or line.startswith("#"):
            continue
        sha256, coordinates = line.split()
        group, artifact, version = coordinates.split(":")
        name = f"{artifact}-{version}.jar"
        url = f"{repository}/{group.replace('.', '/')}/{artifact}/{version}/{name}"
        fetch(url, Path(folder, name), sha256)


if __name__ == "__main__":
    main(*sys.argv[1:])
