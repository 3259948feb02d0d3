import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateProcessingJobCommand, StopProcessingJobCommand } from "@aws-sdk/client-sagemaker";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clientsOf, pause, serve } from "../scripts/serve.mjs";
import { bytesOf, ended, keysOf, linesOf, shellJob } from "../scripts/shell-jobs.mjs";

const BUCKET = "abuse";
const root = process.getuid?.() === 0;
const linux = process.platform === "linux";
if (!linux) console.warn("skipped: jobs that attack their machine (namespaces are Linux's)");

let served: Awaited<ReturnType<typeof serve>>;
let clients: ReturnType<typeof clientsOf>;
let made = 0;

beforeAll(async () => {
  if (!linux) return;
  served = await serve(["--max-instances", "8"]);
  clients = clientsOf(served);
  await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await clients.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "input/a.txt", Body: "untouched\n" }));
});

afterAll(async () => {
  clients?.destroy();
  await served?.close();
});

type Options = Partial<Parameters<typeof shellJob>[1]>;

async function submit(script: string, options: Options = {}): Promise<string> {
  const name = `abuse-${++made}`;
  const request = shellJob(name, { script, bucket: BUCKET, ...options });
  const S3Input = {
    S3Uri: `s3://${BUCKET}/input`,
    LocalPath: "/opt/ml/processing/input",
    S3DataType: "S3Prefix",
    S3InputMode: "File",
    S3DataDistributionType: "FullyReplicated",
    S3CompressionType: "None",
  } as const;
  await clients.sagemaker.send(
    new CreateProcessingJobCommand({ ...request, ProcessingInputs: [{ InputName: "in", S3Input }] }),
  );
  return name;
}

async function run(script: string, options: Options = {}) {
  const name = await submit(script, options);
  const job = await ended(clients.sagemaker, name, { seconds: 180 });
  const lines = Object.values(await linesOf(clients.logs, name)).flat() as string[];
  return { name, status: job.ProcessingJobStatus, reason: job.FailureReason, lines, log: lines.join("\n") };
}

/** The attack runs while a neighbour works; the neighbour must complete, and the service answer. */
async function besideANeighbour(script: string, options: Options = {}) {
  const neighbour = submit("for i in $(seq 1 20); do echo $i; sleep 0.05; done; echo fine > $OUT/a");
  const attack = await run(script, options);
  const job = await ended(clients.sagemaker, await neighbour, { seconds: 180 });
  expect(job.ProcessingJobStatus, job.FailureReason).toBe("Completed");
  expect((await run("true")).status).toBe("Completed");
  return attack;
}

const attack = test.skipIf(!linux);

attack("a fork bomb ends with its job", async () => {
  const { status } = await besideANeighbour("bomb() { bomb | bomb & }; bomb; sleep 60", { maxSeconds: 4 });
  expect(["Stopped", "Failed", "Completed"]).toContain(status);
  await expect.poll(() => processesLike("bomb [|] bomb")).toBe(0);
});

function processesLike(pattern: string): number {
  return Number(execFileSync("sh", ["-c", `pgrep -fc '${pattern}' || true`], { encoding: "utf8" }));
}

attack("eating memory fails the job, with the reason", async () => {
  const eat = "node -e 'const a = []; for (;;) a.push(Buffer.alloc(2 ** 26, 1))'";
  const { status, reason } = await besideANeighbour(eat, { type: "ml.t3.medium" });
  expect(status).toBe("Failed");
  expect(reason).toMatch(/memory|Memory|exit code: (137|1)/);
});

attack("SIGTERM ignored: SIGKILL follows, and no process is left", { timeout: 200_000 }, async () => {
  const name = await submit("trap '' TERM; echo ready; while :; do sleep 1; done");
  while (
    !Object.values(await linesOf(clients.logs, name))
      .flat()
      .includes("ready")
  )
    await pause(100);
  await clients.sagemaker.send(new StopProcessingJobCommand({ ProcessingJobName: name }));
  const job = await ended(clients.sagemaker, name, { seconds: 180, every: 1000 });
  expect(job.ProcessingJobStatus).toBe("Stopped");
});

attack("stdout closed: the job goes on", async () => {
  const { status, name } = await run("exec >&- 2>&-; sleep 0.3; printf x > $OUT/after");
  expect(status).toBe("Completed");
  expect((await bytesOf(clients.s3, BUCKET, `${name}/after`)).toString()).toBe("x");
});

