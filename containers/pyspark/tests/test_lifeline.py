import queue
import socket
import threading
import unittest

from smspark.lifeline import Follower, Leader, LifelineBroken


class Lifeline(unittest.TestCase):
    def setUp(self):
        self.lost: queue.SimpleQueue = queue.SimpleQueue()
        self.leader = Leader("127.0.0.1", ("algo-2", "algo-3"), self.lost.put, port=0)

    def join(self, host: str) -> Follower:
        return Follower("127.0.0.1", host, port=self.leader.port)

    def test_followers_hear_how_the_application_ended(self):
        followers = [self.join("algo-2"), self.join("algo-3")]
        self.assertEqual(self.leader.missing(seconds=5), frozenset())
        codes: queue.SimpleQueue = queue.SimpleQueue()

        def wait(follower: Follower) -> None:
            codes.put(follower.wait_for_end())
            follower.close()

        threads = [threading.Thread(target=wait, args=(follower,)) for follower in followers]
        for thread in threads:
            thread.start()
        self.leader.finish(3)
        for thread in threads:
            thread.join(5)
        self.assertEqual([codes.get(timeout=1), codes.get(timeout=1)], [3, 3])
        self.assertTrue(self.lost.empty())

    def test_who_has_not_joined_is_named(self):
        follower = self.join("algo-3")
        while "algo-3" in self.leader.missing(seconds=0.05):
            pass
        self.assertEqual(self.leader.missing(seconds=0.05), frozenset({"algo-2"}))
        self.leader.expect_losses()
        follower.close()
        self.leader.finish(1)

    def test_a_follower_that_ends_is_lost(self):
        follower = self.join("algo-2")
        while "algo-2" in self.leader.missing(seconds=0.05):
            pass
        follower.close()
        self.assertEqual(self.lost.get(timeout=5), "algo-2")
        self.leader.finish(0)

    def test_a_leader_that_ends_without_a_word(self):
        listener = socket.create_server(("127.0.0.1", 0))
        follower = Follower("127.0.0.1", "algo-2", port=listener.getsockname()[1])
        connection, _ = listener.accept()
        connection.close()
        with self.assertRaisesRegex(LifelineBroken, "leader"):
            follower.wait_for_end()
        listener.close()
        self.leader.finish(0)

    def test_a_leader_that_never_comes(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            free = listener.getsockname()[1]
        with self.assertRaisesRegex(LifelineBroken, "127.0.0.1 did not answer within 0 s"):
            Follower("127.0.0.1", "algo-2", port=free, seconds=0.0)
        self.leader.finish(0)

    def test_strangers_are_not_counted(self):
        with socket.create_connection(("127.0.0.1", self.leader.port)) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
            self.assertEqual(stranger.recv(1), b"")
        self.assertEqual(self.leader.missing(seconds=0.05), frozenset({"algo-2", "algo-3"}))
        self.assertTrue(self.lost.empty())
        self.leader.finish(0)
