import { join } from "node:path";
import type { FieldmarkError } from "@fieldmark/contract";
import { writeWhole } from "../files.ts";
import { html } from "./html.ts";

/**
 * What stands in the report's place when an instance is lost: who, and what to do. There is no evaluation.json, so that
 * whatever reads its numbers stops.
 * @throws DISK
 */
export async function writeIncompleteReport(output: string, lost: FieldmarkError): Promise<void> {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<title>Not complete · Fieldmark</title>
</head>
<body>
<h1>This evaluation is not complete</h1>
<p>${lost.message}.</p>
<p>${lost.hint} The shares that are complete are in the folder shares beside this page.</p>
</body>
</html>
`;
  await writeWhole(join(output, "report.html"), [page.text]);
}
