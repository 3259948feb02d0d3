import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { Environments } from "../../environments/environments.ts";
import { evaluatorProgram } from "../../environments/evaluator-program.ts";
import { hasPython, ProcessWorld } from "./process-test-support.ts";

const SCRIPT = fileURLToPath(new URL("../../../../cli/bin/fieldmark.js", import.meta.url));
const NEVER = { signal: new AbortController().signal, onProgress: () => {} };

test.skipIf(!hasPython)(
  "the evaluator runs isolated, with no network and no Python, as its image's own entrypoint",
  async (context) => {
    if (!existsSync(join(SCRIPT, "../../dist/run.js"))) context.skip("the command line is not built");
    const folder = await mkdtemp(join(tmpdir(), "fieldmark-evaluator-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, "jobs"));
    const evaluator = await evaluatorProgram(SCRIPT, process.execPath);
    const environments = new Environments(folder, { evaluator, env: { PATH: "/usr/bin:/bin" } });
    await using world = await ProcessWorld.open({ environments });
    if (world.runtime.recipes.best === null) context.skip("no sandbox on this machine");
    const plan = world.plan("", {
      image: "fieldmark/evaluator:latest",
      entrypoint: null,
      arguments: ["--model", "/opt/ml/processing/none"],
      networkIsolation: true,
      limits: { memoryBytes: 2 ** 31, cpus: 2, processes: 256, diskBytes: 2 ** 30, maxRuntimeSeconds: 60 },
    });
    expect(await world.run(plan)).toMatchObject([{ kind: "exited", exitCode: 2 }]);
    expect(await world.log(plan)).toContain("--images missing");
  },
);

test.skipIf(!hasPython)(
  "an image without an environment is named with the command that adds one",
  async () => {
    await using world = await ProcessWorld.open();
    const plan = world.plan("true", { image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1" });
    const failure = world.runtime.prepare(plan, NEVER);
    await expect(failure).rejects.toMatchObject({ code: "IMAGE_UNKNOWN" });
    await expect(failure).rejects.toThrow(/no environment .*\/own:1.*fieldmark environments add NAME/);
  },
);

test.skipIf(!hasPython)("an image without an entrypoint needs one in the request", async () => {
  await using world = await ProcessWorld.open();
  const plan = world.plan("true", { entrypoint: null });
  await expect(world.runtime.prepare(plan, NEVER)).rejects.toMatchObject({ code: "ENTRYPOINT_MISSING" });
});

test.skipIf(!hasPython)("without namespaces an isolated job is refused, never run", async () => {
  await using world = await ProcessWorld.open({ tools: [] });
  const plan = world.plan("true", { networkIsolation: true });
  await world.runtime.folders(plan);
  await expect(world.runtime.start(plan, null)).rejects.toMatchObject({ code: "RUNTIME_REFUSED" });
  expect(await world.runtime.observe(plan)).toEqual([{ kind: "absent" }]);
});
