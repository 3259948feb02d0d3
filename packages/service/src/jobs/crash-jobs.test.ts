import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

import { crashJobs } from "./crash-jobs.test.kit.ts";

const service = new URL("../../dist/jobs/crash-service.test.kit.js", import.meta.url);

test.skipIf(!existsSync(service))(
  "killed at random points, the service loses no job, starts none twice and leaves none stuck (scripts/crash-jobs.mjs does it hundreds of times)",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmark-crash-"));
    const result = await crashJobs({
      folder,
      kills: 12,
      jobsPerRun: 4,
      random: Math.random,
      service: service.href,
    });
    expect(result.faults).toEqual([]);
    expect(result.accepted).toBeGreaterThan(0);
    await rm(folder, { recursive: true });
  },
  300_000,
);
