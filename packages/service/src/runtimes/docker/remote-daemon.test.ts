import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { connectDocker } from "./connect-docker.ts";
import { DockerWorld, docker, IMAGE } from "./docker-runtime.test.kit.ts";
import { mayStartDaemon, SecondDaemon } from "./second-daemon.test.kit.ts";

const mayRun = docker !== null && mayStartDaemon();
if (!mayRun) process.stdout.write("skipped: a daemon on another machine (needs root, dockerd, openssl)\n");

describe.skipIf(!mayRun)("a daemon that sees none of this machine's files", () => {
  let daemon: SecondDaemon;

  beforeAll(async () => {
    daemon = await SecondDaemon.open();
    const image = await (docker as Docker).getImage(IMAGE).get();
    for await (const _ of await daemon.docker.loadImage(image));
  }, 180_000);
  afterEach(() => vi.unstubAllEnvs());
  afterAll(async () => await daemon?.[Symbol.asyncDispose](), 60_000);

  /** Puts the data folders of tests where the daemon does not see them. */
  async function world(env: Readonly<Record<string, string>>): Promise<DockerWorld> {
    const connection = await connectDocker(env);
    if (connection === null) throw new Error(`no daemon answers at ${env.DOCKER_HOST}`);
    vi.stubEnv("TMPDIR", daemon.here);
    return await DockerWorld.open({ daemon: connection.docker });
  }

  const uploads: RunPlan["uploads"] = [
    { outputName: "end", s3Uri: "s3://b/end", localPath: "/opt/ml/processing/end", s3UploadMode: "EndOfJob" },
    {
      outputName: "soon",
      s3Uri: "s3://b/soon",
      localPath: "/opt/ml/processing/soon",
      s3UploadMode: "Continuous",
    },
  ];

  /** What transfer does: the inputs and the outputs' folders are in place before the start. */
  async function stage(open: DockerWorld, plan: RunPlan): Promise<string> {
    await open.runtime.prepare(plan, { signal: new AbortController().signal, onProgress: () => {} });
    const [folder] = await open.runtime.folders(plan);
    const ml = folder?.ml ?? "";
    for (const name of ["input", "end", "soon"]) await mkdir(join(ml, "processing", name));
    await writeFile(join(ml, "processing/input/birds.csv"), "wren\n");
    return ml;
  }

  async function runsWhole(env: Readonly<Record<string, string>>): Promise<void> {
    await using open = await world(env);
    expect((await open.runtime.traits()).binds).toBe(false);
    const plan = open.plan(
      "cd /opt/ml; tr a-z A-Z < processing/input/birds.csv > processing/end/loud.csv; ln -s /etc/hostname processing/end/link; echo done > output/message; printf 'printed \\xff'; exit 4",
      { uploads, networkIsolation: true },
    );
    const ml = await stage(open, plan);
    await open.runtime.start(plan, null);
    expect(await open.ended(plan)).toMatchObject([{ kind: "exited", exitCode: 4 }]);
    expect(await readFile(join(ml, "processing/end/loud.csv"), "utf8")).toBe("WREN\n");
    expect(await readFile(join(ml, "output/message"), "utf8")).toBe("done\n");
    await expect(readFile(join(ml, "processing/end/link"))).rejects.toMatchObject({ code: "ENOENT" });
    expect(Buffer.from(await open.log(plan))).toEqual(Buffer.from("printed \ufffd"));
  }

  test("runs a job whole through TLS: inputs go there, outputs, message and log come back", async () => {
    await runsWhole(daemon.env);
  });

  test("answers nobody without the client's certificate", async () => {
    const { DOCKER_HOST = "" } = daemon.env;
    const empty = join(daemon.folder, "none");
    await mkdir(empty, { recursive: true });
    await writeFile(join(empty, "ca.pem"), await readFile(join(daemon.folder, "ca.pem")));
    expect(await connectDocker({ DOCKER_HOST, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: empty })).toBeNull();
    expect(await connectDocker({ DOCKER_HOST })).toBeNull();
  });

  test("runs a job whole through ssh, as Docker's own client reaches it", async () => {
    const bin = join(daemon.folder, "bin");
    await mkdir(bin);
    const asked = join(daemon.folder, "asked");
    await writeFile(
      join(bin, "ssh"),
      `#!/bin/sh\necho "$@" >> ${asked}\nwhile [ "$1" != -- ]; do shift; done\nshift 2\nDOCKER_HOST=unix://${daemon.socketPath} exec "$@"\n`,
    );
    await chmod(join(bin, "ssh"), 0o755);
    vi.stubEnv("PATH", `${bin}:${process.env.PATH}`);
    await runsWhole({ DOCKER_HOST: "ssh://birder@there:2222" });
    expect(await readFile(asked, "utf8")).toMatch(/-l birder -p 2222 .*-- there docker system dial-stdio/);
  });

  test("files of Continuous outputs come while the program runs", async () => {
    await using open = await world(daemon.env);
    const plan = open.plan("echo early > /opt/ml/processing/soon/a; sleep 300", {
      uploads,
      networkIsolation: true,
    });
    const ml = await stage(open, plan);
    await open.runtime.start(plan, null);
    await open.runtime.observe(plan);
    using _watching = open.runtime.watch(plan, () => {});
    await vi.waitFor(
      async () => expect(await readFile(join(ml, "processing/soon/a"), "utf8")).toBe("early\n"),
      { timeout: 180_000, interval: 200 },
    );
    expect(await open.runtime.observe(plan)).toMatchObject([{ kind: "running" }]);
  });

  test("killed and started again, it has the job's container, which ended with it", async () => {
    await using open = await world(daemon.env);
    const plan = open.plan("echo before > /opt/ml/processing/end/a; echo up; sleep 300", {
      uploads,
      networkIsolation: true,
    });
    const ml = await stage(open, plan);
    await open.runtime.start(plan, null);
    await vi.waitFor(
      async () => {
        await open.runtime.observe(plan);
        expect(await open.log(plan)).toBe("up\n");
      },
      { timeout: 180_000, interval: 100 },
    );
    await daemon.kill();
    const states = open.ended(plan);
    await daemon.start();
    const [state] = await states;
    expect(state).toMatchObject({ kind: "exited" });
    expect(await readFile(join(ml, "processing/end/a"), "utf8")).toBe("before\n");
    expect(await open.log(plan)).toBe("up\n");
  }, 400_000);
});
