import { type EvaluationJson, FieldmarkError } from "@fieldmark/contract";
import { isRefusal } from "../service-failure.ts";
import type { Session } from "../session.ts";
import { readText } from "../storage/download.ts";
import { joinS3Uri, parseS3Uri } from "../storage/s3-uri.ts";
import type { JobOutput } from "./processing-output.ts";

/** What an evaluation leaves in its output. */
export interface JobReport {
  /** The output's S3 URI; report.html, predictions and the rest lie beside. */
  readonly uri: string;
  /** evaluation.json: what a SageMaker pipeline's JsonGet and ModelMetrics read. */
  readonly evaluation: EvaluationJson;
  /** measures.json: every measure with its interval; null where the job's program writes none (docs/formats.md). */
  readonly measures: Readonly<Record<string, unknown>> | null;
}

const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** Reads evaluation.json and measures.json of the first output that holds the former. */
export async function readReport(
  session: Session,
  { name, outputs }: { readonly name: string; readonly outputs: readonly JobOutput[] },
  signal?: AbortSignal,
): Promise<JobReport> {
  for (const { destination: uri } of outputs) {
    const evaluation = await readJson(session, joinS3Uri(uri, "evaluation.json"), signal);
    if (evaluation === null) continue;
    if (!isEvaluation(evaluation))
      throw new FieldmarkError(
        "JSON_INVALID",
        `${uri}/evaluation.json: expected the object multiclass_classification_metrics`,
      );
    return { uri, evaluation, measures: await readJson(session, joinS3Uri(uri, "measures.json"), signal) };
  }
  const places = outputs.map(({ destination }) => destination).join(", ");
  throw new FieldmarkError(
    "REPORT_MISSING",
    `${name}: no evaluation.json in ${places === "" ? "its outputs: it has none" : places}`,
    { job: name },
  );
}

/** The object as JSON; null when there is none. @throws JSON_INVALID */
async function readJson(
  session: Session,
  uri: string,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, unknown>> | null> {
  const text = await textOf(session, uri, signal);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (cause) {
    throw new FieldmarkError("JSON_INVALID", `${uri}: ${String(cause)}`, { uri }, cause);
  }
  throw new FieldmarkError("JSON_INVALID", `${uri}: expected an object`, { uri });
}

async function textOf(session: Session, uri: string, signal?: AbortSignal): Promise<string | null> {
  try {
    return await readText(session, parseS3Uri(uri), { maxBytes: MAX_JSON_BYTES, signal });
  } catch (error) {
    if (isRefusal(error, "NoSuchKey")) return null;
    throw error;
  }
}

function isEvaluation(value: Readonly<Record<string, unknown>>): value is EvaluationJson & typeof value {
  const metrics = value.multiclass_classification_metrics;
  return typeof metrics === "object" && metrics !== null;
}
