import type { Dimension } from "./graph.ts";

/**
 * A size: a number, or a product that is only known at run time, such as "s0" or "49*s0".
 * Equal strings are equal sizes, so `===` compares; different strings may still turn out equal.
 */
export type Size = number | string;

interface Product {
  readonly factor: number;
  readonly symbols: readonly string[];
}

const parse = (size: Size): Product => {
  if (typeof size === "number") return { factor: size, symbols: [] };
  const parts = size.split("*");
  const factor = Number(parts[0]);
  return Number.isNaN(factor) ? { factor: 1, symbols: parts } : { factor, symbols: parts.slice(1) };
};

const print = ({ factor, symbols }: Product): Size => {
  if (symbols.length === 0 || factor === 0) return factor;
  return factor === 1 ? symbols.join("*") : `${factor}*${symbols.join("*")}`;
};

export function multiplySizes(a: Size, b: Size): Size {
  if (typeof a === "number" && typeof b === "number") return a * b;
  const left = parse(a);
  const right = parse(b);
  return print({
    factor: left.factor * right.factor,
    symbols: [...left.symbols, ...right.symbols].sort(),
  });
}

/** The quotient when `b` divides `a` whatever the symbols stand for, otherwise null. */
export function divideSizes(a: Size, b: Size): Size | null {
  const left = parse(a);
  const right = parse(b);
  if (right.factor === 0 || left.factor % right.factor !== 0) return null;
  const symbols = [...left.symbols];
  for (const symbol of right.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return null;
    symbols.splice(at, 1);
  }
  return print({ factor: left.factor / right.factor, symbols });
}

/** The sum when it is one product again (equal symbols), otherwise null. */
export function addSizes(a: Size, b: Size): Size | null {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  const left = parse(a);
  const right = parse(b);
  if (left.symbols.join("*") !== right.symbols.join("*")) return null;
  return print({ factor: left.factor + right.factor, symbols: left.symbols });
}

export const productOfSizes = (sizes: readonly Size[]): Size => sizes.reduce(multiplySizes, 1);

export const toDimension = (size: Size): Dimension => (typeof size === "number" ? size : null);

/** The shape when every size is a number, otherwise null. */
export const staticShape = (shape: readonly Size[] | null): readonly number[] | null =>
  shape?.every((size) => typeof size === "number") ? (shape as readonly number[]) : null;
