// Copies containers/ beside the built command line, so that its npm package holds it. Part of `npm run build`.
import { cpSync, rmSync } from "node:fs";
import { ROOT } from "./steps.mjs";

const target = `${ROOT}packages/cli/dist/containers`;
rmSync(target, { recursive: true, force: true });
cpSync(`${ROOT}containers`, target, { recursive: true });
