import tempfile
import unittest
from pathlib import Path

from smspark.event_log import EventLog, publish


class Publish(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source, self.target = Path(folder.name, "source"), Path(folder.name, "target")
        self.source.mkdir()
        self.target.mkdir()

    def test_grows_by_whole_lines_under_its_last_name(self):
        running = self.source / "app-1.inprogress"
        running.write_text('{"a":1}\n{"b"')
        publish(self.source, self.target, at_end=False)
        self.assertEqual((self.target / "app-1").read_text(), '{"a":1}\n')
        running.write_text('{"a":1}\n{"b":2}\n')
        running.rename(self.source / "app-1")
        publish(self.source, self.target, at_end=True)
        publish(self.source, self.target, at_end=True)
        self.assertEqual([file.name for file in self.target.iterdir()], ["app-1"])
        self.assertEqual((self.target / "app-1").read_text(), '{"a":1}\n{"b":2}\n')

    def test_compressed_and_rolling_logs_come_at_the_end(self):
        (self.source / "app-1.zstd.inprogress").write_bytes(b"\0\n\0")
        rolling = self.source / "eventlog_v2_app-1"
        rolling.mkdir()
        (rolling / "events_1_app-1").write_text("{}\n")
        publish(self.source, self.target, at_end=False)
        self.assertEqual(list(self.target.iterdir()), [])
        publish(self.source, self.target, at_end=True)
        self.assertEqual((self.target / "app-1.zstd").read_bytes(), b"\0\n\0")
        self.assertEqual((self.target / "eventlog_v2_app-1/events_1_app-1").read_text(), "{}\n")

    def test_close_publishes_what_is_left(self):
        log = EventLog(self.source, self.target)
        (self.source / "app-1.inprogress").write_text("{}\n")
        log.close()
        self.assertEqual((self.target / "app-1").read_text(), "{}\n")
