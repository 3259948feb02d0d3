"""The AWS CLI: `aws sagemaker`, `aws logs`, `aws s3`, `aws s3api`, `aws sts`; s5cmd beside it."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from conftest import GROUP, shell_job, unique

BIN = Path(sys.executable).parent


def tool(name, *words, code=0, stdin=None):
    done = subprocess.run([BIN / name, *map(str, words)], capture_output=True, text=True, input=stdin, timeout=300)
    assert done.returncode == code, f"{name} {words} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout if code == 0 else done.stderr


# Version 1 of the CLI ends so at every error of a service.
SERVICE_ERROR = 255


def aws(*words, **more):
    return tool("aws", *words, **more)


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    for path, text in {"a.txt": "a", "b/c.txt": "c", "b/ü ß.txt": "umlaut", "b/d/e+f&g.txt": "plus"}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def files_of(root):
    return {str(p.relative_to(root)): p.read_text() for p in Path(root).rglob("*") if p.is_file()}


def test_s3_cp_sync_ls_mv_rm(bucket, tree, tmp_path):
    at = f"s3://{bucket}/{unique('cli')}"
    aws("s3", "cp", tree / "a.txt", f"{at}/a.txt")
    assert aws("s3", "cp", f"{at}/a.txt", "-") == "a"
    aws("s3", "cp", "-", f"{at}/piped", stdin="through a pipe")
    assert "upload" in aws("s3", "sync", tree, f"{at}/tree")
    assert aws("s3", "sync", tree, f"{at}/tree") == ""  # nothing changed, nothing to do
    aws("s3", "sync", f"{at}/tree", tmp_path / "back")
    assert files_of(tmp_path / "back") == files_of(tree)
    listed = aws("s3", "ls", "--recursive", f"{at}/tree/")
    assert [line.split(maxsplit=3)[3].rsplit("/tree/")[1] for line in listed.splitlines()] == sorted(files_of(tree))
    assert "PRE b/" in aws("s3", "ls", f"{at}/tree/")
    (tree / "a.txt").unlink()
    assert "delete" in aws("s3", "sync", "--delete", tree, f"{at}/tree")
    aws("s3", "mv", f"{at}/piped", f"{at}/moved")
    assert aws("s3", "cp", f"{at}/moved", "-") == "through a pipe"
    aws("s3", "rm", "--recursive", at)
    aws("s3", "ls", "--recursive", at, code=1)


def test_s3_large_and_presigned(bucket, tmp_path):
    big = tmp_path / "big"
    big.write_bytes(os.urandom(1 << 20) * 24)
    aws("s3", "cp", "--only-show-errors", big, f"s3://{bucket}/big")
    aws("s3", "cp", "--only-show-errors", f"s3://{bucket}/big", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == big.read_bytes()
    url = aws("s3", "presign", f"s3://{bucket}/big").strip()
    assert urllib.request.urlopen(url).read() == big.read_bytes()


def test_buckets():
    name = unique("made")
    aws("s3", "mb", f"s3://{name}")
    assert name in aws("s3", "ls")
    aws("s3api", "head-bucket", "--bucket", name)
    aws("s3", "rb", f"s3://{name}")
    aws("s3api", "head-bucket", "--bucket", name, code=SERVICE_ERROR)


def test_a_job(bucket, tmp_path):
    request = shell_job(bucket, "echo from the CLI")
    name = request["ProcessingJobName"]
    (tmp_path / "job.json").write_text(json.dumps(request))
    aws("sagemaker", "create-processing-job", "--cli-input-json", f"file://{tmp_path}/job.json")
    aws("sagemaker", "wait", "processing-job-completed-or-stopped", "--processing-job-name", name)
    described = json.loads(aws("sagemaker", "describe-processing-job", "--processing-job-name", name, "--output", "json"))
    assert described["ProcessingJobStatus"] == "Completed"
    words = ["--log-group-name", GROUP, "--log-stream-name-prefix", f"{name}/", "--query", "events[].message"]
    assert json.loads(aws("logs", "filter-log-events", *words, "--output", "json")) == ["from the CLI"]
    query = ["--name-contains", name, "--query", "ProcessingJobSummaries[].ProcessingJobName", "--output", "text"]
    assert aws("sagemaker", "list-processing-jobs", *query).strip() == name
    said = aws("sagemaker", "describe-processing-job", "--processing-job-name", "no-such-job", code=SERVICE_ERROR)
    assert "ResourceNotFound" in said
    assert json.loads(aws("sts", "get-caller-identity", "--output", "json"))["Account"] == "123456789012"


def s5cmd(*words, **more):
    return tool("s5cmd", "--endpoint-url", os.environ["AWS_ENDPOINT_URL"], *words, **more)


def test_s5cmd(bucket, tree, tmp_path):
    at = f"s3://{bucket}/{unique('s5')}"
    s5cmd("cp", f"{tree}/", f"{at}/")
    s5cmd("cp", f"{at}/*", f"{tmp_path}/back/")
    assert files_of(tmp_path / "back") == files_of(tree)
    assert "b/" in s5cmd("ls", f"{at}/")
    assert s5cmd("cat", f"{at}/a.txt") == "a"
    s5cmd("sync", f"{tree}/", f"{at}/")
    big = tmp_path / "big"
    big.write_bytes(os.urandom(1 << 20) * 60)
    s5cmd("cp", "--part-size", "5", big, f"{at}/big")
    s5cmd("cp", "--part-size", "5", f"{at}/big", tmp_path / "big-back")
    assert (tmp_path / "big-back").read_bytes() == big.read_bytes()
    s5cmd("mv", f"{at}/a.txt", f"{at}/moved.txt")
    s5cmd("rm", f"{at}/*")
    s5cmd("ls", f"{at}/", code=1)
