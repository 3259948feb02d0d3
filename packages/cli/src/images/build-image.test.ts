import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { containersFolder, makeContext } from "./build-context.ts";
import { buildImage, buildWords, countSteps } from "./build-image.ts";
import { readStep } from "./build-output.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-build-test-"));
});
afterEach(async () => await rm(folder, { recursive: true }));

const BUILD = {
  name: "sklearn",
  context: "/c",
  tags: ["fieldmark/sklearn:1", "fieldmark/sklearn:latest"],
  version: "1",
  base: null,
};
const SETTINGS = { secrets: { settings: "export A=1\n", ca: "pem" }, hostNetwork: false, found: [] };

test("the words of a build name every secret, and the base and network where they are told", () => {
  const words = buildWords(BUILD, SETTINGS, "/s").join(" ");
  expect(words).toBe(
    "--progress plain --file /c/sklearn/Dockerfile --tag fieldmark/sklearn:1 --tag fieldmark/sklearn:latest " +
      "--build-arg FIELDMARK_VERSION=1 --secret id=settings,src=/s/settings --secret id=ca,src=/s/ca /c",
  );
  const more = buildWords({ ...BUILD, base: "debian:trixie" }, { ...SETTINGS, hostNetwork: true }, "/s").join(
    " ",
  );
  expect(more).toContain("--build-arg BASE=debian:trixie --network host --secret");
});

test.each([
  [
    "#7 [2/6] RUN --mount=type=secret,id=ca if [ -f /run/secrets/settings ]; then . /run/secrets/settings; fi; set -eu;     apt-get update",
    { kind: "begun", id: "7", instruction: "RUN apt-get update" },
  ],
  ["#9 [build 3/8] WORKDIR /build", { kind: "begun", id: "9", instruction: "WORKDIR /build" }],
  ["#7 DONE 3.1s", { kind: "ended", id: "7" }],
  ["#7 CACHED", { kind: "ended", id: "7" }],
  ["#7 12.3 Setting up python3", null],
  ["#1 [internal] load build definition from Dockerfile", null],
  ["", null],
])("%s is the step %o", (line, step) => expect(readStep(line)).toEqual(step));

/** A docker client that prints what a real build does, then ends as told. */
const client = async (body: string) => {
  const program = join(folder, "docker");
  await writeFile(program, `#!/bin/sh\n${body}\n`);
  await chmod(program, 0o755);
  return { program, words: ["build"], env: { DOCKER_BUILDKIT: "1" } };
};
const OUTPUT =
  "printf '%s\\n' '#4 [1/2] FROM debian' '#4 CACHED' '#5 [2/2] RUN make' '#5 1.0 making' '#5 DONE 1.0s' '#6 exporting' '#6 DONE 0.1s' >&2";

test("each step is told of as it begins and ends; secrets are files that go with the build", async () => {
  const steps: string[] = [];
  await buildImage(BUILD, {
    client: await client(
      `${OUTPUT}; echo "$*" >"${folder}/words"; for word; do case "$word" in id=ca,src=*) cat "\${word#id=ca,src=}" >"${folder}/ca";; esac; done`,
    ),
    settings: SETTINGS,
    env: { PATH: process.env.PATH },
    signal: new AbortController().signal,
    onBegin: (begun, instruction) => steps.push(`${begun} ${instruction}`),
    onDone: (done) => steps.push(`${done} done`),
  });
  expect(steps).toEqual(["1 FROM debian", "1 done", "2 RUN make", "2 done"]);
  expect((await readdir(folder)).toSorted()).toEqual(["ca", "docker", "words"]);
});

test("a build that fails is told by its last lines", async () => {
  const failure = buildImage(BUILD, {
    client: await client(`${OUTPUT}; echo 'E: Unable to locate package x'; exit 1`),
    settings: SETTINGS,
    env: { PATH: process.env.PATH },
    signal: new AbortController().signal,
    onBegin: () => {},
    onDone: () => {},
  });
  await expect(failure).rejects.toMatchObject({
    code: "IMAGE_BUILD_FAILED",
    message: expect.stringContaining("E: Unable to locate package x"),
  });
});

test("every Dockerfile has as many steps as a build tells of, and a context that holds what it copies", async () => {
  const containers = await containersFolder();
  for (const name of ["evaluator", "sklearn", "tensorflow", "pyspark"])
    expect(await countSteps(join(containers, name, "Dockerfile"))).toBeGreaterThan(3);
  await using context = await makeContext("sklearn", { containers, ask: async () => null });
  expect((await readdir(context.folder)).toSorted()).toEqual(["shared", "sklearn"]);
});

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly integrity?: string; readonly dependencies?: object }>
  >;
}

test("the evaluator's lock file is this checkout's: run `node scripts/lock-evaluator.mjs` when it is not", async () => {
  const read = async (path: string) =>
    JSON.parse(await readFile(new URL(`../../../../${path}`, import.meta.url), "utf8")) as LockFile;
  const all = (await read("package-lock.json")).packages;
  const { "": root, ...own } = (await read("containers/evaluator/package-lock.json")).packages;
  // the service, and the stores that only it opens, are not in the image
  const workspaces = Object.entries(all).filter(
    ([path]) => !/^packages\/(?:service|object-store)$/.test(path),
  );
  const needed = workspaces.flatMap(([path, { dependencies = {} }]) =>
    /^packages\/[^/]+$/.test(path)
      ? Object.keys(dependencies).filter((name) => !/^@?fieldmark/.test(name))
      : [],
  );
  expect(Object.keys(root?.dependencies ?? {})).toEqual([...new Set(needed)].toSorted());
  for (const [path, { version, integrity }] of Object.entries(own)) {
    if (!path.startsWith("node_modules/node-linux-"))
      expect([path, all[path]]).toMatchObject([path, { version, integrity }]);
  }
});
