import { appendFile } from "node:fs/promises";
import { FieldmarkError } from "@fieldmark/contract";
import type { Evaluation } from "@fieldmark/evaluation";
import { type CliContext, printable } from "./context.ts";
import { confusionLines, measureRows } from "./summary.ts";

/** Adds the measures to the page of a GitHub Actions step, where GITHUB_STEP_SUMMARY names its file. */
export async function appendStepSummary(
  context: CliContext,
  { measures }: Pick<Evaluation, "measures">,
): Promise<void> {
  const file = context.env.GITHUB_STEP_SUMMARY;
  if (file === undefined || file === "") return;
  const { count, correct } = measures.examples;
  const lines = [
    "## Fieldmark evaluation",
    "",
    `${correct} of ${count} pictures right.`,
    "",
    `| Measure | Value | ${Math.round(measures.level * 100)} % interval |`,
    "|---|--:|---|",
    ...measureRows(measures).map(({ title, value, interval }) => `| ${title} | ${value} | ${interval} |`),
    "",
    ...confusionLines(measures).map((line) => `- ${markdown(line)}`),
    ...measures.warnings.map((warning) => `- **Warning:** ${markdown(warning)}`),
    "",
  ];
  try {
    await appendFile(file, `${lines.join("\n")}\n`);
  } catch (cause) {
    throw new FieldmarkError("DISK", `GITHUB_STEP_SUMMARY: ${String(cause)}`, { file }, cause);
  }
}

/** Class names come from users: nothing of them is read as Markdown or HTML, or as another line. */
function markdown(text: string): string {
  return printable(text)
    .replace(/[\\`*_[\]|~#!]/g, "\\$&")
    .replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
