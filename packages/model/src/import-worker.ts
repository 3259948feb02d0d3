import { parentPort, workerData } from "node:worker_threads";
import { FieldmarkError } from "@fieldmark/contract";
import { readSavedModel } from "./formats/read-saved-model.ts";
import type { ImportAnswer, ImportOrder } from "./import-messages.ts";
import { importGraph } from "./import-model.ts";
import { importRecord } from "./import-record.ts";
import { withOwnOutputs } from "./onnx/own-outputs.ts";
import { writeModel } from "./onnx/write-model.ts";

// An import holds all weights of a model, often twice. In a thread of its own they are gone, and not just garbage,
// when the session is opened.
const port = parentPort;
if (port === null) throw new Error("import-worker.js runs as a worker thread only");
const tell = (answer: ImportAnswer) => port.postMessage(answer);

try {
  const { path, signature, folder } = workerData as ImportOrder;
  tell({ step: "read" });
  const read = await readSavedModel(path, { signature });
  tell({ step: "translate" });
  const graph = withOwnOutputs(importGraph(read.source));
  tell({ step: "write" });
  const files = await writeModel(graph, folder);
  tell({ filled: { files, record: importRecord({ path, read, graph }) } });
} catch (cause) {
  // A bug stays one: it ends this thread, and the main thread reports it.
  if (!(cause instanceof FieldmarkError)) throw cause;
  tell({ error: cause.toTransfer() });
}
