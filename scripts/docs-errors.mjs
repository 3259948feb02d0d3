// Writes docs/errors.md from the error table. Run after `npm run build`.
import { writeFileSync } from "node:fs";
import { ERRORS } from "@fieldmark/contract";
import { ROOT } from "./steps.mjs";

export function errorsPage() {
  const rows = Object.entries(ERRORS).map(
    ([code, { fault, hint }]) => `| \`${code}\` | ${fault} | ${hint} |`,
  );
  return `<!-- Written by scripts/docs-errors.mjs; do not edit. -->

# Errors

Every error that Fieldmark reports on purpose. Its message says which file or field, what was found and what was
expected; the hint says what to do. Anything else that is printed as a *bug* should be reported.

| code | fault | what to do |
|---|---|---|
${rows.join("\n")}
`;
}

if (process.argv[1] === new URL(import.meta.url).pathname)
  writeFileSync(`${ROOT}docs/errors.md`, errorsPage());
