/** Text as one word of a POSIX shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * runproc.sh, which a framework's job starts with: unpacks the sources where they lie, installs their requirements,
 * and becomes the script.
 *
 * OPT_ML is where a Fieldmark service puts /opt/ml on a machine without namespaces.
 *
 * @param entry the script's path in the archive
 */
export function runProc({
  command,
  entry,
}: {
  readonly command: readonly string[];
  readonly entry: string;
}): string {
  const python = command[0]?.startsWith("python") ? command[0] : "python3";
  return `#!/bin/bash
set -e
cd "\${OPT_ML:-/opt/ml}/processing/input/code"
tar -xzf sourcedir.tar.gz
if [ -f requirements.txt ]; then
  ${quoted(python)} -m pip install -r requirements.txt
fi
exec ${[...command, entry].map(quoted).join(" ")} "$@"
`;
}
