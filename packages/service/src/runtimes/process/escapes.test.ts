import { chmod, link, lstat, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunPlan } from "../../jobs/run-plan.ts";
import { hasPython, ProcessWorld } from "./process-test-support.ts";

const ACCESS = {
  endpoint: "http://127.0.0.1:4599",
  region: "eu-west-1",
  accessKeyId: "ASIAJOB",
  secretAccessKey: "job-secret",
  sessionToken: "job-token",
};
const DOWNLOAD: RunPlan["downloads"][number] = {
  inputName: "in",
  s3Uri: "s3://b/in/",
  localPath: "/opt/ml/processing/input",
  s3DataType: "S3Prefix",
  s3InputMode: "File",
  s3DataDistributionType: "FullyReplicated",
  s3CompressionType: "None",
};
const UPLOAD: RunPlan["uploads"][number] = {
  outputName: "out",
  s3Uri: "s3://b/out",
  localPath: "/opt/ml/processing/out",
  s3UploadMode: "EndOfJob",
};

describe.skipIf(!hasPython).each(["bwrap", "unshare"] as const)("a job by %s cannot", (tool) => {
  let world: ProcessWorld;
  let lacks = false;
  beforeAll(async () => {
    const env = {
      PATH: "/usr/bin:/bin",
      FIELDMARK_SECRET: "ours",
      NODE_OPTIONS: "--x",
      npm_config_x: "y",
      SECRET: "ours",
    };
    world = await ProcessWorld.open({ tools: [tool], env });
    const [trial] = world.runtime.recipes.trials;
    lacks = world.runtime.recipes.best === null;
    if (lacks)
      console.log(`skipped: no sandbox by ${tool} on this machine (${trial?.failure ?? process.platform})`);
  });
  afterAll(async () => await world[Symbol.asyncDispose]());
  const check = (what: string, body: () => Promise<void>) =>
    test(what, async (context) => {
      if (lacks) context.skip();
      await body();
    });

  check("write /proc/sys, see /etc/shadow, homes, the data folder, or gain rights", async () => {
    const said = await world.output(`
      echo x > /proc/sys/kernel/core_pattern && echo ESCAPED-core
      cat /etc/shadow && echo ESCAPED-shadow
      cat ${world.dataFolder}/environments/host.json && echo ESCAPED-data
      ls /root /home/* ${world.dataFolder}/jobs 2>/dev/null | grep -v '^work$' | grep -v : | grep . && echo ESCAPED-home
      chmod u+s /bin/sh && echo ESCAPED-chmod
      mknod /tmp/disk b 254 0 && echo ESCAPED-mknod
      touch /usr/escaped /etc/escaped /escaped && echo ESCAPED-root
      grep -E '^Cap(Prm|Eff|Amb)' /proc/self/status | grep -v 0000000000000000 && echo ESCAPED-caps
      grep -q 'NoNewPrivs:.1' /proc/self/status || echo ESCAPED-privs
      echo end`);
    expect(said).not.toContain("ESCAPED");
    expect(said).toContain("end");
  });

  check("remount, also as root of a user namespace of its own", async () => {
    const said = await world.output(`
      mount -o remount,bind,rw /usr && echo ESCAPED-1
      unshare --user --map-root-user --mount sh -c 'mount -o remount,bind,rw /usr && touch /usr/escaped && echo ESCAPED-2; umount -l /usr && echo ESCAPED-3; mount -o remount,bind,rw / && echo ESCAPED-4'
      unshare --user --map-root-user sh -c 'echo x > /proc/sys/kernel/core_pattern && echo ESCAPED-5'
      nsenter --target 1 --mount true && echo ESCAPED-6
      chroot /proc/1/root true && echo ESCAPED-7
      echo end`);
    expect(said).not.toContain("ESCAPED");
    expect(said).toContain("end");
  });

  check("change a linked object, though it may replace, delete and create in its inputs", async () => {
    const plan = world.plan(
      `cd /opt/ml/processing/input || exit 9
      (echo hacked > a.txt) 2>/dev/null; (chmod 666 a.txt && echo hacked >> a.txt) 2>/dev/null
      ln a.txt hard 2>/dev/null && chmod 666 hard 2>/dev/null && echo hacked > hard
      unshare --user --map-root-user --mount sh -c 'chmod 666 b.txt; echo hacked > b.txt' 2>/dev/null
      python3 -c "import os; os.truncate('b.txt', 0)" 2>/dev/null
      rm -f a.txt && echo mine > a.txt && echo new > new.txt && rm -f b.txt && cat a.txt && ls
      mkdir sub && mv new.txt sub/ && echo made > /opt/ml/processing/out/made && echo said > /opt/ml/output/message && echo result > results/r && ls below`,
      {
        downloads: [DOWNLOAD, { ...DOWNLOAD, localPath: "/opt/ml/processing/input/below" }],
        uploads: [UPLOAD, { ...UPLOAD, localPath: "/opt/ml/processing/input/results" }],
      },
    );
    const [folder] = await world.runtime.folders(plan);
    const ml = folder?.ml ?? "";
    // what lies in an output is read past the overlay: no link may lie there
    expect(folder?.copyBelow).toEqual(folder?.owner === null ? ["/opt/ml/processing/input/results"] : []);
    await mkdir(join(ml, "processing/input"));
    for (const name of ["out", "input/results", "input/below"]) await mkdir(join(ml, "processing", name));
    const { lchown } = await import("node:fs/promises");
    if (folder?.owner != null)
      for (const at of ["input", "out", "input/results", "input/below"])
        await lchown(join(ml, "processing", at), folder.owner.uid, folder.owner.gid);
    for (const name of ["a.txt", "b.txt"]) {
      const object = join(world.dataFolder, `object-${name}`);
      await writeFile(object, "stored\n", { flag: "w" }).catch(() => {});
      await chmod(object, 0o444);
      await link(object, join(ml, "processing/input", name));
    }
    await world.runtime.start(plan, null);
    expect(await world.ended(plan)).toMatchObject([{ kind: "exited", exitCode: 0 }]);
    expect(await world.log(plan)).toMatch(/mine\n(.*\n)*a\.txt\n/);
    for (const name of ["a.txt", "b.txt"]) {
      const object = join(world.dataFolder, `object-${name}`);
      expect(await readFile(object, "utf8")).toBe("stored\n");
      expect((await lstat(object)).mode & 0o777).toBe(0o444);
    }
    expect(await readFile(join(ml, "processing/out/made"), "utf8")).toBe("made\n");
    expect(await readFile(join(ml, "processing/input/results/r"), "utf8")).toBe("result\n");
    expect(await readFile(join(ml, "output/message"), "utf8")).toBe("said\n");
  });

  check("see or signal other processes", async () => {
    const said = await world.output(
      `ls /proc | grep -E '^[0-9]+$' | wc -l; kill -9 ${process.pid} 2>&1 || echo refused; kill -9 -1; echo not reached`,
    );
    expect(Number(said.split("\n")[0])).toBeLessThan(10);
    expect(said).toContain("refused");
    process.kill(process.pid, 0);
  });

  check("read more than its own environment, or a key in it", async () => {
    const said = await world.output(
      `env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'; cat "$AWS_SHARED_CREDENTIALS_FILE"`,
      { environment: { MINE: "a b\nc'$x" } },
      ACCESS,
    );
    expect(said).not.toMatch(/ours|FIELDMARK_|NODE_|npm_/);
    const [variables = "", file = ""] = said.split("[default]");
    expect(variables).not.toMatch(/job-secret|job-token|ASIAJOB/);
    expect(file).toContain("aws_session_token = job-token");
    for (const line of [
      "MINE=a b\nc'$x",
      "AWS_ENDPOINT_URL=http://127.0.0.1:4599",
      "AWS_REGION=us-east-1",
      "PYTHONUNBUFFERED=1",
    ]) {
      expect(variables).toContain(line);
    }
  });

  check("have a variable of its request act on what runs before it", async () => {
    const evil = {
      LD_PRELOAD: "/opt/ml/evil.so",
      BASH_ENV: "/opt/ml/evil",
      ENV: "/opt/ml/evil",
      PATH: "/nowhere",
      IFS: "x",
    };
    const plan = world.plan("", { environment: evil, entrypoint: ["/usr/bin/env"] });
    expect(await world.run(plan)).toMatchObject([{ exitCode: 0 }]);
    expect(await world.log(plan)).toContain("PATH=/nowhere\n");
  });

  check("reach the network when isolated; its own lo works", async () => {
    const server = createServer((_, response) => response.end("ESCAPED"));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as { port: number };
    const script = `python3 - <<'P'
import socket, threading, urllib.request
def reach(url, seconds):
    try: return urllib.request.urlopen(url, timeout=seconds).read().decode()
    except Exception as e: return type(e).__name__
print(reach("http://127.0.0.1:${port}", 60), reach("http://1.1.1.1", 2))
s = socket.create_server(("127.0.0.1", 0)); socket.create_connection(s.getsockname()).close(); print("lo works")
P
ls /sys/class/net 2>/dev/null; cat /proc/net/dev | grep -c :`;
    const said = await world.output(script, { networkIsolation: true });
    expect(said).not.toContain("ESCAPED");
    expect(said).toContain("lo works");
    expect(await world.output(script)).toContain("ESCAPED");
    server.close();
  });

  check("reach other jobs when isolated, but its instances reach each other by name", async () => {
    const script = `case $(hostname) in
      algo-1) timeout 60 python3 -c "
import socket
s = socket.create_server(('algo-1', 7777)); print('from', s.accept()[0].recv(9).decode())";;
      *) python3 -c "
import socket, time
for _ in range(1200):
    try: socket.create_connection(('algo-1', 7777)).send(b'algo-2'); break
    except OSError: time.sleep(0.05)
else: raise SystemExit(5)";; esac`;
    const plans = [true, false].map((networkIsolation) =>
      world.plan(script, { networkIsolation, hosts: ["algo-1", "algo-2"] }),
    );
    for (const plan of plans) {
      expect(await world.run(plan)).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }]);
      expect(await world.log(plan)).toBe("from algo-2\n");
    }
  });

  check("leave anything running, or a zombie", async () => {
    const name = `${tool}-${process.pid}-left`;
    const plan = world.plan(`
      (setsid sh -c 'exec -a ${name} sleep 500' &) ; python3 -c "
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: os.execvp('sleep', ['${name}', '500'])
    os._exit(0)
time.sleep(0.3)
"; ps ax 2>/dev/null | grep -c defunct; exit 4`);
    expect(await world.run(plan)).toMatchObject([{ exitCode: 4 }]);
    const { execFileSync } = await import("node:child_process");
    expect(execFileSync("ps", ["axo", "args"], { encoding: "utf8" })).not.toContain(name);
  });

  check("install into the environment: pip works in a layer that goes with the job", async () => {
    const said = await world.output(`
      mkdir -p pkg/fieldmark_probe && echo 'x = 41' > pkg/fieldmark_probe/__init__.py
      site=$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); cp -r pkg/fieldmark_probe $site/ && python3 -c 'import fieldmark_probe; print(fieldmark_probe.x + 1)'
      pip --version; python -c 'import sys; print(sys.prefix)'`);
    expect(said).toMatch(/^42\npip .*\n\/opt\/venv\n$/);
  });
});
