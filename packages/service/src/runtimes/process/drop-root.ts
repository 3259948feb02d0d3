/** Words before a command that becomes an ordinary user for good: no group, no capability, no way to gain one. */
export function dropRoot({ uid, gid }: { readonly uid: number; readonly gid: number }): string[] {
  return [
    ...["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"],
    ...["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"],
  ];
}
