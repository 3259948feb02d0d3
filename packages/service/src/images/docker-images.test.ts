import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectDocker } from "../runtimes/docker/connect-docker.ts";
import { dockerImages } from "./docker-images.ts";
import { setAlias } from "./image-aliases.ts";
import type { PullPolicy } from "./images.ts";
import { hasRegistry, Registry, USER } from "./registry.test.kit.ts";

const docker = (await connectDocker(process.env).catch(() => null))?.docker ?? null;
if (docker === null) process.stdout.write("skipped: images at a daemon (no Docker daemon answers)\n");

/** Tag of images that only these tests make. */
const VERSION = `0.0.0-${randomUUID()}`;
const ecr = (repository: string) => `683313688378.dkr.ecr.us-east-1.amazonaws.com/${repository}`;
let folder = "";
const made: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-images-"));
});
afterAll(async () => {
  for (const name of made)
    await docker
      ?.getImage(name)
      .remove({ force: true })
      .catch(() => {});
  await rm(folder, { recursive: true, force: true });
});

/** A new image of one small file, under this name; its id. */
async function makeImage(
  daemon: Docker,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<string> {
  const file = join(folder, `${randomUUID()}.txt`);
  await writeFile(file, randomUUID());
  const archive = `${file}.tar`;
  execFileSync("tar", ["-C", folder, "-cf", archive, file.slice(folder.length + 1)]);
  const changes = Object.entries(labels).map(([key, value]) => `LABEL ${key}=${JSON.stringify(value)}`);
  const [repo, tag] = [name.slice(0, name.lastIndexOf(":")), name.slice(name.lastIndexOf(":") + 1)];
  const stream = await daemon.importImage(archive, { repo, tag, changes });
  await new Promise((resolve, reject) =>
    daemon.modem.followProgress(stream, (error: Error | null) =>
      error === null ? resolve(null) : reject(error),
    ),
  );
  made.push(name);
  return (await daemon.getImage(name).inspect()).Id;
}

interface Given {
  readonly pull?: PullPolicy;
  readonly config?: string;
  readonly data?: string;
  readonly signal?: AbortSignal;
}

/** What `ensure` answers, and what it said meanwhile. */
async function ensure(daemon: Docker, image: string, given: Given = {}) {
  const lines: string[] = [];
  const { pull = "missing", config = join(folder, "no-config"), data = join(folder, "no-data") } = given;
  const images = dockerImages({
    docker: daemon,
    dataFolder: data,
    pull,
    env: { DOCKER_CONFIG: config, PATH: process.env.PATH },
    version: VERSION,
  });
  const signal = given.signal ?? new AbortController().signal;
  return { ...(await images.ensure(image, { signal, onProgress: (line) => lines.push(line) })), lines };
}

const failure = (code: string, words: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(words) });

