"""What the tests of both SageMaker SDKs do with the pyspark image."""

import subprocess
import zipfile
from pathlib import Path

APPS = Path(__file__).parent / "spark-apps"
TEXT = "An owl, a wren.\nThe owl.\n"
COUNTED = {"an": 1, "owl": 2, "a": 1, "wren": 1, "the": 1}


def compile_jar(folder: Path, jars: Path) -> Path:
    """The jar of Lines.java, made with the javac of this machine."""
    subprocess.run(["javac", "--release", "17", "-cp", f"{jars}/*", "-d", folder, APPS / "Lines.java"], check=True)
    with zipfile.ZipFile(folder / "lines.jar", "w") as jar:
        jar.write(folder / "Lines.class", "Lines.class")
    return folder / "lines.jar"
