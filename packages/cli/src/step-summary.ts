import { appendFile } from "node:fs/promises";
import type { Evaluation } from "@fieldmark/evaluation";
import type { CliContext } from "./context.ts";
import { confusionLines, measureRows } from "./summary.ts";

/** Adds the measures to the page of a GitHub Actions step, where GITHUB_STEP_SUMMARY names its file. */
export async function appendStepSummary(context: CliContext, { measures }: Evaluation): Promise<void> {
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
  await appendFile(file, `${lines.join("\n")}\n`);
}

/** Class names come from users: nothing of them is read as Markdown or HTML. */
function markdown(text: string): string {
  return text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`).replace(/[\\`*_[\]|~#!]/g, "\\$&");
}
