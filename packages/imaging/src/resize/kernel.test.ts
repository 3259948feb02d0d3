import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("kernel.generated.ts is what kernel/resample.ts compiles to", () => {
  const script = fileURLToPath(new URL("../../../../scripts/build-kernel.mjs", import.meta.url));
  expect(() => execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" })).not.toThrow();
});
