import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { download, type ProcessingJob, Processor, ScriptProcessor, Session } from "@fieldmark/sdk";
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

/** Whole on one instance; of several, each gets a share. */
const PICTURES = () =>
  ({
    inputName: "pictures",
    source: at("pictures"),
    destination: `${PROCESSING}/input/pictures`,
    s3DataDistributionType: "ShardedByS3Key",
  }) as const;

async function withService(runtime: string, work: (session: Session) => Promise<void>): Promise<void> {
  const served = await serve(["--runtime", runtime]);
  try {
    using session = new Session({
      endpoint: served.url,
      credentials: {
        accessKeyId: served.env.AWS_ACCESS_KEY_ID,
        secretAccessKey: served.env.AWS_SECRET_ACCESS_KEY,
      },
    });
    await work(session);
  } finally {
    await served.close();
  }
}

/** The counts that one instance wrote, fetched to a folder of their own. */
async function countsOf(session: Session, job: ProcessingJob, place: string) {
  await download(session, { from: job.outputs[0]?.destination ?? "", to: at("fetched", dirname(place)) });
  return JSON.parse(await readFile(at("fetched", place), "utf8"));
}

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
  await withService("process", async (session) => {
    const processor = new Processor({
      session,
      imageUri: "fieldmark/evaluator",
      entrypoint: ["node", `${PROCESSING}/program/count.mjs`],
      instanceCount: 2,
    });
    const job = await processor.run({
      inputs: [PICTURES(), { inputName: "program", source: program, destination: `${PROCESSING}/program` }],
      outputs: [{ outputName: "counts", source: `${PROCESSING}/output/counts` }],
    });
    const { ExitMessage } = await job.wait();
    expect(ExitMessage).toMatch(/^\d pictures of \d classes$/);
    const shares = [
      await countsOf(session, job, "shares/algo-1.json"),
      await countsOf(session, job, "shares/algo-2.json"),
    ];
    expect(shares.map(({ total }) => total).sort()).toEqual([1, 2]);

    const refused = await processor.run({
      inputs: [
        { ...PICTURES(), inputName: "photos" },
        { inputName: "program", source: program, destination: `${PROCESSING}/program` },
      ],
    });
    await expect(refused.wait()).rejects.toThrow('has no input "pictures": it has "photos", "program"');
  });
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

test.skipIf(!hasDocker)(
  "examples/byoc: both images build, run as jobs of the docker runtime and count the same",
  { timeout: 600_000 },
  async () => {
    await buildImages();
    await withService("docker", async (session) => {
      for (const [name, imageUri] of Object.entries(IMAGES)) {
        const processor = new Processor({ session, imageUri });
        const args = {
          inputs: [PICTURES()],
          outputs: [{ outputName: "counts", source: `${PROCESSING}/output/counts` }],
        };
        const job = await processor.run(args);
        const lines: string[] = [];
        const { ExitMessage } = await job.wait({ logs: ({ message }) => lines.push(message) });
        expect([ExitMessage, lines]).toEqual([
          "3 pictures of 2 classes",
          ["017.Cardinal: 2 pictures, 10 bytes", "073.Blue_Jay: 1 pictures, 4 bytes"],
        ]);
        expect(await countsOf(session, job, `${name}/algo-1.json`)).toEqual(COUNTS);

        const few = await processor.run({ ...args, arguments: ["--minimum", "2"] });
        await expect(few.wait()).rejects.toThrow(
          "AlgorithmError: 3 pictures of 2 classes; fewer than 2 of 073.Blue_Jay, exit code: 1",
        );
        expect(await countsOf(session, few, `${name}-few/algo-1.json`)).toEqual(COUNTS);
      }
      const script = new ScriptProcessor({ session, imageUri: IMAGES.python, command: ["python3"] });
      const job = await script.run({ code: join(EXAMPLES, "python/count.py"), inputs: [PICTURES()] });
      await expect(job.wait()).rejects.toThrow("the job has no output named counts");
    });
  },
);
