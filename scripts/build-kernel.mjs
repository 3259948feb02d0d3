/**
 * Compiles packages/imaging/kernel/resample.ts (AssemblyScript) into packages/imaging/src/resize/kernel.generated.ts.
 * `node scripts/build-kernel.mjs --check` compares instead of writing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const source = fileURLToPath(new URL("../packages/imaging/kernel/resample.ts", import.meta.url));
const target = fileURLToPath(new URL("../packages/imaging/src/resize/kernel.generated.ts", import.meta.url));

const files = new Map([["resample.ts", readFileSync(source, "utf8")]]);
const outputs = new Map();
const { error, stderr } = await asc.main(
  ["resample.ts", "--outFile", "kernel.wasm", "--runtime", "stub", "--enable", "simd", "-O3", "--noAssert"],
  {
    readFile: (name) => files.get(name) ?? null,
    writeFile: (name, contents) => void outputs.set(name, contents),
    listFiles: () => [],
  },
);
if (error) {
  console.error(`${stderr}`);
  throw error;
}
const base64 = Buffer.from(outputs.get("kernel.wasm")).toString("base64");
const lines = base64.match(/.{1,100}/g) ?? [];
const generated = `// Generated from packages/imaging/kernel/resample.ts by scripts/build-kernel.mjs; do not edit.
/** The resampling kernel: WebAssembly with SIMD, base64. */
export const KERNEL_BASE64 =
${lines.map((line) => `  "${line}"`).join(" +\n")};
`;
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== generated) {
    console.error(
      "kernel.generated.ts is not what kernel/resample.ts compiles to: run node scripts/build-kernel.mjs",
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, generated);
}
