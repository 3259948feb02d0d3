import json
import tempfile
import unittest
from pathlib import Path

from smspark.cluster import Cluster, read_cluster
from smspark.hosts_file import name_this_host
from smspark.limits import Limits


class ClusterTest(unittest.TestCase):
    def test_the_first_by_number_leads(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "resourceconfig.json")
            hosts = [f"algo-{n}" for n in (10, 2, 1)]
            file.write_text(json.dumps({"current_host": "algo-2", "hosts": hosts}))
            cluster = read_cluster(file)
        self.assertEqual(cluster.hosts, ("algo-1", "algo-2", "algo-10"))
        self.assertFalse(cluster.leads)
        self.assertEqual((cluster.leader, cluster.followers), ("algo-1", ("algo-2", "algo-10")))
        self.assertEqual((cluster.address, cluster.master_url(Limits(4, 1))), ("algo-2", "spark://algo-1:7077"))

    def test_one_instance_needs_no_name(self):
        cluster = Cluster("algo-1", ("algo-1",))
        self.assertTrue(cluster.leads)
        self.assertEqual((cluster.address, cluster.master_url(Limits(4, 1))), ("127.0.0.1", "local[4]"))

    def test_without_the_file_there_is_one_instance(self):
        self.assertEqual(read_cluster(Path("/nowhere.json")).hosts, ("algo-1",))


class HostsFile(unittest.TestCase):
    def test_a_name_is_added_once(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "hosts")
            file.write_text("127.0.0.1 localhost # owl\n")
            for name in ("localhost", "owl", "owl"):
                name_this_host(file, name)
            self.assertEqual(file.read_text(), "127.0.0.1 localhost # owl\n127.0.0.1\towl\n")

    def test_no_file(self):
        name_this_host(Path("/nowhere"), "owl")
