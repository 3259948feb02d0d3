import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import {
  CreateProcessingJobCommand,
  DescribeProcessingJobCommand,
  StopProcessingJobCommand,
} from "@aws-sdk/client-sagemaker";
import type { Service } from "@fieldmark/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clientsOf, pause } from "../scripts/serve.mjs";
import { bytesOf, ended, keysOf, linesOf, shellJob } from "../scripts/shell-jobs.mjs";
import { docker, dockerOrSkip, imageOrSkip } from "./docker.ts";
import { inProcessService } from "./in-process-service.ts";

const BASE = "debian:bookworm-slim";
const BUCKET = "containers";
const what = "jobs in containers";
const here = (await dockerOrSkip(what)) && (await imageOrSkip(BASE, what));
/** An image whose programs run as a user that this machine does not know. */
const USER_IMAGE = `fieldmark-test/user:${process.pid}`;

let data: string;
let service: Service;
let clients: ReturnType<typeof clientsOf>;
let made = 0;
const problems: string[] = [];

async function open(): Promise<void> {
  service = await inProcessService(data, problems, "docker");
  clients = clientsOf({
    url: service.url,
    env: {
      AWS_REGION: service.region,
      AWS_ACCESS_KEY_ID: service.keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: service.keys.secretAccessKey,
    },
  });
}

async function close(): Promise<void> {
  clients.destroy();
  await service.close();
}

beforeAll(async () => {
  if (!here) return;
  data = await mkdtemp(join(tmpdir(), "fieldmark-docker-jobs-"));
  await open();
  await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await clients.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "input/a.txt", Body: "untouched\n" }));
  await clients.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "input/deep/b.txt", Body: "b\n" }));
  const { stdout } = await docker(["create", BASE, "true"]);
  await docker([
    "commit",
    "--change",
    "USER 4321:4321",
    "--change",
    "WORKDIR /tmp",
    stdout.trim(),
    USER_IMAGE,
  ]);
  await docker(["rm", stdout.trim()]);
});

afterAll(async () => {
  if (!here) return;
  await close();
  await docker(["image", "rm", "-f", USER_IMAGE]);
  await rm(data, { recursive: true, force: true });
});

type Kind = "container" | "network" | "volume";

/** What the service has at the daemon. */
async function left(kind: Kind): Promise<readonly string[]> {
  const id = await readFile(join(data, "service-id"), "utf8");
  const words = { container: ["ps", "-a"], network: ["network", "ls"], volume: ["volume", "ls"] }[kind];
  const { stdout } = await docker([...words, "-q", "--filter", `label=fieldmark.service=${id.trim()}`]);
  return stdout.split("\n").filter((line) => line !== "");
}

interface Options extends Partial<Parameters<typeof shellJob>[1]> {
  readonly image?: string;
  readonly entrypoint?: readonly string[];
  readonly pipe?: boolean;
}

async function submit(
  script: string,
  { image = BASE, entrypoint, pipe, ...options }: Options = {},
): Promise<string> {
  const name = `container-${++made}`;
  const { AppSpecification, ...request } = shellJob(name, { script, bucket: BUCKET, ...options });
  const S3Input = {
    S3Uri: `s3://${BUCKET}/input`,
    LocalPath: "/opt/ml/processing/input",
    S3DataType: "S3Prefix",
    S3InputMode: pipe === true ? "Pipe" : "File",
    S3DataDistributionType: "FullyReplicated",
    S3CompressionType: "None",
  } as const;
  await clients.sagemaker.send(
    new CreateProcessingJobCommand({
      ...request,
      AppSpecification: {
        ...AppSpecification,
        ...(entrypoint === undefined
          ? {}
          : { ContainerEntrypoint: [...entrypoint], ContainerArguments: undefined }),
        ImageUri: image,
      },
      ProcessingInputs: [{ InputName: "in", S3Input }],
    }),
  );
  return name;
}

async function result(name: string) {
  const job = await ended(clients.sagemaker, name, { seconds: 240 });
  const streams: Record<string, string[]> = await linesOf(clients.logs, name);
  const lines = Object.values(streams).flat();
  return {
    name,
    status: job.ProcessingJobStatus,
    reason: job.FailureReason ?? "",
    lines,
    log: lines.join("\n"),
    streams,
  };
}

const run = async (script: string, options: Options = {}) => await result(await submit(script, options));

async function printed(name: string, line: string): Promise<void> {
  while (!(Object.values(await linesOf(clients.logs, name)).flat() as string[]).includes(line))
    await pause(100);
}

const containers = test.skipIf(!here);

