import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { opsPage } from "./ops-page.ts";

test("docs/ops.md is the table of lowerings (after a build, node scripts/docs-ops.mjs writes it)", () => {
  const page = readFileSync(new URL("../../../../docs/ops.md", import.meta.url), "utf8");
  expect(page).toBe(opsPage());
});
