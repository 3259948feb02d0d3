import { run } from "./python.ts";

/** Whether a Docker daemon answers; where none does, a line says what is skipped. */
export async function dockerOrSkip(what: string): Promise<boolean> {
  const answered = await docker(["version", "--format", "{{.Server.Version}}"]).then(
    ({ code }) => code === 0,
    () => false,
  );
  if (!answered) console.warn(`skipped: ${what} (no Docker daemon answers; .ci/run starts one)`);
  return answered;
}

/** Whether the daemon has the image; where it has not, a line says what is skipped. */
export async function imageOrSkip(image: string, what: string): Promise<boolean> {
  const { code } = await docker(["image", "inspect", image]);
  if (code !== 0) console.warn(`skipped: ${what} (no image ${image}: \`fieldmark images build\` makes it)`);
  return code === 0;
}

/** Docker's command line. */
export async function docker(words: readonly string[], cwd?: string) {
  return await run("docker", words, { DOCKER_BUILDKIT: "1" }, cwd);
}
