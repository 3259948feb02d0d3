// Writes docs/images/report.png: the top of the quickstart's report. Run after `npm run quickstart`.
//   node scripts/report-picture.mjs [CHROMIUM]
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import sharp from "sharp";
import { ROOT } from "./steps.mjs";

const browser = await chromium.launch({
  executablePath: process.argv[2] ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
const page = await browser.newPage({ viewport: { width: 1180, height: 1290 }, colorScheme: "light" });
await page.goto(pathToFileURL(`${ROOT}fieldmark-quickstart/evaluation/report.html`).href);
const picture = await page.screenshot();
await browser.close();
await sharp(picture).png({ palette: true, quality: 90 }).toFile(`${ROOT}docs/images/report.png`);
