// The service as others start it: by a user who is not root, on a machine without some program.
import { execFileSync } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";

/**
 * What `serve` of scripts/serve.mjs needs to start the service so.
 *
 * @param {{ user?: string, without?: string }} how `user`: an ordinary user's name, where this is root; `without`: a
 *   program that is not on the service's PATH
 */
export async function startedAs({ user, without }, folder) {
  const variables = [];
  if (without !== undefined) variables.push(`PATH=${await programsBut(without, folder)}`);
  if (user === undefined) return variables.length === 0 ? {} : { prefix: ["env", ...variables] };
  const [uid, gid] = ["-u", "-g"].map((which) =>
    Number(execFileSync("id", [which, user], { encoding: "utf8" })),
  );
  const home = await mkdtemp(join(folder, "home-"));
  await chmod(folder, 0o711);
  await chown(home, uid, gid);
  const change = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--init-groups"];
  return {
    home,
    setup: async (data) => await chown(data, uid, gid),
    prefix: [...change, "env", `HOME=${home}`, ...variables],
  };
}

/** A folder of links to every program on the PATH but one. */
async function programsBut(absent, folder) {
  const programs = join(folder, "programs");
  await mkdir(programs);
  const known = new Set([absent]);
  for (const place of (process.env.PATH ?? "").split(":")) {
    for (const name of await readdir(place).catch(() => [])) {
      if (known.has(name)) continue;
      known.add(name);
      await symlink(join(place, name), join(programs, name));
    }
  }
  return programs;
}