containers("root in a container may change inputs, and the store stays as it is", async () => {
  const change =
    "cd /opt/ml/processing/input; id -u; echo mine > new; echo more >> a.txt; chmod 666 a.txt; chown 7 deep/b.txt; " +
    "mv deep other; ln a.txt linked; echo more >> linked; cat a.txt; rm -rf other; cp -r . $OUT/";
  const { status, reason, lines } = await run(change);
  expect(reason).toBe("");
  expect([status, lines]).toEqual(["Completed", ["0", "untouched", "more", "more"]]);
  expect((await bytesOf(clients.s3, BUCKET, "input/a.txt")).toString()).toBe("untouched\n");
  expect(await keysOf(clients.s3, BUCKET, "input/")).toEqual(["a.txt", "deep/b.txt"]);
  expect(await keysOf(clients.s3, BUCKET, "container-1/")).toEqual(["a.txt", "linked", "new"]);
});

containers("links in outputs are not followed", async () => {
  const { name, status } = await run(
    "ln -s /etc/passwd $OUT/file; ln -s / $OUT/folder; ln -s loop $OUT/loop; echo x > $OUT/plain; mkfifo $OUT/fifo",
  );
  expect(status).toBe("Completed");
  expect(await keysOf(clients.s3, BUCKET, `${name}/`)).toEqual(["plain"]);
  const own = await run(
    "rm -rf $OUT; ln -s /etc $OUT; rm -f /opt/ml/output/message; ln -s /etc/passwd /opt/ml/output/message; exit 1",
  );
  expect(own.status).toBe("Failed");
  expect(own.reason).toMatch(/^AlgorithmError: .*exit code: 1$/);
  const described = new DescribeProcessingJobCommand({ ProcessingJobName: own.name });
  expect((await clients.sagemaker.send(described)).ExitMessage).toBeUndefined();
  expect(await keysOf(clients.s3, BUCKET, `${own.name}/`)).toEqual([]);
});

containers("a Continuous output is there while the program runs", async () => {
  const name = await submit(
    "echo early > $OUT/early; echo ready; while [ ! -e /tmp/go ]; do sleep 0.2; done",
    {
      mode: "Continuous",
    },
  );
  while ((await keysOf(clients.s3, BUCKET, `${name}/`)).length === 0) await pause(200);
  await clients.sagemaker.send(new StopProcessingJobCommand({ ProcessingJobName: name }));
  // a shell that is process 1 and has no handler gets no SIGTERM: the wait for SIGKILL is not this test's
  const [id] = await left("container");
  await docker(["exec", id ?? "", "touch", "/tmp/go"]);
  expect((await result(name)).status).toMatch(/Stopped|Completed/);
});

containers("a Pipe input is read from its FIFO", async () => {
  const { status, lines } = await run("cat /opt/ml/processing/input_0", { pipe: true });
  expect([status, lines]).toEqual(["Completed", ["untouched", "b"]]);
});

containers("instances reach each other by name", async () => {
  const script =
    'me=$(hostname); for peer in algo-1 algo-2; do for i in $(seq 100); do getent hosts $peer > /dev/null && break; sleep 0.2; done; getent hosts $peer | cut -c1-3 && echo "$me finds $peer"; done; ' +
    "exec perl -MIO::Socket::INET -e '" +
    'if ($ARGV[0] eq "algo-1") { my $s = IO::Socket::INET->new(LocalPort => 7777, Listen => 1, ReuseAddr => 1) or die; print $s->accept->getline } ' +
    'else { for (1..100) { my $c = IO::Socket::INET->new("algo-1:7777") or select(undef, undef, undef, 0.2), next; print $c "hello\\n"; exit } die }' +
    "' $me";
  for (const isolated of [false, true]) {
    const { status, reason, log } = await run(script, { instances: 2, isolated });
    expect(reason).toBe("");
    expect(status).toBe("Completed");
    for (const line of ["algo-1 finds algo-2", "algo-2 finds algo-1", "hello"]) expect(log).toContain(line);
  }
});

containers("an isolated job has no network and no keys", async () => {
  const { status, log } = await run(
    "getent hosts algo-1; env | grep -c '^AWS_[AES]'; tail -n +3 /proc/net/dev | cut -d: -f1; (echo > /dev/tcp/172.17.0.1/80) 2>&1 | tail -1",
    { isolated: true },
  );
  expect(status).toBe("Completed");
  expect(log).toMatch(/^127\.0\.0\.1\s+algo-1\n0\n\s*lo\n.*unreachable/);
});

containers("isolated instances reach neither the daemon's machine nor names of others", async () => {
  const listener = createServer((socket) => socket.end("leaked\n")).listen(0, "0.0.0.0");
  await new Promise((resolve) => listener.once("listening", resolve));
  const { port } = listener.address() as { port: number };
  const { log, status } = await run(
    `for host in $(ip route 2>/dev/null | cut -d' ' -f3) $(hostname -i | sed 's/[0-9]*$/1/') 172.17.0.1; do timeout 4 bash -c "cat < /dev/tcp/$host/${port}" 2>/dev/null; done; timeout 5 getent hosts example.com; echo looked`,
    { isolated: true, instances: 2 },
  );
  listener.close();
  expect(status).toBe("Completed");
  expect(log).toBe("looked\nlooked");
});

