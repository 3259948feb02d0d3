import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { S3Error } from "./s3-errors.ts";
import { parseXml, toPlainXml, toXml } from "./xml.ts";

describe("writing", () => {
  test("elements, dates, absent children, a namespace", () => {
    const date = new Date("2026-01-02T03:04:05.678Z");
    expect(
      toXml("A", [["B", 1], ["C", null], null, ["D", date], ["E", []], ["F x:y='z'", [["G", "<&>\r"]]]]),
    ).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<A xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><B>1</B><D>2026-01-02T03:04:05.678Z</D><E/><F x:y=\'z\'><G>&lt;&amp;&gt;&#xd;</G></F></A>',
    );
  });
});

describe("reading", () => {
  test("texts are kept to the letter: blanks, references, CDATA, namespaces", () => {
    const body =
      '<?xml version="1.0"?>\n<s:Delete xmlns:s="u"><!-- c --><Object><Key> a&#13;&#x0A;&amp;lt;<![CDATA[<b>]]> </Key></Object></s:Delete>';
    expect(parseXml(Buffer.from(body), "Delete").child("Object")?.text("Key")).toBe(" a\r\n&lt;<b> ");
  });

  test.each([
    ["", "MissingRequestBodyError"],
    ["<Delete><Object></Delete>", "MalformedXML"],
    ["plain text", "MalformedXML"],
    ["<Other/>", "MalformedXML"],
    ["\u0000", "MalformedXML"],
    ["<Delete><__proto__>1</__proto__></Delete>", "MalformedXML"],
    [`${"<Delete>".repeat(2000)}${"</Delete>".repeat(2000)}`, "MalformedXML"],
    ['<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Delete><Key>&b;</Key></Delete>', "MalformedXML"],
    ['<!DOCTYPE d SYSTEM "file:///etc/passwd"><Delete/>', "MalformedXML"],
  ])("%j is %s", (body, code) => {
    expect(() => parseXml(Buffer.from(body), "Delete")).toThrow(expect.objectContaining({ code }));
  });

  test("bytes that are not UTF-8 are malformed", () => {
    const body = Buffer.from("<Delete>\xff</Delete>", "latin1");
    expect(() => parseXml(body, "Delete")).toThrow(expect.objectContaining({ code: "MalformedXML" }));
  });

  test("any bytes are parsed or refused, never a crash", () => {
    const pieces = fc.constantFrom(
      "<Delete>",
      "</Delete>",
      "<Object>",
      "<Key>",
      "&",
      "&#",
      "&#x0;",
      "]]>",
      "<![CDATA[",
      "<!--",
      "<?",
      '"',
      "\u0000",
      "ü",
      "<",
      ">",
      "/",
      "x",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces).map((all) => Buffer.from(all.join(""))),
          fc.uint8Array().map(Buffer.from),
        ),
        (body) => {
          try {
            parseXml(body, "Delete").children("Object");
          } catch (error) {
            expect(error).toBeInstanceOf(S3Error);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("what is written is read again, whatever characters XML allows", () => {
    // XML 1.0, 2.2: control characters, U+FFFE and lone surrogates cannot stand in a document.
    const text = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter(
        (one) => [...one].every((c) => c >= " " || "\t\n\r".includes(c)) && !/[\ufffe\uffff]/.test(one),
      );
    fc.assert(
      fc.property(text, (key) => {
        expect(parseXml(Buffer.from(toPlainXml("A", [["Key", key]])), "A").text("Key")).toBe(key);
      }),
    );
  });
});
