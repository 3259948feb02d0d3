import type { ErrorCode } from "@fieldmark/contract";
import fc from "fast-check";
import { expect, test } from "vitest";

import type { JobQuery, JobStore, JobSummary, Lease, ListPosition, NewJob } from "./job-store.ts";

export function anyJob(name: string, changes: Partial<NewJob> = {}): NewJob {
  return {
    name,
    arn: `arn:aws:sagemaker:us-east-1:123456789012:processing-job/${name}`,
    request: {
      ProcessingJobName: name,
      ProcessingResources: {
        ClusterConfig: { InstanceCount: 1, InstanceType: "ml.m5.xlarge", VolumeSizeInGB: 1 },
      },
      AppSpecification: { ImageUri: "birds" },
      RoleArn: "arn:aws:iam::123456789012:role/birds",
      Environment: { GREETING: "grüß dich \u0000 🐦" },
    },
    instanceCount: 1,
    createdAt: 1_000,
    sessionKeys: { accessKeyId: `ASIA${name}`, secretAccessKey: "secret", sessionToken: "token" },
    tags: [],
    ...changes,
  };
}

const lease = (owner: string, now = 2_000): Lease => ({ owner, now, until: now + 1_000 });
const everything: JobQuery = { sortBy: "CreationTime", sortOrder: "Ascending", limit: 100 };
const code = (expected: ErrorCode) => expect.objectContaining({ code: expected });
const names = (jobs: readonly JobSummary[]) => jobs.map((job) => job.name);

