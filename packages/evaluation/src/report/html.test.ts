import { expect, test } from "vitest";
import { breakable, html, jsonForScript } from "./html.ts";

const HOSTILE = `</script><img src=x onerror="alert('1')">&`;

test("values are escaped, HTML is not escaped twice", () => {
  const inner = html`<b title="${HOSTILE}">${HOSTILE}</b>`;
  const { text } = html`<p>${[inner, inner]}</p>`;
  expect(text).not.toMatch(/<img|<\/script|onerror="/);
  expect(text.match(/<b title="/g)).toHaveLength(2);
  expect(text).toContain("&#38;");
});

test("JSON in a script element cannot end it, and reads back the same", () => {
  const value = { [HOSTILE]: `${HOSTILE}\u2028\u2029` };
  const { text } = jsonForScript(value);
  expect(text).not.toContain("<");
  expect(text).not.toMatch(/[\u2028\u2029]/);
  expect(JSON.parse(text)).toEqual(value);
});

test("names break after their separators only", () => {
  expect(breakable("047.American_Goldfinch").text).toBe("047.<wbr>American_<wbr>Goldfinch");
  expect(breakable("<a>_b").text).toBe("&#60;a&#62;_<wbr>b");
});
