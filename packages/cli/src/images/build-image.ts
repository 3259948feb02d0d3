import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { FieldmarkError } from "@fieldmark/contract";
import { readStep } from "./build-output.ts";
import type { BuildSettings } from "./build-settings.ts";
import type { DockerClient } from "./docker-client.ts";

export interface ImageBuild {
  readonly name: string;
  /** Folder with the context; the Dockerfile is at `NAME/Dockerfile` in it. */
  readonly context: string;
  readonly tags: readonly string[];
  /** Of Fieldmark. */
  readonly version: string;
  /** null: as the Dockerfile says */
  readonly base: string | null;
}

export interface ImageBuildOptions {
  readonly client: DockerClient;
  readonly settings: BuildSettings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Told of each step as it begins: its instruction, and how many have begun. */
  readonly onBegin: (begun: number, instruction: string) => void;
  /** Told how many steps have ended. */
  readonly onDone: (done: number) => void;
}

/** Lines of a failed build that are shown. */
const LAST_LINES = 30;

/**
 * Runs `docker build`. Secrets are files of a folder that only this user reads, removed afterwards.
 *
 * @throws IMAGE_BUILD_FAILED with the build's last lines; the signal's reason
 */
export async function buildImage(build: ImageBuild, options: ImageBuildOptions): Promise<void> {
  const { client, settings, env, signal, onBegin, onDone } = options;
  const secrets = await mkdtemp(join(tmpdir(), "fieldmark-build-"));
  try {
    for (const [id, text] of Object.entries(settings.secrets))
      await writeFile(join(secrets, id), text, { mode: 0o600 });
    const words = [...client.words, ...buildWords(build, settings, secrets)];
    const child = spawn(client.program, words, {
      env: { ...env, ...client.env },
      stdio: ["ignore", "pipe", "pipe"],
      signal,
      killSignal: "SIGINT",
    });
    const last: string[] = [];
    const done = new Set<string>();
    const begun = new Set<string>();
    const read = async (stream: NodeJS.ReadableStream) => {
      for await (const line of createInterface({ input: stream })) {
        last.push(line);
        if (last.length > LAST_LINES) last.shift();
        const step = readStep(line);
        if (step?.kind === "begun" && !begun.has(step.id)) onBegin(begun.add(step.id).size, step.instruction);
        else if (step?.kind === "ended" && begun.has(step.id)) onDone(done.add(step.id).size);
      }
    };
    const ended = new Promise<number | string>((resolve) => {
      child.once("error", ({ message }) => resolve(message));
      child.once("close", (code) => resolve(code ?? "it was killed"));
    });
    await Promise.all([read(child.stdout), read(child.stderr)]);
    const end = await ended;
    signal.throwIfAborted();
    if (end === 0) return;
    throw new FieldmarkError(
      "IMAGE_BUILD_FAILED",
      `the build of fieldmark/${build.name} failed (${typeof end === "number" ? `exit code ${end}` : end}):\n${last.join("\n")}`,
      { image: build.name },
    );
  } finally {
    await rm(secrets, { recursive: true, force: true });
  }
}

/** Everything after `docker build`. */
export function buildWords(
  { name, context, tags, version, base }: ImageBuild,
  { secrets, hostNetwork }: BuildSettings,
  secretsFolder: string,
): readonly string[] {
  return [
    ...["--progress", "plain", "--file", join(context, name, "Dockerfile")],
    ...tags.flatMap((tag) => ["--tag", tag]),
    ...["--build-arg", `FIELDMARK_VERSION=${version}`],
    ...(base === null ? [] : ["--build-arg", `BASE=${base}`]),
    ...(hostNetwork ? ["--network", "host"] : []),
    ...Object.keys(secrets).flatMap((id) => ["--secret", `id=${id},src=${join(secretsFolder, id)}`]),
    context,
  ];
}

/** How many steps a build of this Dockerfile tells of: each stage's base and each instruction that makes a layer. */
export async function countSteps(dockerfile: string): Promise<number> {
  const text = await readFile(dockerfile, "utf8");
  return text.match(/^(?:FROM|RUN|COPY|ADD|WORKDIR)\s/gm)?.length ?? 0;
}
