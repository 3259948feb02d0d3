/** What the header of a .npy file states. */
export interface NpyHeader {
  /** NumPy's type string: "<f4", "|S5", … */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** Longest header that is read; NumPy's own limit for untrusted files is 10,000. */
export const MAX_HEADER_BYTES = 65_536;
const MAX_AXES = 32;

const TOKEN =
  /\s*(?:'((?:[^'\\\n])*)'|"((?:[^"\\\n])*)"|(\d{1,16})L?(?![\w.])|(True|False)(?!\w)|([{}()[\]:,]))/y;

type Token =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly number: number }
  | { readonly kind: "flag"; readonly flag: boolean }
  | { readonly kind: "sign"; readonly sign: string };

type Problem = (found: string) => never;

/**
 * Parses the header's text: a Python dict literal with the keys descr, fortran_order and shape. Read by a grammar of
 * just these values; nothing is evaluated.
 *
 * @param problem called with what is wrong; throws
 */
export function parseNpyHeader(text: string, problem: Problem): NpyHeader {
  const tokens = tokensOf(text, problem);
  const take = (): Token => tokens.shift() ?? problem("header ends early");
  const sign = (expected: string) => {
    const token = take();
    if (token.kind !== "sign" || token.sign !== expected) problem(`header lacks "${expected}"`);
  };
  const isNext = (expected: string) => tokens[0]?.kind === "sign" && tokens[0].sign === expected;

  const found: { descr?: string; fortranOrder?: boolean; shape?: readonly number[] } = {};
  sign("{");
  while (!isNext("}")) {
    const key = take();
    if (key.kind !== "text") return problem("a key of the header is not text");
    sign(":");
    if (key.text === "descr" && found.descr === undefined) {
      const value = take();
      if (value.kind !== "text") return problem("a structured dtype, expected a plain one");
      found.descr = value.text;
    } else if (key.text === "fortran_order" && found.fortranOrder === undefined) {
      const value = take();
      if (value.kind !== "flag") return problem("fortran_order is neither True nor False");
      found.fortranOrder = value.flag;
    } else if (key.text === "shape" && found.shape === undefined) {
      sign("(");
      const shape: number[] = [];
      while (!isNext(")")) {
        const size = take();
        if (size.kind !== "number") return problem("shape holds something that is not a size");
        shape.push(size.number);
        if (!isNext(")")) sign(",");
      }
      sign(")");
      found.shape = shape;
    } else {
      return problem(`unexpected key ${JSON.stringify(key.text)} in the header`);
    }
    if (!isNext("}")) sign(",");
  }
  sign("}");
  if (tokens.length > 0) problem("text after the header's dict");
  const { descr, fortranOrder, shape } = found;
  if (descr === undefined || fortranOrder === undefined || shape === undefined) {
    return problem("the header lacks descr, fortran_order or shape");
  }
  if (shape.length > MAX_AXES) problem(`${shape.length} axes, expected at most ${MAX_AXES}`);
  return { descr, fortranOrder, shape };
}

function tokensOf(text: string, problem: Problem): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  for (let at = 0; at < end; ) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) return problem(`header cannot be read at ${JSON.stringify(text.slice(at, at + 16))}`);
    const [, single, double, number, flag, sign] = match;
    const quoted = single ?? double;
    if (quoted !== undefined) tokens.push({ kind: "text", text: quoted });
    else if (number !== undefined) tokens.push({ kind: "number", number: Number(number) });
    else if (flag !== undefined) tokens.push({ kind: "flag", flag: flag === "True" });
    else if (sign !== undefined) tokens.push({ kind: "sign", sign });
    at = TOKEN.lastIndex;
  }
  return tokens;
}

/**
 * The header as NumPy 1.x and 2.x write it: format version 1.0, padded with spaces so that the data start at a
 * multiple of 64 bytes.
 */
export function formatNpyHeader({ descr, fortranOrder, shape }: NpyHeader): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortranOrder ? "True" : "False"}, 'shape': (${sizes}), }`;
  const preamble = 10;
  const length = Math.ceil((preamble + dict.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length).fill(0x20);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (length - preamble) & 255, (length - preamble) >> 8]);
  bytes.set(new TextEncoder().encode(dict), preamble);
  bytes[length - 1] = 0x0a;
  return bytes;
}
