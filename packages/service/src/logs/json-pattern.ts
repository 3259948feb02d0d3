import { FieldmarkError } from "@fieldmark/contract";

export type MessageTest = (message: string) => boolean;

type Json = unknown;
type JsonTest = (value: Json) => boolean;

/** Parentheses inside parentheses; more is nobody's pattern. */
const MAX_DEPTH = 20;
const TOKEN =
  /\s*(?:(&&|\|\||!=|<=|>=|[(){}=<>])|(\$(?:\.[A-Za-z0-9_-]+|\[\d+\]|\["[^"]*"\]|\['[^']*'\])*)|"((?:[^"\\]|\\.)*)"|([^\s(){}=<>!&|"]+))/y;

interface Token {
  readonly kind: "sign" | "selector" | "string" | "word" | "end";
  readonly text: string;
}

/** Why a pattern cannot be read; becomes LOG_PARAMETER. */
function malformed(reason: string): FieldmarkError {
  return new FieldmarkError("LOG_PARAMETER", `Invalid filter pattern: ${reason}`);
}

/**
 * `{ $.a.b[0] = "x*" && ($.n >= 3 || $.c NOT EXISTS) }` over messages that are JSON objects; others never match. `*` in
 * a string stands for anything.
 *
 * @throws LOG_PARAMETER
 */
export function jsonPattern(pattern: string): MessageTest {
  const tokens = new Tokens(pattern);
  tokens.expect("{");
  const test = alternatives(tokens, 0);
  tokens.expect("}");
  if (tokens.take().kind !== "end") throw malformed("text after }");
  return (message) => {
    const value = objectIn(message);
    return value !== null && test(value);
  };
}

function objectIn(message: string): object | null {
  if (!message.trimStart().startsWith("{")) return null;
  try {
    return JSON.parse(message) as object;
  } catch {
    return null;
  }
}

class Tokens {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(pattern: string) {
    this.#tokens = [...split(pattern)];
  }

  peek(): Token {
    return this.#tokens[this.#at] ?? { kind: "end", text: "" };
  }

  take(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  takeIf(...texts: readonly string[]): string | null {
    const { kind, text } = this.peek();
    if ((kind !== "sign" && kind !== "word") || !texts.includes(text.toUpperCase())) return null;
    this.#at++;
    return text.toUpperCase();
  }

  expect(text: string): void {
    if (this.takeIf(text) === null) {
      throw malformed(
        `expected ${text}${this.peek().kind === "end" ? " at its end" : `, found ${this.peek().text}`}`,
      );
    }
  }
}

function* split(pattern: string): Generator<Token> {
  const text = pattern.trimEnd();
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) throw malformed(`unexpected text at position ${at + 1}`);
    const [whole, sign, selector, string, word] = match;
    if (sign !== undefined) yield { kind: "sign", text: sign };
    else if (selector !== undefined) yield { kind: "selector", text: selector };
    else if (string !== undefined) yield { kind: "string", text: string.replace(/\\(.)/g, "$1") };
    else yield { kind: "word", text: word ?? "" };
    at += whole.length;
  }
}

function alternatives(tokens: Tokens, depth: number): JsonTest {
  const tests = [conjunction(tokens, depth)];
  while (tokens.takeIf("||") !== null) tests.push(conjunction(tokens, depth));
  return (value) => tests.some((test) => test(value));
}

function conjunction(tokens: Tokens, depth: number): JsonTest {
  const tests = [condition(tokens, depth)];
  while (tokens.takeIf("&&") !== null) tests.push(condition(tokens, depth));
  return (value) => tests.every((test) => test(value));
}

function condition(tokens: Tokens, depth: number): JsonTest {
  if (tokens.takeIf("(") !== null) {
    if (depth >= MAX_DEPTH) throw malformed("parentheses too deep");
    const test = alternatives(tokens, depth + 1);
    tokens.expect(")");
    return test;
  }
  const { kind, text } = tokens.take();
  if (kind !== "selector") throw malformed(`expected a selector like $.name, found ${text || "its end"}`);
  const select = selector(text);
  const test = comparison(tokens);
  return (value) => test(select(value));
}

function selector(text: string): (value: Json) => Json {
  const steps = [...text.matchAll(/\.([A-Za-z0-9_-]+)|\[(\d+)\]|\["([^"]*)"\]|\['([^']*)'\]/g)].map(
    ([, name, index, double, single]) => name ?? index ?? double ?? single ?? "",
  );
  return (value) =>
    steps.reduce<Json>(
      (at, step) =>
        typeof at === "object" && at !== null && Object.hasOwn(at, step)
          ? (at as Record<string, Json>)[step]
          : undefined,
      value,
    );
}

function comparison(tokens: Tokens): JsonTest {
  if (tokens.takeIf("NOT") !== null) {
    tokens.expect("EXISTS");
    return (found) => found === undefined;
  }
  if (tokens.takeIf("EXISTS") !== null) return (found) => found !== undefined;
  if (tokens.takeIf("IS") !== null) {
    const word = tokens.takeIf("NULL", "TRUE", "FALSE");
    if (word === null) throw malformed("IS takes NULL, TRUE or FALSE");
    const wanted = { NULL: null, TRUE: true, FALSE: false }[word];
    return (found) => found === wanted;
  }
  const sign = tokens.takeIf("=", "!=", "<", "<=", ">", ">=");
  if (sign === null) throw malformed(`expected a comparison, found ${tokens.peek().text || "its end"}`);
  const { kind, text } = tokens.take();
  if (kind !== "string" && kind !== "word") throw malformed(`expected a value after ${sign}`);
  const number = kind === "word" && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : null;
  if (sign === "=" || sign === "!=") {
    const equal = number === null ? wildcard(text) : (found: Json) => found === number;
    return sign === "=" ? equal : (found) => found !== undefined && !equal(found);
  }
  if (number === null) throw malformed(`${sign} compares numbers, found ${text}`);
  const holds = {
    "<": (n: number) => n < number,
    "<=": (n: number) => n <= number,
    ">": (n: number) => n > number,
    ">=": (n: number) => n >= number,
  }[sign];
  return (found) => typeof found === "number" && holds?.(found) === true;
}

/** Matches part by part from the left: no backtracking, whatever the pattern. */
function wildcard(pattern: string): JsonTest {
  const [head = "", ...parts] = pattern.split("*");
  const tail = parts.pop();
  return (found) => {
    if (typeof found !== "string" && typeof found !== "number" && typeof found !== "boolean") return false;
    const text = String(found);
    if (tail === undefined) return text === head;
    if (!text.startsWith(head) || text.length < head.length + tail.length || !text.endsWith(tail))
      return false;
    let at = head.length;
    for (const part of parts) {
      const next = text.indexOf(part, at);
      if (next < 0) return false;
      at = next + part.length;
    }
    return at <= text.length - tail.length;
  };
}
