import tempfile
import unittest
from pathlib import Path

from smspark.failure import MESSAGE_BYTES, reason, write_message

TRACEBACK = """26/11/25 21:00:00 WARN TaskSetManager: Lost task 0.0
Traceback (most recent call last):
  File "/opt/ml/processing/input/code/app.py", line 3, in <module>
    raise ValueError("no owls")
ValueError: no owls
26/11/25 21:00:01 INFO ShutdownHookManager: Shutdown hook called
\tat org.apache.spark.Thing.run(Thing.scala:3)
java.base/java.lang.reflect.Constructor.newInstance(Constructor.java:481)
java.base/jdk.internal.reflect.Some$Thing.invoke0(Native Method)
"""


class Reason(unittest.TestCase):
    def test_a_traceback_without_log_lines_and_frames_of_java(self):
        said = reason(TRACEBACK)
        self.assertTrue(said.startswith("Traceback (most recent call last):\n"))
        self.assertTrue(said.endswith("\nValueError: no owls"))

    def test_the_last_of_several_tracebacks(self):
        self.assertNotIn("owls", reason(TRACEBACK + TRACEBACK.replace("no owls", "no wrens")))

    def test_long_ones_keep_their_first_and_last_lines(self):
        long = "Traceback (most recent call last):\n" + "  line\n" * 1000 + "ValueError: ä" + "no owls " * 20
        said = reason(long)
        self.assertLessEqual(len(said.encode()), MESSAGE_BYTES)
        self.assertTrue(said.startswith("Traceback (most recent call last):\n…\n  line\n"))
        self.assertTrue(said.endswith("no owls "))

    def test_one_line_that_is_too_long(self):
        said = reason("ValueError: " + "ö" * 5000)
        self.assertTrue(said.startswith("ValueError: ö"))
        self.assertLessEqual(len(said.encode()), MESSAGE_BYTES)

    def test_nothing_said(self):
        self.assertEqual(reason(""), "")


class Message(unittest.TestCase):
    def test_the_programs_own_message_stays(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "message")
            write_message("ours", file)
            self.assertEqual(file.read_text(), "ours")
            write_message("later", file)
            self.assertEqual(file.read_text(), "ours")

    def test_no_folder_no_message(self):
        write_message("ours", Path("/nowhere/message"))
