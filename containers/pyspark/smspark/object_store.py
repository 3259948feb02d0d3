"""How Spark reaches the object store: keys and address as this job was given them."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Mapping

S3A = "org.apache.hadoop.fs.s3a.S3AFileSystem"


def session_keys(environment: Mapping[str, str]) -> dict[str, str]:
    """
    The job's keys as AWS's variables: from there Spark takes them for S3A on every instance, so that they stand in no file of
    Spark's and in no event log. {} where neither variables nor a shared file has them: then S3A asks the instance's role.
    """
    if environment.get("AWS_ACCESS_KEY_ID"):
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        return {name: environment[name] for name in names if environment.get(name)}
    file = environment.get("AWS_SHARED_CREDENTIALS_FILE", str(Path.home() / ".aws/credentials"))
    # Keys may hold "%": nothing is interpolated.
    parser = configparser.RawConfigParser()
    parser.read(file)
    profile = environment.get("AWS_PROFILE", "default")
    if not parser.has_section(profile):
        return {}
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    return {name.upper(): parser.get(profile, name) for name in names if parser.has_option(profile, name)}


def core_site(environment: Mapping[str, str]) -> dict[str, str]:
    """Hadoop's properties for s3:// and s3a://. Without an endpoint of its own S3A speaks to AWS."""
    properties = {
        "fs.s3.impl": S3A,
        "fs.s3n.impl": S3A,
        "fs.s3a.impl": S3A,
        "fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.s3a.S3A",
    }
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if region:
        properties["fs.s3a.endpoint.region"] = region
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    if endpoint:
        properties["fs.s3a.endpoint"] = endpoint
        properties["fs.s3a.path.style.access"] = "true"
        properties["fs.s3a.connection.ssl.enabled"] = str(endpoint.startswith("https:")).lower()
    return properties
