import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { serve } from "../scripts/serve.mjs";

async function threads(prefix: readonly string[]): Promise<number> {
  const service = await serve([], { prefix });
  try {
    return (await readdir(`/proc/${service.pid()}/task`)).length;
  } finally {
    await service.close();
  }
}

test.runIf(process.platform === "linux")(
  "the service waits for the disk in 16 threads, or in as many as its user wants",
  { timeout: 120_000 },
  async () => {
    const usual = await threads(["env", "-u", "UV_THREADPOOL_SIZE"]);
    const few = await threads(["env", "UV_THREADPOOL_SIZE=4"]);
    expect(usual - few).toBe(12);
  },
);