describe.skipIf(docker === null)("at a daemon", () => {
  const daemon = docker as Docker;

  test("an image that is here is used as it is, and told by its id", async () => {
    const name = `fieldmark-test/here:${VERSION}`;
    const id = await makeImage(daemon, name);
    expect(await ensure(daemon, name)).toEqual({ reference: name, id, digest: id, lines: [] });
    expect(await ensure(daemon, id)).toMatchObject({ id });
    expect(await ensure(daemon, name, { pull: "never" })).toMatchObject({ id });
  });

  test("an image that nobody has is not pulled where that is forbidden, and never by its id", async () => {
    const name = `fieldmark-test/absent:${VERSION}`;
    await expect(ensure(daemon, name, { pull: "never" })).rejects.toEqual(
      failure("IMAGE_UNKNOWN", /absent.*--pull never.*docker pull fieldmark-test/),
    );
    await expect(ensure(daemon, `sha256:${"0".repeat(64)}`)).rejects.toEqual(
      failure("IMAGE_UNKNOWN", /not on this machine/),
    );
  });

  test("a ready image stands in for the SDK's, and says how it differs", async () => {
    const versions = { "scikit-learn": "1.6.1" };
    const id = await makeImage(daemon, `fieldmark/sklearn:${VERSION}`, {
      "io.fieldmark.versions": JSON.stringify(versions),
      "org.opencontainers.image.version": VERSION,
    });
    const found = { reference: `fieldmark/sklearn:${VERSION}`, id, digest: id };
    expect(await ensure(daemon, ecr("sagemaker-scikit-learn:1.6.0-cpu-py3"))).toEqual({
      ...found,
      lines: [],
    });
    expect(await ensure(daemon, ecr("sagemaker-scikit-learn:0.20.0-gpu-py3"))).toEqual({
      ...found,
      lines: [
        "the image asks for scikit-learn 0.20.0; fieldmark/sklearn has 1.6.1",
        `fieldmark/sklearn uses no GPU, which ${ecr("sagemaker-scikit-learn:0.20.0-gpu-py3")} would`,
      ],
    });
    expect(await ensure(daemon, "sklearn", { pull: "always" })).toEqual({ ...found, lines: [] });
  });

  test("SageMaker's own image is used where it is here", async () => {
    const name = ecr(`sagemaker-scikit-learn:${VERSION}`);
    expect((await ensure(daemon, name).catch(() => null))?.reference).not.toBe(name);
    const id = await makeImage(daemon, name);
    expect(await ensure(daemon, name)).toMatchObject({ reference: name, id, lines: [] });
  });

  test("a ready image that is not built says the command; one of another version says so", async () => {
    await expect(ensure(daemon, `fieldmark/tensorflow:${VERSION}-absent`)).rejects.toEqual(
      failure("IMAGE_UNKNOWN", /`fieldmark images build tensorflow`/),
    );
    await makeImage(daemon, `fieldmark/evaluator:${VERSION}`, {
      "org.opencontainers.image.version": "0.0.1",
    });
    expect((await ensure(daemon, "fieldmark/evaluator")).lines).toEqual([
      `fieldmark/evaluator:${VERSION} was built by Fieldmark 0.0.1, this is ${VERSION}: \`fieldmark images build evaluator\``,
    ]);
  });

  test("a version that nothing stands in for is refused with the reason", async () => {
    await expect(ensure(daemon, ecr("sagemaker-spark-processing:2.4-cpu"))).rejects.toEqual(
      failure("IMAGE_UNKNOWN", /Scala 2\.11/),
    );
  });

  test("the user's alias comes before rules and before the image itself", async () => {
    const data = await mkdtemp(join(folder, "data-"));
    const id = await makeImage(daemon, `fieldmark-test/alias:${VERSION}`);
    await makeImage(daemon, `fieldmark-test/other:${VERSION}`);
    await setAlias(data, {
      pattern: "*/sagemaker-spark-processing:2*",
      image: `fieldmark-test/alias:${VERSION}`,
    });
    await setAlias(data, { pattern: `fieldmark-test/other:*`, image: `fieldmark-test/alias:${VERSION}` });
    for (const image of [ecr("sagemaker-spark-processing:2.4-cpu"), `fieldmark-test/other:${VERSION}`]) {
      const found = await ensure(daemon, image, { data });
      expect(found).toMatchObject({ reference: `fieldmark-test/alias:${VERSION}`, id });
      expect(found.lines).toEqual([expect.stringMatching(/by the alias/)]);
    }
  });

  test("a job that was stopped waits for no image", async () => {
    await expect(ensure(daemon, "x", { signal: AbortSignal.abort(new Error("stopped")) })).rejects.toThrow(
      "stopped",
    );
  });

  describe.skipIf(!hasRegistry)("from a registry", () => {
    let registry: Registry;
    beforeAll(async () => {
      registry = await Registry.open();
    });
    afterAll(async () => await registry[Symbol.asyncDispose]());

    /** Makes an image, pushes it, and takes it from this machine. */
    const publish = async (name: string): Promise<string> => {
      const id = await makeImage(daemon, name);
      const stream = await daemon
        .getImage(name)
        .push({ authconfig: { ...USER, serveraddress: registry.host } });
      await new Promise((resolve, reject) =>
        daemon.modem.followProgress(stream, (error: Error | null) =>
          error === null ? resolve(null) : reject(error),
        ),
      );
      await daemon.getImage(name).remove({ force: true });
      return id;
    };

    test("an image is pulled with the user's login, and told by the registry's digest", async () => {
      const name = `${registry.host}/team/mine:1`;
      const id = await publish(name);
      const found = await ensure(daemon, name, { config: await registry.configWith(USER) });
      expect(found).toMatchObject({ reference: name, id });
      expect(found.digest).toMatch(new RegExp(`^${registry.host}/team/mine@sha256:[0-9a-f]{64}$`));
      expect(found.lines[0]).toBe(`pulling ${name} with your login`);
      await daemon.getImage(name).remove({ force: true });
      expect(await ensure(daemon, found.digest, { config: await registry.configWith(USER) })).toMatchObject({
        id,
        digest: found.digest,
      });
      made.push(found.digest);
    });

    test("without a login, and with a wrong one, it says to log in", async () => {
      const name = `${registry.host}/team/closed:1`;
      await publish(name);
      await expect(ensure(daemon, name)).rejects.toEqual(
        failure("IMAGE_DENIED", new RegExp(`wants a login: \`docker login ${registry.host}\``)),
      );
      const config = await registry.configWith({ ...USER, password: "wrong" });
      await expect(ensure(daemon, name, { config })).rejects.toEqual(
        failure("IMAGE_DENIED", /your login .* has no access/),
      );
    });

    test("an image that the registry lacks is named, with how to build it", async () => {
      const name = `${registry.host}/team/never:1`;
      await expect(ensure(daemon, name, { config: await registry.configWith(USER) })).rejects.toEqual(
        failure("IMAGE_UNKNOWN", new RegExp(`no image ${name}, .*docker build -t ${name} FOLDER`)),
      );
    });

    test("a tag that has moved is followed by `always` alone", async () => {
      const name = `${registry.host}/team/moves:1`;
      const config = await registry.configWith(USER);
      const first = await publish(name);
      expect(await ensure(daemon, name, { config })).toMatchObject({ id: first });
      const other = `${name}-kept`;
      await daemon.getImage(name).tag({ repo: `${registry.host}/team/moves`, tag: "1-kept" });
      made.push(other);
      const second = await publish(name);
      await daemon.getImage(other).tag({ repo: `${registry.host}/team/moves`, tag: "1" });
      expect(await ensure(daemon, name, { config })).toMatchObject({ id: first });
      expect(await ensure(daemon, name, { config, pull: "always" })).toMatchObject({ id: second });
    });
  });

  test("a registry that does not answer is named, with the daemon's words", async () => {
    await expect(ensure(daemon, "127.0.0.1:1/x:1")).rejects.toEqual(
      failure("IMAGE_FAILED", /127\.0\.0\.1:1\/x:1 cannot be pulled: (?:Get|Error).*refused/),
    );
  });
});

test("a daemon that is away is told apart from an image that is", async () => {
  const away = new Docker({ socketPath: join(tmpdir(), `absent-${randomUUID()}.sock`) });
  await expect(ensure(away, "x")).rejects.toEqual(failure("DOCKER_UNREACHABLE", /does not answer/));
});
