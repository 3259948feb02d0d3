// Writes docs/states.md from the tables of statuses and phases. Run after `npm run build`.
import { writeFileSync } from "node:fs";
import { statesPage } from "../packages/service/dist/jobs/states-page.js";
import { ROOT } from "./steps.mjs";

writeFileSync(`${ROOT}docs/states.md`, statesPage());