/** Every JobStore must pass these. `open` gives an empty store; the test disposes it. */
export function jobStoreContract(name: string, open: () => Promise<JobStore>): void {
  const check = (what: string, body: (store: JobStore) => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      await using store = await open();
      await body(store);
    });

  check("a job is read as it was recorded", async (store) => {
    const job = anyJob("a", { tags: [{ Key: "team", Value: "birds" }] });
    const inserted = await store.insert(job);
    expect(inserted).toMatchObject({
      status: "InProgress",
      phase: "queued",
      request: job.request,
      sessionKeys: job.sessionKeys,
    });
    expect(await store.get("a")).toEqual(inserted);
    expect(await store.getById(inserted.id)).toEqual(inserted);
    expect(await store.tags("a")).toEqual(job.tags);
    expect(await store.get("b")).toBeNull();
  });

  check(
    "of two jobs of one name in one turn one is recorded, and a third of another name too",
    async (store) => {
      const outcomes = await Promise.allSettled(["a", "a", "b"].map((each) => store.insert(anyJob(each))));
      expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(outcomes[1]).toMatchObject({ reason: code("JOB_EXISTS") });
      expect(names((await store.list(everything)).jobs)).toEqual(["a", "b"]);
    },
  );

  check("ids sort by arrival, also of jobs of one millisecond", async (store) => {
    const jobs = await Promise.all(["c", "a", "b"].map((each) => store.insert(anyJob(each))));
    const ids = jobs.map((job) => job.id);
    expect([...ids].sort()).toEqual(ids);
  });

  check("one waiting job is claimed by exactly one of ten", async (store) => {
    await store.insert(anyJob("a"));
    const claims = await Promise.all(Array.from({ length: 10 }, (_, i) => store.claim(lease(`w${i}`), 1)));
    expect(claims.filter((job) => job !== null)).toHaveLength(1);
    expect(await store.get("a")).toMatchObject({ phase: "preparing", status: "InProgress" });
  });

  check("jobs are claimed by arrival, and none overtakes one that needs more instances", async (store) => {
    await store.insert(anyJob("two", { instanceCount: 2 }));
    await store.insert(anyJob("one"));
    expect(await store.claim(lease("w"), 1)).toBeNull();
    expect((await store.claim(lease("w"), 2))?.name).toBe("two");
    expect((await store.claim(lease("w"), 1))?.name).toBe("one");
    expect(await store.claim(lease("w"), 9)).toBeNull();
  });

  check("a queued job that was stopped is claimed without instances", async (store) => {
    await store.insert(anyJob("first"));
    await store.insert(anyJob("stopped"));
    await store.requestStop("stopped", 1_500);
    expect((await store.claim(lease("w"), 0))?.name).toBe("stopped");
    expect(await store.claim(lease("w"), 0)).toBeNull();
  });

  check("a job moves by the table of statuses and phases only, and each step is kept", async (store) => {
    const { id } = await store.insert(anyJob("a"));
    await store.claim(lease("w"), 1);
    await store.move({ id, owner: "w", at: 2_100, phase: "preparing", note: "installs numpy" });
    await store.move({ id, owner: "w", at: 2_200, phase: "staging" });
    await expect(store.move({ id, owner: "w", at: 2_300, phase: "preparing" })).rejects.toEqual(
      code("MOVE_REFUSED"),
    );
    await expect(store.move({ id, owner: "w", at: 2_300, phase: "ended" })).rejects.toEqual(
      code("MOVE_REFUSED"),
    );
    await expect(
      store.move({ id, owner: "w", at: 2_300, phase: "ended", status: "Stopped" }),
    ).rejects.toEqual(code("MOVE_REFUSED"));
    await store.move({ id, owner: "w", at: 2_300, phase: "starting" });
    await store.move({ id, owner: "w", at: 2_400, phase: "running", startedAt: 2_350 });
    await store.move({ id, owner: "w", at: 2_500, phase: "uploading", exitMessage: "done" });
    const ended = await store.move({ id, owner: "w", at: 2_600, phase: "ended", status: "Completed" });
    expect(ended).toMatchObject({
      startedAt: 2_350,
      endedAt: 2_600,
      exitMessage: "done",
      failureReason: null,
    });
    await expect(store.move({ id, owner: "w", at: 2_700, phase: "ended" })).rejects.toEqual(
      code("LEASE_LOST"),
    );
    expect((await store.transitions(id)).map(({ at, phase, note }) => [at, phase, note])).toEqual([
      [1_000, "queued", null],
      [2_000, "preparing", null],
      [2_100, "preparing", "installs numpy"],
      [2_200, "staging", null],
      [2_300, "starting", null],
      [2_400, "running", null],
      [2_500, "uploading", null],
      [2_600, "ended", null],
    ]);
  });

  check(
    "a stop that is asked for between two moves is kept, and asking again changes nothing",
    async (store) => {
      const { id } = await store.insert(anyJob("a"));
      await store.claim(lease("w"), 1);
      await store.requestStop("a", 2_100);
      await store.requestStop("a", 2_900);
      const moved = await store.move({ id, owner: "w", at: 3_000, phase: "staging" });
      expect(moved).toMatchObject({ status: "Stopping", stopRequestedAt: 2_100 });
      const ended = await store.move({ id, owner: "w", at: 3_100, phase: "ended", status: "Stopped" });
      expect(await store.requestStop("a", 4_000)).toEqual(ended);
      await expect(store.requestStop("b", 4_000)).rejects.toEqual(code("JOB_NOT_FOUND"));
    },
  );

  check("only the owner of the lease moves a job; an expired or returned lease is adopted", async (store) => {
    const { id } = await store.insert(anyJob("a"));
    await store.claim(lease("w", 2_000), 1);
    await expect(store.move({ id, owner: "other", at: 2_100, phase: "staging" })).rejects.toEqual(
      code("LEASE_LOST"),
    );
    expect(await store.adopt(lease("other", 2_500))).toEqual([]);
    await store.renew(lease("w", 2_900));
    expect(await store.adopt(lease("other", 3_500))).toEqual([]);
    expect(names(await store.adopt(lease("other", 4_000)))).toEqual(["a"]);
    await expect(store.move({ id, owner: "w", at: 4_100, phase: "staging" })).rejects.toEqual(
      code("LEASE_LOST"),
    );
    await store.release("other");
    expect(names(await store.adopt(lease("w", 4_200)))).toEqual(["a"]);
    expect(names(await store.adopt(lease("w", 4_300)))).toEqual(["a"]);
  });

  check("a queued job is nobody's to adopt", async (store) => {
    await store.insert(anyJob("a"));
    expect(await store.adopt(lease("w"))).toEqual([]);
  });

  check("session keys are found until their job ends", async (store) => {
    const { id } = await store.insert(anyJob("a"));
    await store.insert(anyJob("isolated", { sessionKeys: null }));
    expect(await store.sessionUser("ASIAa")).toEqual({
      jobId: id,
      jobName: "a",
      keys: anyJob("a").sessionKeys,
    });
    expect(await store.sessionUser("ASIAb")).toBeNull();
    await endJob(store, "a", 3_000);
    expect(await store.sessionUser("ASIAa")).toBeNull();
    expect(await store.get("a")).toMatchObject({ sessionKeys: null });
  });

  check(
    "only a finished job is deleted, with all that hung on it; its name is free and its id never comes again",
    async (store) => {
      const { id } = await store.insert(anyJob("a", { tags: [{ Key: "k", Value: "v" }] }));
      await expect(store.delete("a")).rejects.toEqual(code("JOB_NOT_FINISHED"));
      await endJob(store, "a", 3_000);
      await store.delete("a");
      await expect(store.delete("a")).rejects.toEqual(code("JOB_NOT_FOUND"));
      expect(await store.get("a")).toBeNull();
      expect(await store.transitions(id)).toEqual([]);
      const again = await store.insert(anyJob("a"));
      expect(again.id > id).toBe(true);
      expect(await store.tags("a")).toEqual([]);
    },
  );

  check("purge deletes what ended before, oldest first, and no more than asked for", async (store) => {
    for (const [i, each] of ["a", "b", "c", "running"].entries()) {
      await store.insert(anyJob(each));
      if (each !== "running") await endJob(store, each, 3_000 + i);
    }
    expect(await store.purge(3_002, 1)).toBe(1);
    expect(names((await store.list(everything)).jobs)).toEqual(["b", "c", "running"]);
    expect(await store.purge(3_002, 10)).toBe(1);
    expect(await store.purge(3_002, 10)).toBe(0);
    expect(names((await store.list(everything)).jobs)).toEqual(["c", "running"]);
  });

  check("tags are added, replaced, deleted, and at most 50", async (store) => {
    await store.insert(anyJob("a"));
    await store.addTags("a", [
      { Key: "b", Value: "1" },
      { Key: "a", Value: "1" },
    ]);
    const both = await store.addTags("a", [{ Key: "b", Value: "2" }]);
    expect(both).toEqual([
      { Key: "a", Value: "1" },
      { Key: "b", Value: "2" },
    ]);
    await store.deleteTags("a", ["a", "never there"]);
    expect(await store.tags("a")).toEqual([{ Key: "b", Value: "2" }]);
    const fifty = Array.from({ length: 50 }, (_, i) => ({ Key: `key${i}`, Value: "" }));
    await expect(store.addTags("a", fifty)).rejects.toEqual(code("TAGS_TOO_MANY"));
    expect(await store.tags("a")).toHaveLength(1);
    await expect(store.addTags("x", fifty)).rejects.toEqual(code("JOB_NOT_FOUND"));
    await expect(store.tags("x")).rejects.toEqual(code("JOB_NOT_FOUND"));
  });

  check("the image's digest stays in the record, whatever steps follow", async (store) => {
    const { id, imageDigest } = await store.insert(anyJob("a"));
    expect(imageDigest).toBeNull();
    await store.claim(lease("me"), 1);
    const owner = "me";
    await store.move({ id, owner, at: 2_000, phase: "staging", imageDigest: "sha256:abc" });
    await store.move({ id, owner, at: 3_000, phase: "starting" });
    expect(await store.getById(id)).toMatchObject({ phase: "starting", imageDigest: "sha256:abc" });
  });

  check("counts and unfinished say what is there", async (store) => {
    const jobs = await Promise.all(["a", "b", "c"].map((each) => store.insert(anyJob(each))));
    await endJob(store, "a", 3_000);
    await store.requestStop("c", 3_000);
    expect(await store.counts()).toEqual({ InProgress: 1, Completed: 1, Failed: 0, Stopping: 1, Stopped: 0 });
    expect(await store.unfinished()).toEqual(new Set(jobs.slice(1).map(({ id }) => id)));
  });

  check("filters leave what they say, bounds excluded, wildcards taken literally", async (store) => {
    for (const [i, each] of ["bird-1", "Bird-2", "b_rd-3", "fish-4"].entries())
      await store.insert(anyJob(each, { createdAt: 1_000 + i }));
    await store.requestStop("Bird-2", 5_000);
    const found = async (query: Partial<JobQuery>) =>
      names((await store.list({ ...everything, ...query })).jobs);
    expect(await found({ nameContains: "ird" })).toEqual(["bird-1", "Bird-2"]);
    expect(await found({ nameContains: "b_" })).toEqual(["b_rd-3"]);
    expect(await found({ nameContains: "%" })).toEqual([]);
    expect(await found({ status: "Stopping" })).toEqual(["Bird-2"]);
    expect(await found({ createdAfter: 1_000, createdBefore: 1_003 })).toEqual(["Bird-2", "b_rd-3"]);
    expect(await found({ modifiedAfter: 1_003 })).toEqual(["Bird-2"]);
    expect(await found({ modifiedBefore: 1_002 })).toEqual(["bird-1"]);
    expect(await found({ sortBy: "Name" })).toEqual(["Bird-2", "b_rd-3", "bird-1", "fish-4"]);
    expect(await found({ sortBy: "Status", sortOrder: "Descending" })).toEqual([
      "Bird-2",
      "fish-4",
      "b_rd-3",
      "bird-1",
    ]);
  });

  check("a position of another order is refused", async (store) => {
    for (const after of [[], ["a"], ["a", "b"], [1, 2], [1.5, "b"], [1, "a", "b"]]) {
      await expect(store.list({ ...everything, after })).rejects.toEqual(code("POSITION_INVALID"));
    }
  });

  check("pages in every order hold each job once, also while jobs are added", async (store) => {
    const orders = fc.record({
      sortBy: fc.constantFrom<JobQuery["sortBy"]>("CreationTime", "Name", "Status"),
      sortOrder: fc.constantFrom<JobQuery["sortOrder"]>("Ascending", "Descending"),
      limit: fc.integer({ min: 1, max: 7 }),
    });
    // Names in no order of arrival, each once: the factor and the modulus share no divisor.
    let made = 0;
    const add = (createdAt: number) =>
      store.insert(anyJob(`job-${(made++ * 7919) % 1_000_003}`, { createdAt }));
    await fc.assert(
      fc.asyncProperty(
        orders,
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 }),
        async (order, times) => {
          await Promise.all(times.map(add));
          const before = new Set(names((await store.list({ ...order, limit: 10_000 })).jobs));
          const seen: string[] = [];
          let after: ListPosition | undefined;
          let toAdd = 5;
          do {
            const page = await store.list({ ...order, after });
            seen.push(...names(page.jobs));
            after = page.next ?? undefined;
            if (toAdd-- > 0) await add(3);
          } while (after !== undefined);
          expect(new Set(seen).size).toBe(seen.length);
          expect([...before].filter((each) => !seen.includes(each))).toEqual([]);
        },
      ),
      { numRuns: 20 },
    );
  });
}

/** Takes every job that waits before it, too. */
async function endJob(store: JobStore, name: string, at: number): Promise<void> {
  const job = await store.get(name);
  if (job === null) throw new Error(`no job ${name}`);
  if (job.phase === "queued") {
    const claimed = await store.claim(lease("ender"), 1);
    expect(claimed?.name).toBe(name);
  }
  await store.move({ id: job.id, owner: "ender", at, phase: "ended", status: "Completed" });
}
