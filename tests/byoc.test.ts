import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { download, Processor, Session } from "@fieldmark/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve } from "../scripts/serve.mjs";
import { docker, dockerOrSkip } from "./docker.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const EXAMPLES = join(ROOT, "examples/byoc");
const NODE = "fieldmark-test/node";
const IMAGES = { python: "fieldmark-test/byoc-python", node: "fieldmark-test/byoc-node" } as const;
const hasDocker = await dockerOrSkip("images of one's own");
const PROCESSING = "/opt/ml/processing";

let folder: string;
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(homedir(), ".fieldmark-test-"));
  for (const [name, text] of [
    ["017.Cardinal/a.jpg", "red"],
    ["017.Cardinal/b.JPG", "red too"],
    ["073.Blue_Jay/c.png", "blue"],
    ["073.Blue_Jay/notes.txt", "no picture"],
  ] as const) {
    await mkdir(at("pictures", name, ".."), { recursive: true });
    await writeFile(at("pictures", name), text);
  }
});
afterAll(async () => await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 }));

const COUNTS = {
  total: 3,
  classes: { "017.Cardinal": { pictures: 2, bytes: 10 }, "073.Blue_Jay": { pictures: 1, bytes: 4 } },
};

test("a program in a job of the process runtime reads its job by @fieldmark/sdk/container, on two instances", async () => {
  const program = at("program");
  for (const [from, to] of [
    ["examples/byoc/node/count.mjs", "count.mjs"],
    ...["package.json", "dist"].map((name) => [`packages/contract/${name}`, `contract/${name}`]),
    ...["package.json", "dist/container"].map((name) => [`packages/sdk/${name}`, `sdk/${name}`]),
  ] as const)
    await cp(
      join(ROOT, from ?? ""),
      join(program, to === "count.mjs" ? to : `node_modules/@fieldmark/${to}`),
      { recursive: true },
    );
  const served = await serve(["--runtime", "process"]);
  try {
    using session = new Session({
      endpoint: served.url,
      credentials: {
        accessKeyId: served.env.AWS_ACCESS_KEY_ID,
        secretAccessKey: served.env.AWS_SECRET_ACCESS_KEY,
      },
    });
    const processor = new Processor({
      session,
      imageUri: "fieldmark/evaluator",
      entrypoint: ["node", `${PROCESSING}/program/count.mjs`],
      instanceCount: 2,
    });
    const pictures = {
      inputName: "pictures",
      source: at("pictures"),
      destination: `${PROCESSING}/input/pictures`,
      s3DataDistributionType: "ShardedByS3Key",
    } as const;
    const job = await processor.run({
      inputs: [pictures, { inputName: "program", source: program, destination: `${PROCESSING}/program` }],
      outputs: [{ outputName: "counts", source: `${PROCESSING}/output/counts` }],
    });
    const { ExitMessage } = await job.wait();
    expect(ExitMessage).toMatch(/^\d pictures of \d classes$/);
    await download(session, { from: job.outputs[0]?.destination ?? "", to: at("counts") });
    const shares = await Promise.all(
      ["algo-1", "algo-2"].map(async (host) =>
        JSON.parse(await readFile(at("counts", `${host}.json`), "utf8")),
      ),
    );
    expect(shares.map(({ total }) => total).sort()).toEqual([1, 2]);

    const refused = await processor.run({
      inputs: [
        { ...pictures, inputName: "photos" },
        { inputName: "program", source: program, destination: `${PROCESSING}/program` },
      ],
    });
    await expect(refused.wait()).rejects.toThrow('has no input "pictures": it has "photos", "program"');
  } finally {
    await served.close();
  }
});

/** Builds both images of the example; Node is the one that runs this test, so that no registry is needed. */
async function buildImages(): Promise<void> {
  const context = at("node");
  await mkdir(context);
  await copyFile(process.execPath, join(context, "node"));
  await chmod(join(context, "node"), 0o755);
  await writeFile(join(context, "Dockerfile"), "FROM scratch\nCOPY node /usr/local/bin/node\n");
  const builds = [
    ["-t", NODE, context],
    ["-t", IMAGES.python, join(EXAMPLES, "python")],
    [
      ...["-f", join(EXAMPLES, "node/Dockerfile"), "--build-arg", `NODE_IMAGE=${NODE}`],
      ...["-t", IMAGES.node, ROOT],
    ],
  ];
  for (const words of builds) {
    const { code, stderr } = await docker(["build", "--network", "host", ...words]);
    expect(code, stderr).toBe(0);
  }
}

/** Runs an image as SageMaker documents it: the job's files below /opt/ml. */
async function runImage(image: string, name: string, words: readonly string[]) {
  const ml = at(name);
  for (const path of ["config", "output", "processing/input", "processing/output/counts"])
    await mkdir(join(ml, path), { recursive: true });
  await cp(at("pictures"), join(ml, "processing/input/pictures"), { recursive: true });
  const job = {
    ProcessingJobName: name,
    ProcessingInputs: [{ InputName: "pictures", S3Input: { LocalPath: `${PROCESSING}/input/pictures` } }],
    ProcessingOutputConfig: {
      Outputs: [{ OutputName: "counts", S3Output: { LocalPath: `${PROCESSING}/output/counts` } }],
    },
  };
  await writeFile(join(ml, "config/processingjobconfig.json"), JSON.stringify(job));
  const resources = { current_host: "algo-1", hosts: ["algo-1"] };
  await writeFile(join(ml, "config/resourceconfig.json"), JSON.stringify(resources));
  const mount = `${ml}:/opt/ml`;
  const { code, stdout, stderr } = await docker([
    "run",
    "--rm",
    "--network",
    "none",
    "-v",
    mount,
    image,
    ...words,
  ]);
  return {
    code,
    stdout,
    stderr,
    message: await readFile(join(ml, "output/message"), "utf8"),
    counts: JSON.parse(await readFile(join(ml, "processing/output/counts/algo-1.json"), "utf8")),
  };
}

test.skipIf(!hasDocker)(
  "examples/byoc: both images build and keep the contract",
  { timeout: 600_000 },
  async () => {
    await buildImages();
    for (const [name, image] of Object.entries(IMAGES)) {
      const done = await runImage(image, name, []);
      expect(done, done.stderr).toMatchObject({
        code: 0,
        stdout: "017.Cardinal: 2 pictures, 10 bytes\n073.Blue_Jay: 1 pictures, 4 bytes\n",
        message: "3 pictures of 2 classes",
        counts: COUNTS,
      });
      expect(await runImage(image, `${name}-few`, ["--minimum", "2"])).toMatchObject({
        code: 1,
        message: "3 pictures of 2 classes; fewer than 2 of 073.Blue_Jay",
        counts: COUNTS,
      });
    }
  },
);
