import { readdir, realpath } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { FieldmarkError } from "@fieldmark/contract";
import type { Machine } from "./build-settings.ts";

/** A docker client that builds with BuildKit. */
export interface DockerClient {
  readonly program: string;
  /** Words before the build's own. */
  readonly words: readonly string[];
  /** Variables that it needs beside the surroundings. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where clients are that PATH may not name. */
const OTHER_FOLDERS = [
  "/usr/bin",
  "/usr/local/bin",
  "/opt/homebrew/bin",
  "/Applications/Docker.app/Contents/Resources/bin",
];
/** Up to this version the client itself speaks to BuildKit; later it is the buildx plugin that does. */
const LAST_WITH_BUILDKIT = 22;

/**
 * The first docker client that can build with BuildKit: one with the buildx plugin, or an old one that needs none.
 *
 * @throws BUILDKIT_MISSING
 */
export async function findDockerClient({ env, ask }: Pick<Machine, "env" | "ask">): Promise<DockerClient> {
  const clients = await dockerPrograms((env.PATH ?? "").split(delimiter));
  const seen: string[] = [];
  for (const program of clients) {
    if ((await ask(program, ["buildx", "version"])) !== null)
      return { program, words: ["buildx", "build", "--load"], env: {} };
    // the client's version is printed also where no daemon answers
    const said = (await ask(program, ["--version"]))?.trim() ?? "";
    const major = Number(/version (\d+)\./.exec(said)?.[1]);
    if (major <= LAST_WITH_BUILDKIT) return { program, words: ["build"], env: { DOCKER_BUILDKIT: "1" } };
    seen.push(`${program} (${said || "does not run"}) has no buildx plugin`);
  }
  throw new FieldmarkError(
    "BUILDKIT_MISSING",
    seen.length === 0
      ? "there is no docker client on PATH"
      : `images are built with BuildKit: ${seen.join("; ")}`,
  );
}

/** Each program once, in PATH's order. */
async function dockerPrograms(path: readonly string[]): Promise<readonly string[]> {
  const found = new Map<string, string>();
  for (const folder of [...path, ...OTHER_FOLDERS]) {
    const names = await readdir(folder === "" ? "." : folder).catch((): string[] => []);
    if (!names.includes("docker")) continue;
    const program = join(folder, "docker");
    const real = await realpath(program).catch(() => null);
    if (real !== null && !found.has(real)) found.set(real, program);
  }
  return [...found.values()];
}
