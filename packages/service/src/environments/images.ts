import { ruleFor } from "../images/image-rules.ts";
import { type BuiltInName, isBuiltInName } from "./requirements.ts";

/** Image name of the evaluator, which needs no Python; any tag. */
export const EVALUATOR_IMAGE = "fieldmark/evaluator";

export function isEvaluatorImage(image: string): boolean {
  return image === EVALUATOR_IMAGE || image.startsWith(`${EVALUATOR_IMAGE}:`);
}

/** The built-in environment that stands in for an image of the SDK; null when none does. */
export function builtInFor(image: string): BuiltInName | null {
  const name = ruleFor(image)?.rule.image ?? "";
  return isBuiltInName(name) ? name : null;
}

/** True when a pattern with `*` (any text) and `?` (one character) matches the whole image name. */
export function matchesImage(pattern: string, image: string): boolean {
  // two cursors and one place to return to: no pattern takes more than pattern × image steps
  let p = 0;
  let star = -1;
  let retry = 0;
  for (let i = 0; i < image.length; ) {
    if (p < pattern.length && pattern[p] === "*") {
      star = p;
      retry = i;
      p += 1;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === image[i])) {
      p += 1;
      i += 1;
    } else if (star >= 0) {
      p = star + 1;
      retry += 1;
      i = retry;
    } else return false;
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}
