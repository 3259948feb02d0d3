import type { ScalarShape } from "./service-model.ts";

/** The words of each constraint that a scalar's shape has, and those that a value breaks. AWS names max before min. */
export function brokenConstraints(value: unknown, shape: ScalarShape): readonly string[] {
  return constraintsOf(shape).flatMap(({ words, holds }) => (holds(value) ? [] : [words]));
}

export const allConstraints = (shape: ScalarShape): readonly string[] =>
  constraintsOf(shape).map(({ words }) => words);

/** Of a list, a map, or a string. */
export const lengthConstraints = ({ min, max }: { readonly min?: number; readonly max?: number }) =>
  bounds("length", min, max);

interface Constraint {
  readonly words: string;
  readonly holds: (value: unknown) => boolean;
}

/** Made once a shape: requests come by the thousand. */
const known = new WeakMap<ScalarShape, readonly Constraint[]>();

function constraintsOf(shape: ScalarShape): readonly Constraint[] {
  const found = known.get(shape);
  if (found !== undefined) return found;
  const made = makeConstraints(shape);
  known.set(shape, made);
  return made;
}

function makeConstraints(shape: ScalarShape): readonly Constraint[] {
  if (shape.enum !== undefined) {
    const values: readonly unknown[] = shape.enum;
    const words = `Member must satisfy enum value set: [${values.join(", ")}]`;
    return [{ words, holds: (value) => values.includes(value) }];
  }
  if (shape.type !== "string") return bounds("value", shape.min, shape.max);
  return [...bounds("length", shape.min, shape.max), ...patternConstraint(shape)];
}

function bounds(measure: "length" | "value", min?: number, max?: number): readonly Constraint[] {
  const size = (value: unknown): number => (measure === "value" ? Number(value) : lengthOf(value));
  const words = (relation: string, bound: number) =>
    `Member must have ${measure} ${relation} than or equal to ${bound}`;
  return [
    ...(max === undefined ? [] : [{ words: words("less", max), holds: (v: unknown) => size(v) <= max }]),
    ...(min === undefined ? [] : [{ words: words("greater", min), holds: (v: unknown) => size(v) >= min }]),
  ];
}

function lengthOf(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return Object.keys(Object(value)).length;
}

/** A text that is too long is not matched: some patterns take quadratic time on a hostile one. */
function patternConstraint({ pattern, max = Number.POSITIVE_INFINITY }: ScalarShape): readonly Constraint[] {
  if (pattern === undefined) return [];
  const expression = wholeText(pattern);
  return [
    {
      words: `Member must satisfy regular expression pattern: ${pattern}`,
      holds: (value) => String(value).length > max || expression.test(String(value)),
    },
  ];
}

/** A `.` outside of brackets that no backslash escapes. */
const UNESCAPED_DOT = /(?<!\\)\.(?![^[]*\])/g;

/** Java's `matches`: the whole text, `$` is its very end, and `.` stops at Java's line ends, which include U+0085. */
const wholeText = (pattern: string): RegExp =>
  new RegExp(`^(?:${pattern.replaceAll(UNESCAPED_DOT, "[^\\n\\r\\u0085\\u2028\\u2029]")})$`, "u");
