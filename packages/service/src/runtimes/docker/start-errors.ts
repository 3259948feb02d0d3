import { FieldmarkError } from "@fieldmark/contract";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { isUnreachable, statusOf, wordsOf } from "./docker-errors.ts";

/** What runc, crun and Docker say of a program that cannot be executed, and the exit code that a shell gives for it. */
const NOT_EXECUTABLE: readonly { readonly words: RegExp; readonly exitCode: number }[] = [
  {
    words:
      /executable file not found|exec: .*: (?:stat .*: )?no such file or directory|executable file .* not found/i,
    exitCode: 127,
  },
  { words: /exec(?:: | format error).*|is a directory: unknown|permission denied: unknown/i, exitCode: 126 },
];

/** The error of a container that could not be made or started, in words that its user can act on. */
export function startError(plan: RunPlan, image: string, error: unknown): unknown {
  if (statusOf(error) === null || isUnreachable(error)) return error;
  const words = wordsOf(error);
  if (/no command specified/i.test(words)) {
    return new FieldmarkError(
      "ENTRYPOINT_MISSING",
      `the image ${image} has no entrypoint of its own and the request names none`,
      { image: plan.image },
      error,
    );
  }
  const failure = NOT_EXECUTABLE.find((each) => each.words.test(words));
  if (failure !== undefined) {
    const program = plan.entrypoint?.[0] ?? plan.arguments[0];
    return new FieldmarkError(
      "ENTRYPOINT_FAILED",
      `the image ${image} cannot run ${program === undefined ? "its entrypoint" : `"${program}"`}: ${reasonOf(words)}, exit code: ${failure.exitCode}`,
      { image: plan.image, exitCode: failure.exitCode },
      error,
    );
  }
  if (/task \S+: already exists|already exists: unknown/i.test(words)) {
    // whether its program ran, nobody knows: it must not run twice
    return new FieldmarkError(
      "DOCKER_FAILED",
      `the Docker daemon ended while it started a container of ${image}, and cannot start it again: run the job again`,
      {},
      error,
    );
  }
  return new FieldmarkError("DOCKER_FAILED", `Docker cannot start ${image}: ${words}`, {}, error);
}

/** The end of a chain of messages says what is wrong; `unknown` after it, nothing. */
function reasonOf(words: string): string {
  const text = words.trim().replace(/: unknown$/, "");
  const at = text.lastIndexOf("exec: ");
  return at === -1 ? text : text.slice(at + "exec: ".length).replace(/^"[^"]*": /, "");
}
