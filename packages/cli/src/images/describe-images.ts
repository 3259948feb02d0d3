import type { ImageList, ReadyImageStatus } from "@fieldmark/service";
import Table from "cli-table3";
import { printable } from "../context.ts";
import { formatBytes } from "../format-bytes.ts";

/** The list as `fieldmark images list` prints it. */
export function describeImages(
  { daemonAnswers, ready, aliases, rules }: ImageList,
  { color, now }: { readonly color: boolean; readonly now: Date },
): string {
  const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
    const made = new Table({
      head: [...head],
      style: { head: color ? ["bold"] : [], border: color ? ["gray"] : [], compact: true },
    });
    for (const row of rows) made.push([...row]);
    return made.toString();
  };
  const words = rules.map(({ repositories, image, package: name, refused }) => [
    repositories.join("\n"),
    `fieldmark/${image}`,
    refused.length === 0 ? "any" : refused.map(({ below }) => `${name} ≥ ${below}`).join(", "),
  ]);
  return [
    ...(daemonAnswers ? [] : ["no Docker daemon answers: what is built is not known", ""]),
    table(
      ["ready image", "versions", "size", "built"],
      ready.map((image) => [`fieldmark/${image.name}`, ...status(image, daemonAnswers, now)]),
    ),
    "",
    aliases.length === 0
      ? "no aliases"
      : table(
          ["alias", "image"],
          aliases.map(({ pattern, image }) => [printable(pattern), printable(image)]),
        ),
    "",
    table(["ECR repository", "stood in for by", "versions"], words),
  ].join("\n");
}

function status({ name, built }: ReadyImageStatus, known: boolean, now: Date): readonly string[] {
  if (built === null) return ["", "", known ? `no: fieldmark images build ${name}` : "?"];
  const versions = Object.entries(built.versions).map(([each, version]) => `${each} ${version}`);
  return [
    printable(versions.join(", ")),
    formatBytes(built.size),
    age(now.getTime() - Date.parse(built.createdAt)),
  ];
}

/** ms → the largest unit that fits: 40 minutes ago, 3 days ago. */
function age(ms: number): string {
  const units = [
    ["day", 86_400_000],
    ["hour", 3_600_000],
    ["minute", 60_000],
  ] as const;
  for (const [unit, length] of units) {
    const count = Math.floor(ms / length);
    if (count >= 1) return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
  }
  return "just now";
}
