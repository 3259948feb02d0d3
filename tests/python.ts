import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Finished } from "./command-line.ts";

/** Virtual environments that `.ci/run` makes from peers/*.txt, by the variable that names their interpreter. */
export const PYTHONS = {
  sagemaker2: "FIELDMARK_SAGEMAKER2_PYTHON",
  sagemaker3: "FIELDMARK_SAGEMAKER3_PYTHON",
  spark: "FIELDMARK_SPARK_PYTHON",
  tensorflow: "FIELDMARK_PYTHON",
} as const;

/** The interpreter, or undefined with a line that says what is skipped and how to have it. */
export function python(name: keyof typeof PYTHONS, what: string): string | undefined {
  const variable = PYTHONS[name];
  const found = process.env[variable];
  if (found === undefined || found === "")
    console.warn(`skipped: ${what} (set ${variable} to a Python with the packages of peers; .ci/run does)`);
  return found === "" ? undefined : found;
}

const CLIENTS = fileURLToPath(new URL("clients", import.meta.url));

/** Runs a program with just these variables of AWS's, none of the tester's own. */
export async function run(
  command: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd = CLIENTS,
): Promise<Finished> {
  const own = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_") || name === "AWS_CA_BUNDLE"),
  );
  const child = spawn(command, words, {
    cwd,
    env: {
      ...own,
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      PYTHONDONTWRITEBYTECODE: "1",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((done, fail) => child.on("close", done).on("error", fail));
  return { code, stdout, stderr };
}

/** Runs one file of tests/clients by pytest. */
export async function pytest(
  interpreter: string,
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<Finished> {
  const words = ["-m", "pytest", "-q", "-x", "-rs", "-p", "no:cacheprovider", file];
  return await run(interpreter, words, env);
}
