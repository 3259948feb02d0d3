import tempfile
import unittest
from pathlib import Path

from smspark.limits import Limits, plan_memory, read_limits

GIB = 1024**3


class ReadLimits(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.meminfo = self.root / "meminfo"
        self.meminfo.write_text(f"MemTotal:  {8 * GIB // 1024} kB\nMemFree: 1 kB\n")

    def limits(self, files: dict[str, str]) -> Limits:
        for name, content in files.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        return read_limits(self.root, self.meminfo, allowed_cores=8)

    def test_version_2(self):
        limits = self.limits({"cpu.max": "250000 100000\n", "memory.max": f"{4 * GIB}\n"})
        self.assertEqual(limits, Limits(cores=2, memory_mib=4096))

    def test_version_2_without_limits(self):
        self.assertEqual(self.limits({"cpu.max": "max 100000\n", "memory.max": "max\n"}), Limits(8, 8192))

    def test_version_1(self):
        quota = {"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}
        limits = self.limits({**quota, "memory/memory.limit_in_bytes": f"{2 * GIB}\n"})
        self.assertEqual(limits, Limits(cores=1, memory_mib=2048))

    def test_version_1_without_limits(self):
        quota = {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}
        self.assertEqual(self.limits({**quota, "memory/memory.limit_in_bytes": f"{2**63 - 4096}\n"}), Limits(8, 8192))

    def test_no_cgroup_at_all(self):
        self.assertEqual(self.limits({}), Limits(8, 8192))


class PlanMemory(unittest.TestCase):
    def test_heaps_fit_beside_each_other(self):
        for memory in range(3072, 400_000, 997):
            plan = plan_memory(Limits(4, memory), instances=2)
            self.assertLess(plan.driver + plan.executor, memory - 512)
            self.assertGreaterEqual(min(plan.driver, plan.executor), 512)

    def test_the_types_that_are_used_most(self):
        self.assertEqual(plan_memory(Limits(2, 4096), instances=2).driver, 716)
        self.assertEqual(plan_memory(Limits(4, 16384), instances=2).executor, 8333)

    def test_one_instance_has_its_executor_in_the_driver(self):
        plan = plan_memory(Limits(4, 16384), instances=1)
        self.assertEqual((plan.driver, plan.executor), (11468, 11468))
