import { XMLParser, XMLValidator } from "fast-xml-parser";
import { S3Error } from "./s3-errors.ts";

/** What an element holds: a text, or its child elements in order. Absent children are left out. */
type XmlValue = string | number | boolean | Date | readonly (XmlEntry | null)[];
export type XmlEntry = readonly [name: string, value: XmlValue | null | undefined];

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** A document as S3 sends it, with its namespace; `root` may carry attributes of its own. */
export function toXml(root: string, children: readonly (XmlEntry | null)[]): string {
  return `${DECLARATION}${element(`${root} xmlns="${NAMESPACE}"`, children)}`;
}

/** Errors carry no namespace. */
export function toPlainXml(root: string, children: readonly (XmlEntry | null)[]): string {
  return `${DECLARATION}${element(root, children)}`;
}

function element(name: string, value: XmlValue): string {
  const text = Array.isArray(value)
    ? value
        .map((entry: XmlEntry | null) =>
          entry === null || entry[1] === null || entry[1] === undefined ? "" : element(entry[0], entry[1]),
        )
        .join("")
    : value instanceof Date
      ? value.toISOString()
      : escapeText(String(value));
  return text === "" ? `<${name}/>` : `<${name}>${text}</${name.split(" ", 1)[0]}>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" };

/** Carriage returns and control characters as references: a parser would turn `\r` into `\n`. */
function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[<>&"\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g, (c) => {
    return ENTITIES[c] ?? `&#x${c.charCodeAt(0).toString(16)};`;
  });
}

const NAMED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The five entities of XML and every character reference: keys come as `a&#13;b`. Entities of a DTD do not exist. */
function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot|apos));/gi,
    (whole, hex, decimal, name) => {
      if (name !== undefined) return NAMED[name] ?? whole;
      const code = Number.parseInt(hex ?? decimal, hex === undefined ? 10 : 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

const ignore = (): void => undefined;
const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  isArray: () => true,
  maxNestedTags: 10,
  entityDecoder: {
    decode: decodeEntities,
    setExternalEntities: ignore,
    addInputEntities: ignore,
    reset: ignore,
    setXmlVersion: ignore,
  },
});

/** An element of a parsed document; questions about children that are not there are answered with nothing. */
export class XmlElement {
  readonly #node: unknown;

  constructor(node: unknown) {
    this.#node = node;
  }

  children(name: string): XmlElement[] {
    const found = isRecord(this.#node) ? this.#node[name] : undefined;
    return Array.isArray(found) ? found.map((node) => new XmlElement(node)) : [];
  }

  child(name: string): XmlElement | null {
    return this.children(name)[0] ?? null;
  }

  /** The text of a child; null when it is absent. */
  text(name: string): string | null {
    return this.child(name)?.value() ?? null;
  }

  value(): string {
    if (typeof this.#node === "string") return this.#node;
    const text = isRecord(this.#node) ? this.#node["#text"] : undefined;
    return typeof text === "string" ? text : "";
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The root element of a request's body. Document types are refused: S3 knows none, and they are how XML bombs are made.
 *
 * @throws S3Error MissingRequestBodyError, MalformedXML
 */
export function parseXml(body: Buffer, root: string): XmlElement {
  if (body.length === 0) throw new S3Error("MissingRequestBodyError");
  const text = decodeUtf8(body);
  if (text === null || text.includes("<!DOCTYPE") || XMLValidator.validate(text) !== true) {
    throw new S3Error("MalformedXML");
  }
  let document: unknown;
  try {
    document = parser.parse(text);
  } catch (cause) {
    throw new S3Error("MalformedXML", {}, { cause });
  }
  const found = new XmlElement(document).child(root);
  if (found === null) throw new S3Error("MalformedXML");
  return found;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** null when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
