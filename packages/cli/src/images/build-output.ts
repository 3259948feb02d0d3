/** What a line of `docker build --progress plain` says of a step. */
export type BuildStep =
  | { readonly kind: "begun"; readonly id: string; readonly instruction: string }
  | { readonly kind: "ended"; readonly id: string };

/** `#7 [stage-0 2/6] RUN apt-get …`, `#7 DONE 3.1s`, `#7 CACHED`; null for all other lines. */
export function readStep(line: string): BuildStep | null {
  const [, id, rest] = /^#(\d+) (.*)$/.exec(line) ?? [];
  if (id === undefined || rest === undefined) return null;
  const [, instruction] = /^\[(?:\S+ +)?\d+\/\d+\] (.+)$/.exec(rest) ?? [];
  if (instruction !== undefined) return { kind: "begun", id, instruction: withoutOptions(instruction) };
  return /^(?:DONE|CACHED)\b/.test(rest) ? { kind: "ended", id } : null;
}

/** Without mounts, and without the settings that every step with network begins with. */
function withoutOptions(instruction: string): string {
  return instruction
    .replaceAll(/\s--mount=\S+/g, "")
    .replace(
      /if \[ -f \/run\/secrets\/settings \]; then \. \/run\/secrets\/settings; fi;\s*(?:set -eu;)?/,
      "",
    )
    .replaceAll(/\s+/g, " ")
    .trim();
}
