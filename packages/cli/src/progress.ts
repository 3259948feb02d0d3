import { SingleBar } from "cli-progress";
import type { CliContext } from "./context.ts";

/** Progress of one long step. */
export interface Progress {
  /** @param done units finished so far, 0 to the total */
  update(done: number): void;
  /** Leaves the last state on the screen; safe to call twice. */
  stop(): void;
}

export interface ProgressOptions {
  /** What is being done: "Evaluating". */
  readonly title: string;
  /** Units in all. */
  readonly total: number;
  /** Plural of one unit: "images". */
  readonly unit: string;
  readonly quiet?: boolean;
}

const PLAIN_LINE_EVERY_MS = 2000;
const SILENT: Progress = { update: () => {}, stop: () => {} };

/** A bar with rate and time left on a terminal; a plain line every two seconds in a pipe; nothing when quiet. */
export function startProgress(context: CliContext, options: ProgressOptions): Progress {
  if (options.quiet === true) return SILENT;
  return context.interactive ? bar(context, options) : lines(context, options);
}

function bar(context: CliContext, { title, total, unit }: ProgressOptions): Progress {
  const started = performance.now();
  const view = new SingleBar({
    stream: context.stderr as NodeJS.WriteStream,
    format: `${title} {bar} {value}/{total} ${unit}  {rate}/s  {left} left`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 28,
    hideCursor: true,
    stopOnComplete: false,
    fps: 10,
  });
  view.start(total, 0, { rate: "–", left: "–" });
  let stopped = false;
  return {
    update: (done) => view.update(done, pace({ done, total, started })),
    stop: () => {
      if (!stopped) view.stop();
      stopped = true;
    },
  };
}

function lines(context: CliContext, { title, total, unit }: ProgressOptions): Progress {
  const started = performance.now();
  let last = started;
  const print = (done: number) => {
    const { rate, left } = pace({ done, total, started });
    context.stderr.write(`${title}: ${done}/${total} ${unit}, ${rate}/s, ${left} left\n`);
  };
  return {
    update: (done) => {
      const now = performance.now();
      if (now - last < PLAIN_LINE_EVERY_MS && done < total) return;
      last = now;
      print(done);
    },
    stop: () => {},
  };
}

function pace(state: { done: number; total: number; started: number }): { rate: string; left: string } {
  const seconds = (performance.now() - state.started) / 1000;
  if (state.done === 0 || seconds === 0) return { rate: "–", left: "–" };
  const rate = state.done / seconds;
  return {
    rate: rate < 10 ? rate.toFixed(1) : rate.toFixed(0),
    left: duration((state.total - state.done) / rate),
  };
}

/** Seconds as a person says them: 8 s, 3 min 20 s, 2 h 5 min. */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
