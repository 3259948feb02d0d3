import { type MessagePort, parentPort } from "node:worker_threads";
import { FieldmarkError } from "@fieldmark/contract";
import type { InferenceSession } from "onnxruntime-node";
import type { Tensor } from "../tensor.ts";
import type { SessionAnswer, SessionRequest, SessionSettings } from "./messages.ts";
import { fromOnnxruntime, toOnnxruntime } from "./onnxruntime-tensor.ts";

// From Node 24 on there is a Float16Array, which onnxruntime-node 1.30 makes tensors of and cannot read. Without it the
// library keeps half floats as their bits, as we do; the thread is its alone.
Reflect.deleteProperty(globalThis, "Float16Array");

// onnxruntime blocks the thread that calls it for the whole run, so it lives in this one. Loading it takes longer
// than anything else here: it starts before the first request.
const runtime = import("onnxruntime-node").catch((cause: unknown) => {
  throw new FieldmarkError(
    "RUNTIME_UNAVAILABLE",
    `onnxruntime-node cannot be loaded on ${process.platform}-${process.arch}: ${reason(cause)}`,
  );
});
runtime.catch(() => {}); // reported when a session is opened

const port = portOfThread();
let session: InferenceSession | null = null;

async function answer(request: SessionRequest): Promise<Readonly<Record<string, Tensor>>> {
  switch (request.kind) {
    case "open":
      await session?.release();
      session = await open(request.path, request.settings);
      return {};
    case "run":
      return await run(request.inputs, request.outputs);
    case "close":
      await session?.release();
      await runtime.catch(() => {}); // a thread that ends while the library loads takes the process with it
      port.close();
      return {};
  }
}

async function open(path: string, { threads }: SessionSettings): Promise<InferenceSession> {
  const { InferenceSession } = await runtime;
  try {
    return await InferenceSession.create(path, {
      executionProviders: ["cpu"],
      graphOptimizationLevel: "all",
      executionMode: "sequential",
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      // Idle threads that spin take the processor from the threads that decode pictures.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
  } catch (cause) {
    throw new FieldmarkError("MODEL_BROKEN", `onnxruntime refuses the translated model: ${reason(cause)}`);
  }
}

async function run(
  inputs: Readonly<Record<string, Tensor>>,
  outputs: readonly string[],
): Promise<Readonly<Record<string, Tensor>>> {
  const { Tensor: RuntimeTensor } = await runtime;
  if (session === null) throw new Error("the session is not open");
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [name, toOnnxruntime(RuntimeTensor, tensor)]),
  );
  try {
    const results = await session.run(feeds, outputs);
    return Object.fromEntries(outputs.map((name) => [name, fromOnnxruntime(results[name])]));
  } catch (cause) {
    throw new FieldmarkError("MODEL_RUN", `the model failed while it ran: ${reason(cause)}`);
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function buffersOf(tensors: Readonly<Record<string, Tensor>>): ArrayBuffer[] {
  const buffers = Object.values(tensors).flatMap(({ data }) =>
    ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer ? [data.buffer] : [],
  );
  return [...new Set(buffers)];
}

function portOfThread(): MessagePort {
  if (parentPort === null) throw new Error("session-worker.js runs as a worker thread only");
  return parentPort;
}

let last = Promise.resolve();
port.on("message", (request: SessionRequest) => {
  last = last.then(() => serve(request));
});

async function serve(request: SessionRequest): Promise<void> {
  const { id } = request;
  try {
    const outputs = await answer(request);
    port.postMessage({ id, outputs } satisfies SessionAnswer, buffersOf(outputs));
  } catch (cause) {
    // A bug stays one: it ends this thread, and the main thread reports it.
    if (!(cause instanceof FieldmarkError)) throw cause;
    port.postMessage({ id, error: cause.toTransfer() } satisfies SessionAnswer);
  }
}
