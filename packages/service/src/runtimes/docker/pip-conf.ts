/** Settings of a pip.conf: its sections, each with keys spelled as pip's options are (`index-url`). */
export type PipConf = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Reads a pip.conf as Python's configparser does.
 *
 * @see pip `_internal/configuration.py`; what is no setting, which pip refuses, is passed over
 */
export function readPipConf(text: string): PipConf {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | null = null;
  let key: string | null = null;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:[#;].*)?$/.test(line)) continue;
    const [, more] = /^\s+(.*?)\s*$/.exec(line) ?? [];
    if (more !== undefined && section !== null && key !== null) {
      section.set(key, `${section.get(key)}\n${more}`.trim());
      continue;
    }
    const [, name] = /^\s*\[([^\]]+)\]/.exec(line) ?? [];
    if (name !== undefined) {
      section = sections.get(name) ?? new Map();
      sections.set(name, section);
      key = null;
      continue;
    }
    const [, option, value = ""] = /^\s*([^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (option === undefined || section === null) continue;
    key = option.toLowerCase().replaceAll("_", "-");
    section.set(key, value);
  }
  return sections;
}

/** One text of several files' settings; a later file's win, as with pip. */
export function writePipConf(confs: readonly PipConf[]): string {
  const merged = new Map<string, Map<string, string>>();
  for (const conf of confs)
    for (const [name, settings] of conf)
      merged.set(name, new Map([...(merged.get(name) ?? []), ...settings]));
  const lines = [...merged].flatMap(([name, settings]) => [
    `[${name}]`,
    ...[...settings].map(([key, value]) => `${key} = ${value.replaceAll("\n", "\n    ")}`),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}
