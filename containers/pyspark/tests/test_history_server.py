import unittest

from smspark.history_server import defaults, given_environment, redirection


class HistoryServer(unittest.TestCase):
    def test_port_80_leads_to_the_history_server(self):
        self.assertEqual(redirection("/proxy/15050", "0.0.0.0"), "http://0.0.0.0:15050/")
        self.assertEqual(redirection("/proxy/15050/history/app-1?a=b", "here:80"), "http://here:15050/history/app-1?a=b")
        self.assertEqual(redirection("/", ""), "http://localhost:15050/")
        self.assertIsNone(redirection("/proxy/150500", "here"))

    def test_a_token_that_the_sdk_does_not_have(self):
        self.assertEqual(given_environment({"AWS_SESSION_TOKEN": "None", "A": "None"}), {"A": "None"})
        self.assertEqual(given_environment({"AWS_SESSION_TOKEN": "t"}), {"AWS_SESSION_TOKEN": "t"})

    def test_links_of_a_notebook_instance(self):
        self.assertNotIn("spark.ui.proxyBase", defaults("s3://b/x", None))
        self.assertEqual(defaults("s3://b/x", "https://n")["spark.ui.proxyBase"], "/proxy/15050")
