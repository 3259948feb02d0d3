import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findDockerClient } from "./docker-client.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmark-clients-"));
});
afterEach(async () => await rm(folder, { recursive: true }));

/** A program called docker in a folder of its own, which says what such a client says. */
async function client(
  name: string,
  { version, buildx }: { readonly version: string; readonly buildx: boolean },
): Promise<string> {
  await mkdir(join(folder, name));
  const file = join(folder, name, "docker");
  const answer = buildx ? "echo buildx v0.20" : "echo 'unknown command: docker buildx' >&2; exit 1";
  await writeFile(
    file,
    `#!/bin/sh\ncase "$1" in --version) echo 'Docker version ${version}, build abc';; *) ${answer};; esac\n`,
  );
  await chmod(file, 0o755);
  return join(folder, name);
}

/** Programs of this machine outside `folder` do not answer. */
const find = async (...path: readonly string[]) =>
  await findDockerClient({
    env: { PATH: path.join(delimiter) },
    ask: async (program, words) => {
      if (!program.startsWith(folder)) return null;
      return await promisify(execFile)(program, [...words]).then(
        ({ stdout }) => stdout,
        () => null,
      );
    },
  });

test("the first that can is taken: one with the plugin, or one so old that it needs none", async () => {
  const bare = await client("bare", { version: "28.2.2", buildx: false });
  const old = await client("old", { version: "20.10.24+dfsg1", buildx: false });
  const plugin = await client("plugin", { version: "27.0.1", buildx: true });
  expect(await find(bare, old, plugin)).toEqual({
    program: join(old, "docker"),
    words: ["build"],
    env: { DOCKER_BUILDKIT: "1" },
  });
  expect(await find(bare, plugin, old)).toEqual({
    program: join(plugin, "docker"),
    words: ["buildx", "build", "--load"],
    env: {},
  });
});

test("where none can, each is named", async () => {
  const bare = await client("bare", { version: "28.2.2", buildx: false });
  await expect(find(bare)).rejects.toMatchObject({
    code: "BUILDKIT_MISSING",
    message: expect.stringContaining(
      `${bare}/docker (Docker version 28.2.2, build abc) has no buildx plugin`,
    ),
  });
});
