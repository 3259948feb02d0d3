// What the S3 server costs, beside versitygw (objects in a folder, too) and moto (in memory).
import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { goal, median } from "../programs.mjs";
import { callsOf } from "./calls.mjs";
import { inTurn, load, printRatios } from "./jobs.mjs";
import { megabytesOf } from "./process.mjs";

const BUCKET = "bench";

async function bucketOf({ clients }) {
  await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET })).catch((error) => {
    if (!error.name.startsWith("Bucket")) throw error; // made by an earlier part
  });
}

/** PutObject of 4 KB with 16 clients. versitygw and moto do not fsync; ours is durable before it answers. */
export async function puts(ours, peers, { rounds, client }) {
  const servers = { ours, ...peers };
  const calls = Object.fromEntries(
    Object.entries(servers).map(([name, server]) => [name, callsOf(server, client)]),
  );
  const body = Buffer.alloc(4096, "a");
  for (const server of Object.values(servers)) await bucketOf(server);
  const rates = await inTurn(servers, calls, {
    rounds,
    clients: 16,
    count: (name) => (name === "moto" ? 300 : 1500),
    call: async ({ put }, round, i) => await put(BUCKET, `${round}/${i}`, body),
  });
  goal("durable PutObject/s, 16 clients", median(rates.ours), { atLeast: 500 }, 0);
  printRatios(rates);
  for (const { destroy } of Object.values(calls)) destroy();
}

/** One large object in (parts of 16 MB, four at a time) and out (one GetObject), and the server's memory meanwhile. */
export async function large(ours, peers, { rounds, gigabytes, folder }) {
  const servers = { ours, ...(peers.versitygw === undefined ? {} : { versitygw: peers.versitygw }) };
  const seconds = Object.fromEntries(Object.keys(servers).map((name) => [name, { in: [], out: [] }]));
  const size = Math.round(gigabytes * 2 ** 30);
  const source = join(folder, "large");
  await pipeline(Readable.from(blocks(size)), createWriteStream(source));
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, megabytesOf(ours.pid()));
  }, 100);
  for (const server of Object.values(servers)) await bucketOf(server);
  for (let round = 0; round < rounds; round++) {
    // by turns first: what one frees is memory that the next need not ask the machine for
    const order = Object.entries(servers);
    if (round % 2 === 1) order.reverse();
    for (const [name, { clients }] of order) {
      let from = performance.now();
      await upload(clients.s3, source, size);
      seconds[name].in.push((performance.now() - from) / 1000);
      from = performance.now();
      const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: "large" }));
      let got = 0;
      for await (const chunk of Body) got += chunk.length;
      if (got !== size) throw new Error(`${name} gave ${got} of ${size} bytes`);
      seconds[name].out.push((performance.now() - from) / 1000);
      await clients.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "large" }));
      const rate = (way) => (size / 2 ** 20 / seconds[name][way].at(-1)).toFixed(0);
      console.log(`  round ${round + 1}: ${name}: ${rate("in")} MB/s in, ${rate("out")} MB/s out`);
    }
  }
  clearInterval(watch);
  await rm(source);
  console.log(`  our peak memory: ${peak.toFixed(0)} MB`);
  if (servers.versitygw === undefined) return;
  for (const way of ["in", "out"])
    goal(
      `rate ${way} ÷ versitygw's`,
      median(seconds.versitygw[way].map((theirs, round) => theirs / seconds.ours[way][round])),
      { atLeast: 0.8 },
    );
}

function* blocks(size) {
  const block = Buffer.alloc(1 << 20);
  for (let at = 0; at < size; at += block.length) {
    block.writeUInt32LE(at / block.length, 0);
    yield Buffer.from(block.subarray(0, Math.min(block.length, size - at)));
  }
}

async function upload(s3, source, size) {
  const place = { Bucket: BUCKET, Key: "large" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(place));
  const part = 16 << 20;
  const Parts = [];
  await load(Math.ceil(size / part), { clients: 4 }, async (index) => {
    const [start, end] = [index * part, Math.min((index + 1) * part, size)];
    const { ETag } = await s3.send(
      new UploadPartCommand({
        ...place,
        UploadId,
        PartNumber: index + 1,
        Body: createReadStream(source, { start, end: end - 1 }),
        ContentLength: end - start,
      }),
    );
    Parts.push({ ETag, PartNumber: index + 1 });
  });
  Parts.sort((a, b) => a.PartNumber - b.PartNumber);
  await s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
}
