// Writes docs/ops.md from the table of lowerings. Run after `npm run build`.
import { writeFileSync } from "node:fs";
import { opsPage } from "../packages/model/dist/lowerings/ops-page.js";
import { ROOT } from "./steps.mjs";

writeFileSync(`${ROOT}docs/ops.md`, opsPage());
