import type { IncomingMessage } from "node:http";
import { type ModelledService, parseQuery, SERVICE_MODELS } from "@fieldmark/contract";

/** What a request is for: a service, or the answer that a browser or a start-up probe looks for. */
export type Addressee = ModelledService | "s3" | "health";

/**
 * Tells the services on the one port apart, by what is surest: the scope of the signature, then `X-Amz-Target`, then a
 * Query `Action`; whatever else is signed or names a path is S3's, where a bucket may stand in the host or the path.
 */
export function tellService(incoming: IncomingMessage): Addressee {
  const { headers, method = "GET", url = "/" } = incoming;
  const [path = "/", query = ""] = splitUrl(url);
  const scoped = serviceOfScope(headers.authorization ?? "", query);
  if (scoped !== null) return scoped;
  const target = String(headers["x-amz-target"] ?? "");
  if (target !== "") return target.startsWith(`${SERVICE_MODELS.logs.targetPrefix}.`) ? "logs" : "sagemaker";
  if (path === "/") {
    const isForm =
      method === "POST" && /^application\/x-www-form-urlencoded/i.test(headers["content-type"] ?? "");
    const action = parseQuery(query).find(({ name }) => name === "Action")?.value;
    if (action !== undefined && Object.hasOwn(SERVICE_MODELS.iam.operations, action)) return "iam";
    if (action !== undefined || isForm) return "sts";
    if ((method === "GET" || method === "HEAD") && query === "" && headers.authorization === undefined)
      return "health";
  }
  return "s3";
}

/** The raw path and query of a request line; an absolute form (`GET http://host/path`) loses its host. */
export function splitUrl(url: string): readonly [path: string, query: string] {
  const local = url.replace(/^https?:\/\/[^/?]*/i, "");
  const mark = local.indexOf("?");
  return mark < 0 ? [local || "/", ""] : [local.slice(0, mark) || "/", local.slice(mark + 1)];
}

function serviceOfScope(authorization: string, query: string): Addressee | null {
  const credential =
    /Credential=([^,\s]+)/.exec(authorization)?.[1] ??
    parseQuery(query).find(({ name }) => name === "X-Amz-Credential")?.value;
  const service = credential?.split("/").at(-2) ?? "";
  if (service === "s3") return "s3";
  return isModelled(service) ? service : null;
}

const isModelled = (service: string): service is ModelledService => Object.hasOwn(SERVICE_MODELS, service);
