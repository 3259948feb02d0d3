import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { renderReport, reportPictures, thumbnail } from "@fieldmark/evaluation";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { syntheticEvaluation } from "./synthetic-evaluation.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
if (CHROMIUM === undefined) console.warn("skipped: report in a browser (no Chromium on this machine)");
/** Playwright's own 30 s are not enough for a loaded machine. */
const PATIENCE = 150_000;
const PICTURES = new URL("../test-output/", import.meta.url).pathname;

let browser: Browser;
let folder: string;

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  folder = await mkdtemp(join(tmpdir(), "fieldmark-report-"));
  await mkdir(PICTURES, { recursive: true });
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    timeout: PATIENCE,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
});

afterAll(async () => {
  await browser?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

interface Opened {
  readonly page: Page;
  /** Whatever the page complained of: errors, refused by its policy, requests to anywhere. */
  readonly complaints: string[];
  readonly path: string;
}

async function open(classes: number, perClass: number, colorScheme: "light" | "dark"): Promise<Opened> {
  const images = join(folder, `images-${classes}`);
  const evaluation = await syntheticEvaluation(images, classes, perClass);
  const path = join(folder, `report-${classes}.html`);
  const pictures = await reportPictures(evaluation.predictions, (name) => thumbnail(join(images, name)));
  await writeFile(path, await renderReport(evaluation, pictures));
  const page = await browser.newPage({ colorScheme, viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(PATIENCE);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:") && !request.url().startsWith("data:"))
      complaints.push(request.url());
  });
  await page.goto(pathToFileURL(path).href);
  return { page, complaints, path };
}

test.skipIf(CHROMIUM === undefined)(
  "8 classes: sort, walk, click, filter, theme, nothing from the network",
  async () => {
    const { page, complaints } = await open(8, 40, "light");
    await page.screenshot({ path: `${PICTURES}report-8-light.png`, fullPage: true });
    expect(await page.title()).toMatch(/of 320 pictures right/);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.screenshot({ path: `${PICTURES}report-8-dark.png`, fullPage: true });

    const names = () => page.locator("#classes tbody tr:not([hidden]) td:first-child").allTextContents();
    const recall = page.getByRole("button", { name: "Recall" });
    await recall.click();
    const values = await page
      .locator("#classes tbody td:nth-child(3)")
      .evaluateAll((cells) => cells.map((cell) => Number((cell as HTMLElement).dataset.v)));
    expect(values).toEqual([...values].sort((a, b) => a - b));
    await page.fill("#filter", "finch");
    expect(await names()).toEqual(expect.arrayContaining(["035.Purple_Finch", "047.American_Goldfinch"]));
    expect(await names()).toHaveLength(2);

    const pair = page.locator(".confusions button").first();
    const said = (await pair.textContent()) ?? "";
    await pair.click();
    const [actual] = said.split(" taken for ");
    await expect.poll(() => page.locator("#cell h3").textContent()).toContain(`${actual} taken for`);
    await expect.poll(() => page.locator("#cell figure").count()).toBeGreaterThan(0);

    await page.focus("#matrix");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.locator("#said").textContent()).toMatch(/\d+ of 40/);
    await page.keyboard.press("Enter");
    const chosen = await page.locator("#said").textContent();
    await expect.poll(() => page.locator("#cell h3").textContent()).toBe(chosen);

    await page.locator("#matrix").hover({ position: { x: 300, y: 300 } });
    await expect.poll(() => page.locator("#tip").isVisible()).toBe(true);
    await page.getByRole("button", { name: "Most errors first" }).click();
    await page.getByRole("button", { name: "Zoom in" }).click();
    await page.click("#theme");
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("light");
    expect(await page.title()).not.toContain("hacked");
    expect(complaints).toEqual([]);
    await page.close();
  },
);

test.skipIf(CHROMIUM === undefined)(
  "200 classes: under 2 MB, every class in the table, a cell opens",
  async () => {
    const { page, complaints, path } = await open(200, 30, "light");
    expect((await stat(path)).size).toBeLessThan(2_000_000);
    expect(await page.locator("#classes tbody tr").count()).toBe(200);
    await page.screenshot({ path: `${PICTURES}report-200-light.png`, fullPage: true });
    await page.getByRole("button", { name: "Most errors first" }).click();
    for (let step = 0; step < 4; step++) await page.getByRole("button", { name: "Zoom in" }).click();
    await page.emulateMedia({ colorScheme: "dark" });
    await page.screenshot({ path: `${PICTURES}report-200-dark.png`, fullPage: true });
    await page.locator(".confusions button").first().click();
    await expect.poll(() => page.locator("#cell h3").textContent()).toContain("taken for");
    expect(complaints).toEqual([]);
    await page.close();
  },
);

test.skipIf(CHROMIUM === undefined)("a small screen scrolls in one direction only", async () => {
  const { page } = await open(8, 40, "light");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: `${PICTURES}report-8-phone.png`, fullPage: true });
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBeLessThanOrEqual(0);
  await page.close();
});
