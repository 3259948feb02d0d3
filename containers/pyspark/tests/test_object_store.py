import tempfile
import unittest
from pathlib import Path

from smspark.object_store import core_site, session_keys


class Keys(unittest.TestCase):
    def test_of_variables(self):
        variables = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c", "PATH": "/bin"}
        self.assertEqual(session_keys(variables), {name: value for name, value in variables.items() if name != "PATH"})

    def test_of_a_shared_file(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "credentials")
            file.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b%/+\naws_session_token = c=\n")
            self.assertEqual(
                session_keys({"AWS_SHARED_CREDENTIALS_FILE": str(file)}),
                {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b%/+", "AWS_SESSION_TOKEN": "c="},
            )
            self.assertEqual(session_keys({"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_PROFILE": "other"}), {})

    def test_none(self):
        self.assertEqual(session_keys({"AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}), {})


class CoreSite(unittest.TestCase):
    def test_the_endpoint_of_s3_comes_first(self):
        site = core_site({"AWS_ENDPOINT_URL": "https://a", "AWS_ENDPOINT_URL_S3": "http://b:1", "AWS_REGION": "eu-west-1"})
        self.assertEqual(site["fs.s3a.endpoint"], "http://b:1")
        self.assertEqual(site["fs.s3a.connection.ssl.enabled"], "false")
        self.assertEqual(site["fs.s3a.path.style.access"], "true")
        self.assertEqual(site["fs.s3a.endpoint.region"], "eu-west-1")

    def test_aws_itself_needs_no_endpoint(self):
        self.assertEqual([name for name in core_site({}) if "endpoint" in name or "path" in name], [])
