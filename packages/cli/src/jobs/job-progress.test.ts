import type { JobPhase } from "@fieldmark/sdk";
import { expect, test } from "vitest";
import type { CliContext } from "../context.ts";
import { sayProgress } from "./job-progress.ts";

const phase = (name: string, seconds: number, note: string | null = null): JobPhase => ({
  phase: name,
  seconds,
  note,
  startedAt: new Date(0),
});

async function said(phases: readonly JobPhase[], quiet = false): Promise<string> {
  const lines: string[] = [];
  const stderr = { write: (text: string) => lines.push(text) };
  const context = { stderr, color: false, signal: new AbortController().signal } as unknown as CliContext;
  const job = {
    async *progress() {
      yield* phases;
    },
  };
  await sayProgress(context, job, { quiet, ended: new AbortController().signal });
  return lines.join("");
}

test("what an environment's build says is printed, each line once", async () => {
  const build = [
    phase("preparing", 0.1),
    phase("preparing", 0.2, "making it"),
    phase("preparing", 9, "making it"),
  ];
  expect(await said([...build, phase("preparing", 10, "Collecting numpy")])).toBe(
    "preparing     making it\npreparing     Collecting numpy\n",
  );
});

test("a phase of which nothing is said is named when it is long, a short one never", async () => {
  expect(
    await said([phase("queued", 0.4), phase("queued", 3), phase("queued", 5), phase("staging", 0.2)]),
  ).toBe("queued        waiting for instances to become free\n");
});

test("nothing when quiet", async () => {
  expect(await said([phase("queued", 3)], true)).toBe("");
});
