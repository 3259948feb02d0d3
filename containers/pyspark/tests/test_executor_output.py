import os
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from smspark.executor_output import RULE, ExecutorOutput


class Output(unittest.TestCase):
    def test_passes_on_each_byte_once_and_not_the_command(self):
        said = {1: b"", 2: b""}

        def write(to: int, content: bytes) -> int:
            said[to] += content[:3]
            return len(content[:3])

        with tempfile.TemporaryDirectory() as name, patch.object(os, "write", write):
            folder = Path(name, "app-1/0")
            folder.mkdir(parents=True)
            (folder / "stdout").write_bytes(b"owl\nwre")
            (folder / "stderr").write_bytes(b"Spark Executor Command: java")
            output = ExecutorOutput(Path(name))
            output._pass_on(at_end=False)
            with (folder / "stderr").open("ab") as stderr:
                stderr.write(b"\n" + RULE + b"one\n")
            output._pass_on(at_end=False)
            with (folder / "stderr").open("ab") as stderr:
                stderr.write(b"two\n")
            output.close()
        self.assertEqual(said, {1: b"owl\nwre", 2: b"one\ntwo\n"})
