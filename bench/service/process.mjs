// What a running process has used, as Linux tells.
import { readFileSync } from "node:fs";

const kilobytes = (pid, field) =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
export const megabytesOf = (pid) => kilobytes(pid, "VmRSS") / 1024;
export const peakMegabytesOf = (pid) => kilobytes(pid, "VmHWM") / 1024;

/** Seconds of processor time, the kernel's included; of its own threads alone. */
export function cpuSecondsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user, system] = stat.slice(stat.lastIndexOf(")")).split(" ").slice(12, 14).map(Number);
  return (user + system) / 100;
}
