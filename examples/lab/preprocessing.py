"""Prepares CUB-200-2011 in a processing job: keeps some classes, splits each, renumbers them from 1.

Reads /opt/ml/processing/input (classes.txt, images.txt, image_class_labels.txt, images/), writes
/opt/ml/processing/output/{train,valid,test}/ and manifest/{train,valid,test}.csv.
"""

import argparse
import csv
import os
import random
import shutil
from pathlib import Path

# A service on a machine without namespaces names the folder that stands for /opt/ml.
PROCESSING = Path(os.environ.get("OPT_ML", "/opt/ml")) / "processing"
INPUT = PROCESSING / "input"
OUTPUT = PROCESSING / "output"
LAB_CLASSES = (13, 17, 35, 36, 47, 68, 73, 87)
SPLITS = {"train": 0.6, "valid": 0.2, "test": 0.2}


def table(name):
    """Rows of one of the dataset's files of two columns: id → value."""
    lines = (INPUT / name).read_text().splitlines()
    return {int(key): value for key, value in (line.split(maxsplit=1) for line in lines if line.strip())}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--classes", type=int, nargs="+", default=LAB_CLASSES)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    names, images, labels = table("classes.txt"), table("images.txt"), table("image_class_labels.txt")
    kept = sorted(set(options.classes) & set(names))
    rows = {split: [] for split in SPLITS}
    for class_id, original in enumerate(kept, start=1):
        files = sorted(images[image] for image, label in labels.items() if int(label) == original)
        random.Random(f"{options.seed}:{original}").shuffle(files)
        train = round(len(files) * SPLITS["train"])
        valid = train + round(len(files) * SPLITS["valid"])
        for split, part in (("train", files[:train]), ("valid", files[train:valid]), ("test", files[valid:])):
            rows[split] += [(file, original, class_id, names[original]) for file in part]
        print(f"{names[original]}: {len(files)} pictures", flush=True)

    (OUTPUT / "manifest").mkdir(parents=True, exist_ok=True)
    for split, part in rows.items():
        for file, *_ in part:
            target = OUTPUT / split / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(INPUT / "images" / file, target)
        with open(OUTPUT / "manifest" / f"{split}.csv", "w", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(("image_file_name", "orig_class_id", "class_id", "class_name"))
            writer.writerows(part)
        print(f"{split}: {len(part)} pictures", flush=True)


if __name__ == "__main__":
    main()
