import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { CreateProcessingJobCommand } from "@aws-sdk/client-sagemaker";
import { ProcessingJob, Session } from "@fieldmark/sdk";
import { startService } from "@fieldmark/service";
import { expect, test } from "vitest";
import { clientsOf } from "../scripts/serve.mjs";
import { ended, keysOf, linesOf, shellJob } from "../scripts/shell-jobs.mjs";
import { docker, dockerOrSkip, imageOrSkip } from "./docker.ts";

const BASE = "debian:bookworm-slim";
const BUCKET = "away";
const what = "jobs whose Docker daemon is away for a while";
const here = (await dockerOrSkip(what)) && (await imageOrSkip(BASE, what));

/** The daemon's socket by another name, which comes and goes. */
class Door {
  readonly path: string;
  readonly #daemon: string;
  readonly #open = new Set<Socket>();
  #server: Server | null = null;

  constructor(path: string, daemon: string) {
    this.path = path;
    this.#daemon = daemon;
  }

  async open(): Promise<void> {
    const server = createServer((client) => {
      const daemon = connect(this.#daemon);
      for (const [from, to] of [
        [client, daemon],
        [daemon, client],
      ] as const) {
        this.#open.add(from);
        from.on("error", () => to.destroy()).on("close", () => to.destroy());
        from.pipe(to);
      }
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#open) socket.destroy();
    this.#open.clear();
    await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  }
}

test.skipIf(!here)(
  "a daemon that is away for a while: jobs wait, say so, and are neither lost nor doubled",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmark-docker-away-"));
    const { stdout } = await docker(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]);
    const door = new Door(join(folder, "docker.sock"), stdout.trim().replace("unix://", ""));
    const service = await startService({
      dataFolder: join(folder, "data"),
      listen: { host: "127.0.0.1", port: 0 },
      runtime: "docker",
      maxInstances: 4,
      retentionDays: 90,
      region: "us-east-1",
      env: { DOCKER_HOST: `unix://${door.path}` },
      evaluatorScript: null,
      log: () => {},
    });
    const { accessKeyId, secretAccessKey } = service.keys;
    const env = {
      AWS_REGION: service.region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
    const clients = clientsOf({ url: service.url, env });
    const session = new Session({ endpoint: service.url, credentials: service.keys });
    const saysWhy = async () =>
      await expect
        .poll(async () => (await (await ProcessingJob.fromName(session, "patient")).phases()).at(-1)?.note, {
          timeout: 180_000,
        })
        .toMatch(/the Docker daemon at unix:.*does not answer.*jobs wait for it/);
    const lines = async (): Promise<readonly string[]> =>
      Object.values(await linesOf(clients.logs, "patient")).flat() as string[];
    try {
      expect(service.runtime.limits).toEqual(["the daemon does not answer: jobs wait until it does"]);
      await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
      const script = "echo started >> $OUT/starts; for i in $(seq 40); do echo $i; sleep 0.2; done";
      const request = shellJob("patient", { script, bucket: BUCKET });
      request.AppSpecification.ImageUri = BASE;
      await clients.sagemaker.send(new CreateProcessingJobCommand(request));
      await saysWhy();

      await door.open();
      await expect.poll(lines, { timeout: 180_000 }).toContain("3");
      await door.close();
      await saysWhy();

      await door.open();
      const job = await ended(clients.sagemaker, "patient");
      expect(job.ProcessingJobStatus, job.FailureReason).toBe("Completed");
      expect(await lines()).toEqual(Array.from({ length: 40 }, (_, i) => String(i + 1)));
      expect(await keysOf(clients.s3, BUCKET, "patient/")).toEqual(["starts"]);
    } finally {
      session[Symbol.dispose]();
      clients.destroy();
      await service.close();
      await door.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
);
