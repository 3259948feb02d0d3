import type { LogLine } from "@fieldmark/sdk";
import pc from "picocolors";
import { type CliContext, writeLine } from "../context.ts";

const HOST_COLORS = ["cyan", "magenta", "yellow", "green", "blue"] as const;

/** Prints a job's lines as they come: with their host where there are several, or as JSON, one object a line. */
export function linePrinter(
  context: CliContext,
  {
    several,
    json,
    stream,
  }: { readonly several: boolean; readonly json: boolean; readonly stream: "stdout" | "stderr" },
): (line: LogLine) => void {
  const colors = pc.createColors(context.color);
  const out = context[stream];
  return ({ host, timestamp, message }) => {
    if (json) return writeLine(out, JSON.stringify({ host, timestamp: timestamp.toISOString(), message }));
    const color = HOST_COLORS[(Number(host.split("-").at(-1)) || 0) % HOST_COLORS.length] ?? "cyan";
    writeLine(out, several ? `${colors[color](`${host} |`)} ${message}` : message);
  };
}
