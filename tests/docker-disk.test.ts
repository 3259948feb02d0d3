import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateProcessingJobCommand } from "@aws-sdk/client-sagemaker";
import { expect, test } from "vitest";
import { clientsOf, pause } from "../scripts/serve.mjs";
import { bytesOf, ended, keysOf, linesOf, shellJob } from "../scripts/shell-jobs.mjs";
import { dockerOrSkip, imageOrSkip } from "./docker.ts";
import { inProcessService } from "./in-process-service.ts";

const BASE = "debian:bookworm-slim";
const BUCKET = "disk";
const what = "jobs in containers on a disk that is full";
const here = process.getuid?.() === 0 && (await dockerOrSkip(what)) && (await imageOrSkip(BASE, what));
const MIB = 2 ** 20;
const kept = { Bucket: BUCKET, Key: "kept" };

/** A disk of its own for the data folder. */
async function smallDisk() {
  const folder = await mkdtemp(join(tmpdir(), "fieldmark-docker-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "none", folder]);
  return {
    data: join(folder, "data"),
    /** Takes what space is left. */
    fill: async () => {
      const chunk = Buffer.alloc(MIB / 16);
      for (let size = chunk.length; size >= 4_096; size /= 2)
        for (;;)
          try {
            await writeFile(join(folder, "filler"), chunk.subarray(0, size), { flag: "a" });
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
            break;
          }
    },
    used: async () => {
      const { blocks, bavail, bsize } = await statfs(folder);
      return (blocks - bavail) * bsize;
    },
    free: async () => await rm(join(folder, "filler")),
    [Symbol.asyncDispose]: async () => {
      execFileSync("umount", ["-l", folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

test.skipIf(!here)(
  "on a full disk jobs fail and say so, nothing is half written, and all goes on when there is space again",
  { timeout: 600_000 },
  async () => {
    await using disk = await smallDisk();
    const problems: string[] = [];
    const service = await inProcessService(disk.data, problems, "docker");
    const env = {
      AWS_REGION: service.region,
      AWS_ACCESS_KEY_ID: service.keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: service.keys.secretAccessKey,
    };
    const clients = clientsOf({ url: service.url, env });
    const submit = async (name: string, script: string) => {
      const request = shellJob(name, { script, bucket: BUCKET });
      request.AppSpecification.ImageUri = BASE;
      await clients.sagemaker.send(new CreateProcessingJobCommand(request));
    };
    const result = async (name: string) => await ended(clients.sagemaker, name, { seconds: 180 });
    /** Waits until it has printed `up`; the first line of all makes the log group. */
    const up = async (name: string) => {
      for (;;) {
        const streams = await linesOf(clients.logs, name).catch(() => ({}));
        if (Object.values(streams).flat().includes("up")) return;
        await pause(100);
      }
    };
    try {
      await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
      await clients.s3.send(new PutObjectCommand({ ...kept, Body: "kept\n" }));

      // a job leaves not a byte, beside another one
      await submit("neighbour", "echo up; sleep 15; echo fine > $OUT/a");
      await up("neighbour");
      await submit("greedy", "head -c 500M /dev/zero > $OUT/big || { sleep 60; exit 9; }");
      const greedy = await result("greedy");
      expect(greedy.ProcessingJobStatus).toBe("Failed");
      expect(greedy.FailureReason).toMatch(/disk full/);
      const neighbour = await result("neighbour");
      expect(neighbour.ProcessingJobStatus, neighbour.FailureReason).toBe("Completed");

      // others leave not a byte, while a job runs
      await submit("late", "echo up; sleep 60; echo late > $OUT/a");
      await up("late");
      await disk.fill();
      const late = await result("late");
      expect(late.ProcessingJobStatus).toBe("Failed");
      expect(late.FailureReason).toMatch(/disk full/);
      await disk.fill();
      const put = clients.s3.send(new PutObjectCommand({ ...kept, Body: Buffer.alloc(MIB) }));
      await expect(put).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
      await expect(submit("refused", "true")).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
      expect(problems.filter((line) => line.startsWith("bug:"))).toEqual([]);
      expect((await bytesOf(clients.s3, BUCKET, "kept")).toString()).toBe("kept\n");

      await disk.free();
      await submit("after", "echo fine > $OUT/a");
      const after = await result("after");
      expect(after.ProcessingJobStatus, after.FailureReason).toBe("Completed");
      expect(await keysOf(clients.s3, BUCKET, "")).toEqual(["after/a", "kept", "neighbour/a"]);
      const jobs = async () =>
        (await readdir(join(disk.data, "jobs"))).filter((name) => !name.startsWith("."));
      await expect.poll(jobs, { timeout: 180_000 }).toEqual([]);
      await expect.poll(disk.used, { timeout: 180_000 }).toBeLessThan(16 * MIB);
    } finally {
      clients.destroy();
      await service.close();
    }
  },
);
