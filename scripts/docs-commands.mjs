// Writes docs/commands.md from the help of every command. Run after `npm run build`.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { ROOT } from "./steps.mjs";

const COMMANDS = [
  ["evaluate"],
  ["serve"],
  ["env"],
  ["doctor"],
  ["images", "list"],
  ["images", "build"],
  ["images", "alias"],
  ["environments", "add"],
  ["environments", "list"],
  ["environments", "remove"],
  ["jobs", "run"],
  ["jobs", "list"],
  ["jobs", "describe"],
  ["jobs", "logs"],
  ["jobs", "stop"],
  ["jobs", "delete"],
  ["jobs", "wait"],
  ["s3", "ls"],
  ["s3", "cp"],
  ["report"],
  ["report", "merge"],
  ["predict"],
  ["preprocess"],
  ["model", "show"],
  ["prepare", "cub"],
  ["samples", "render"],
  ["samples", "model"],
  ["cache", "show"],
  ["cache", "clear"],
];

/** What a command prints for --help; words before the options are the command's. */
export function help(words) {
  const { COLUMNS: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`${ROOT}packages/cli/bin/fieldmark.js`, ...words, "--help"],
    { encoding: "utf8", env },
  );
  if (status !== 0) throw new Error(`fieldmark ${words.join(" ")} --help: ${stderr}`);
  return stdout;
}

export function commandsPage() {
  const sections = COMMANDS.map(
    (words) => `## ${words.join(" ")}\n\n\`\`\`text\n${help(words).trimEnd()}\n\`\`\`\n`,
  );
  return `<!-- Written by scripts/docs-commands.mjs; do not edit. -->

# Commands

\`fieldmark <command> --help\` prints these. Exit codes: 0 done, 1 failed, 2 wrong words, 130 interrupted.

${sections.join("\n")}`;
}

if (process.argv[1] === new URL(import.meta.url).pathname)
  writeFileSync(`${ROOT}docs/commands.md`, commandsPage());