attack("20 MB of output: logged whole, service's memory flat", async () => {
  const { status, lines } = await besideANeighbour(
    "yes 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 | head -n 200000",
  );
  expect(status).toBe("Completed");
  expect(lines.length).toBe(200_000);
  const memory = Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${served.pid()}/status`, "utf8"))?.[1]);
  expect(memory / 1024).toBeLessThan(700);
});

attack("one line of 20 MB, binary output and NULs are logged and harm nothing", async () => {
  const { status } = await besideANeighbour(
    "head -c 20000000 /dev/zero | tr '\\0' x; head -c 100000 /dev/urandom; echo; echo end",
  );
  expect(status).toBe("Completed");
});

attack("symlinks in outputs are not followed", async () => {
  const links =
    "ln -s /etc/passwd $OUT/file; ln -s / $OUT/folder; ln -s loop $OUT/loop; echo x > $OUT/plain; mkfifo $OUT/fifo";
  const { name, status } = await run(links);
  expect(status).toBe("Completed");
  expect(await keysOf(clients.s3, BUCKET, `${name}/`)).toEqual(["plain"]);
  const own = await run("rm -rf $OUT; ln -s /etc $OUT");
  expect(await keysOf(clients.s3, BUCKET, `${own.name}/`)).toEqual([]);
});

attack("inputs may be changed, and the store stays as it is", async () => {
  const change =
    "cd /opt/ml/processing/input; echo mine > new; (echo more >> a.txt) 2>/dev/null; chmod 666 a.txt 2>/dev/null; " +
    'node -e \'fs.writeFileSync("a.txt", "X", { flag: "r+" })\' 2>/dev/null; rm -f a.txt; echo replaced > a.txt; cat a.txt';
  const { log, status } = await run(change);
  expect([status, log]).toEqual(["Completed", "replaced"]);
  expect((await bytesOf(clients.s3, BUCKET, "input/a.txt")).toString()).toBe("untouched\n");
  expect(await keysOf(clients.s3, BUCKET, "input/")).toEqual(["a.txt"]);
});

attack("the host stays out of reach", async () => {
  const core = await readFile("/proc/sys/kernel/core_pattern", "utf8");
  const { log, status } = await run(
    [
      "cat /etc/shadow >/dev/null 2>&1 && echo read-shadow",
      "(echo '|/tmp/x' > /proc/sys/kernel/core_pattern) 2>/dev/null && echo wrote-proc",
      "mount -o remount,bind,rw / 2>/dev/null && echo remounted",
      "mount -t tmpfs none /mnt 2>/dev/null && echo mounted",
      `ls ${served.data} >/dev/null 2>&1 && echo read-data`,
      `cat ${served.data}/keys.json 2>/dev/null`,
      "(echo x > /etc/escaped) 2>/dev/null && echo wrote-etc",
      "(echo x > /usr/escaped) 2>/dev/null && echo wrote-usr",
      `kill -0 ${served.pid()} 2>/dev/null && echo sees-service`,
      `kill -0 ${process.pid} 2>/dev/null && echo sees-test`,
      "env | grep -E '^(FIELDMARK|NODE|npm)_' ; env | grep -c SECRET",
      "touch /tmp/mine && cd ~ && touch home && echo writable",
      "true",
    ].join("\n"),
  );
  expect(status).toBe("Completed");
  expect(log).toBe("0\nwritable");
  expect(await readFile("/proc/sys/kernel/core_pattern", "utf8")).toBe(core);
});

attack.skipIf(!root)("as root, each job has an unprivileged uid of its own", async () => {
  // The first one lives as long as the second one: only then may they not have one uid.
  const name = await submit("id -u; id -G; exec sleep 600");
  const linesOfFirst = async () => Object.values(await linesOf(clients.logs, name)).flat() as string[];
  await expect.poll(async () => (await linesOfFirst()).length).toBe(2);
  const second = await run("id -u; id -G");
  const first = { lines: await linesOfFirst() };
  await clients.sagemaker.send(new StopProcessingJobCommand({ ProcessingJobName: name }));
  expect((await ended(clients.sagemaker, name, { seconds: 180 })).ProcessingJobStatus).toBe("Stopped");
  expect(second.status).toBe("Completed");
  expect(first.lines[0]).not.toBe(second.lines[0]);
  for (const { lines } of [first, second]) {
    expect(Number(lines[0])).toBeGreaterThanOrEqual(1000);
    expect(lines[1]).toBe(lines[0]);
  }
});

attack("filling its volume fails the job alone", async () => {
  const { status } = await besideANeighbour("head -c 2G /dev/zero > $OUT/big && exit 0 || exit 9", {
    volumeGigabytes: 1,
  });
  expect(status).toBe("Failed");
});

attack("2,000 files and deep folders in outputs", async () => {
  const { status, name } = await run(
    'cd $OUT; for i in $(seq 2000); do : > $i; done; d=$(printf "d/%.0s" $(seq 200)); mkdir -p $d; : > "$d"f',
  );
  expect(status).toBe("Completed");
  expect((await keysOf(clients.s3, BUCKET, `${name}/`)).length).toBe(2001);
});

attack("background processes end with the job", async () => {
  const { status } = await run("(setsid sleep 4242 &) ; (nohup sleep 4242 & disown) ; echo done");
  expect(status).toBe("Completed");
  await expect.poll(() => processesLike("^sleep 4242")).toBe(0);
});

test.skipIf(!linux)("nothing of the jobs is left", async () => {
  const left = async () => (await readdir(`${served.data}/jobs`)).filter((name) => !name.startsWith("."));
  await expect.poll(left).toEqual([]);
});
