import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { readPipConf, writePipConf } from "./pip-conf.ts";

const MACHINE = `# of the machine
[global]
Index_URL = https://a.example/simple
timeout: 60
trusted-host =
    a.example
    ; not this line
    b.example
empty =

[install]
no-binary = x
`;
const OWN =
  "[global]\nindex-url=https://user:p=w%40@b.example/simple ; no comment\n\n[list]\nformat = json\n";

test("sections, both signs, several lines, comments and pip's spellings of keys are read; a later file wins", () => {
  const text = writePipConf([MACHINE, OWN].map(readPipConf));
  expect(text).toBe(
    "[global]\nindex-url = https://user:p=w%40@b.example/simple ; no comment\ntimeout = 60\n" +
      "trusted-host = a.example\n    b.example\nempty = \n[install]\nno-binary = x\n[list]\nformat = json\n",
  );
  expect(writePipConf([readPipConf(text)])).toBe(text);
});

test("Python's configparser, which pip uses, reads the same", () => {
  const program =
    "import configparser, json, sys; p = configparser.RawConfigParser(); p.read_string(sys.stdin.read()); " +
    "print(json.dumps({s: {k.replace('_', '-'): v.strip() for k, v in p.items(s)} for s in p.sections()}))";
  for (const text of [MACHINE, OWN]) {
    const said = execFileSync("python3", ["-c", program], { input: text, encoding: "utf8" });
    const read = [...readPipConf(text)].map(([name, settings]) => [name, Object.fromEntries(settings)]);
    expect(Object.fromEntries(read)).toEqual(JSON.parse(said));
  }
});