containers("a program that is not root reads inputs and writes outputs", async () => {
  const { name, status, log } = await run(
    "id -u; cat /opt/ml/processing/input/a.txt; echo x > /opt/ml/processing/input/deep/new && echo y > $OUT/mine; echo said > /opt/ml/output/message",
    { image: USER_IMAGE },
  );
  expect([status, log]).toEqual(["Completed", "4321\nuntouched"]);
  expect((await bytesOf(clients.s3, BUCKET, `${name}/mine`)).toString()).toBe("y\n");
  const job = await clients.sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: name }));
  expect(job.ExitMessage).toBe("said");
});

containers("a job that eats memory says so, and its outputs are kept", async () => {
  const { name, status, reason } = await run(
    "echo kept > $OUT/kept; exec perl -e 'my @a; push @a, \"x\" x 1e8 for 1..1000'",
    {
      type: "ml.t3.medium",
    },
  );
  expect(status).toBe("Failed");
  expect(reason).toMatch(/out of memory: the instance used its limit of 4 GiB/);
  expect(await keysOf(clients.s3, BUCKET, `${name}/`)).toEqual(["kept"]);
});

containers("what is wrong with image and entrypoint stands in FailureReason", async () => {
  const [image, entrypoint, folder, none, code] = await Promise.all([
    run("true", { image: "fieldmark-test/absent:1" }),
    run("true", { entrypoint: ["/no/such/program"] }),
    run("true", { entrypoint: ["/etc"] }),
    run("true", { entrypoint: ["no-such-program", "x"] }),
    run("echo first; echo 'ValueError: third' >&2; exit 3"),
  ]);
  expect(image.reason).toContain("fieldmark-test/absent:1");
  expect(entrypoint.reason).toMatch(
    /ClientError: the image debian:bookworm-slim cannot run "\/no\/such\/program".*no such file or directory, exit code: 127/,
  );
  expect(folder.reason).toMatch(/cannot run "\/etc".*, exit code: 126/);
  expect(none.reason).toMatch(
    /cannot run "no-such-program".*executable file not found in \$PATH, exit code: 127/,
  );
  expect(code.reason).toContain("ValueError: third");
  expect(code.reason).toMatch(/exit code: 3$/);
});

containers("a running job is found again by the next service, its log whole, once", async () => {
  const name = await submit("for i in $(seq 60); do echo $i; sleep 0.1; done; echo end > $OUT/end");
  await printed(name, "5");
  await close();
  await pause(1_000);
  await open();
  const { status, lines } = await result(name);
  expect(status).toBe("Completed");
  expect(lines).toEqual(Array.from({ length: 60 }, (_, i) => String(i + 1)));
  expect(await keysOf(clients.s3, BUCKET, `${name}/`)).toEqual(["end"]);
});

containers("a container that somebody kills fails its job, which says so, with its outputs", async () => {
  const name = await submit("echo early > $OUT/early; echo up; sleep 300");
  await printed(name, "up");
  const [id] = await left("container");
  await docker(["kill", id ?? ""]);
  const { status, reason } = await result(name);
  expect(status).toBe("Failed");
  expect(reason).toMatch(/killed by a signal \(SIGKILL\) that the service did not send.*exit code: 137$/s);
  expect(await keysOf(clients.s3, BUCKET, `${name}/`)).toEqual(["early"]);
});

containers("SIGTERM ignored: SIGKILL follows", { timeout: 200_000 }, async () => {
  const name = await submit("trap '' TERM; echo ready; while :; do sleep 1; done");
  await printed(name, "ready");
  await clients.sagemaker.send(new StopProcessingJobCommand({ ProcessingJobName: name }));
  expect((await result(name)).status).toBe("Stopped");
});

containers(
  "a program that prints without a newline for ever ends at its time, and the service lives",
  async () => {
    const { status, lines } = await run("trap 'kill $!; exit 7' TERM; tr '\\0' x < /dev/zero & wait", {
      maxSeconds: 3,
    });
    expect(status).toBe("Stopped");
    // in pieces, of what was printed and of nothing else
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !/^x+$/.test(line))).toEqual([]);
    expect((await run("echo fine")).log).toBe("fine");
  },
);

containers("nothing is left behind", async () => {
  await expect.poll(async () => await left("container"), { timeout: 180_000 }).toEqual([]);
  expect(await left("volume")).toEqual([]);
  expect((await readdir(join(data, "jobs"))).filter((name) => !name.startsWith("."))).toEqual([]);
  await close();
  expect(await left("network")).toEqual([]);
  await open();
});
