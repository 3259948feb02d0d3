// npm run verify: installs, builds, lints and runs every test that this machine can run.
import { build, install, step } from "./steps.mjs";

install();
build({ check: true });
step("Linting (style, package arrows, dead code)", "npm", ["run", "--silent", "lint"]);
step("Testing", "npx", ["vitest", "run"]);
