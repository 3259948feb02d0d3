"""Counts the pictures of each class in a processing job: input `pictures` (folders named by class), output `counts`.

Reads what the job is from /opt/ml/config, as every container of SageMaker Processing may.
"""

import argparse
import json
import os
import sys
from pathlib import Path

# A service on a machine without namespaces names the folder that stands for /opt/ml.
ML = Path(os.environ.get("OPT_ML", "/opt/ml"))
EXIT_MESSAGE_BYTES = 1024


def here(path):
    """A path of the container as it is on this machine."""
    return ML / Path(path).relative_to("/opt/ml")


def folder_of(parts, kind, name):
    """Where the input or output of this name lies."""
    for part in parts:
        if part[f"{kind}Name"] == name:
            return here(part["S3Input" if kind == "Input" else "S3Output"]["LocalPath"])
    sys.exit(f"the job has no {kind.lower()} named {name}")


def count(folder, minimum):
    classes = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() in (".jpg", ".jpeg", ".png"):
            entry = classes.setdefault(path.parent.name, {"pictures": 0, "bytes": 0})
            entry["pictures"] += 1
            entry["bytes"] += path.stat().st_size
    few = [name for name, entry in classes.items() if entry["pictures"] < minimum]
    return dict(sorted(classes.items())), few


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minimum", type=int, default=1, help="pictures that each class must have")
    options = parser.parse_args()

    job = json.loads((ML / "config/processingjobconfig.json").read_text())
    host = json.loads((ML / "config/resourceconfig.json").read_text())["current_host"]
    pictures = folder_of(job.get("ProcessingInputs") or [], "Input", "pictures")
    counts = folder_of((job.get("ProcessingOutputConfig") or {}).get("Outputs") or [], "Output", "counts")

    classes, few = count(pictures, options.minimum)
    for name, entry in classes.items():
        print(f"{name}: {entry['pictures']} pictures, {entry['bytes']} bytes")
    total = sum(entry["pictures"] for entry in classes.values())
    # One file an instance: with several, each has its share of the pictures.
    counts.mkdir(parents=True, exist_ok=True)
    (counts / f"{host}.json").write_text(json.dumps({"total": total, "classes": classes}, indent=2) + "\n")

    message = f"{total} pictures of {len(classes)} classes"
    if few:
        message += f"; fewer than {options.minimum} of {', '.join(few)}"
    output = ML / "output"
    output.mkdir(parents=True, exist_ok=True)
    kept = message.encode()[:EXIT_MESSAGE_BYTES].decode(errors="ignore")
    (output / "message").write_text(kept, encoding="utf-8")
    sys.exit(1 if few or total == 0 else 0)


if __name__ == "__main__":
    main()
