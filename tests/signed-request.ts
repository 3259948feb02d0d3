import { createHash } from "node:crypto";
import { request } from "node:http";
import { signRequest } from "@fieldmark/contract";

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Sends one request signed with the service's own keys, whatever its body is. */
export async function signed(
  { url, env }: { readonly url: string; readonly env: Readonly<Record<string, string | undefined>> },
  service: string,
  options: {
    readonly method?: string;
    readonly path?: string;
    readonly query?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Uint8Array | string;
  },
): Promise<Answer> {
  const { method = "POST", path = "/", query = "", body = "" } = options;
  const { host } = new URL(url);
  const payload = createHash("sha256").update(body).digest("hex");
  const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "", AWS_REGION = "" } = env;
  const { headers } = signRequest(
    { method, path, query, headers: { host, ...options.headers } },
    {
      service,
      region: AWS_REGION,
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
      now: new Date(),
      payload,
    },
  );
  return await new Promise((done, fail) => {
    const sent = request(`${url}${path}${query === "" ? "" : `?${query}`}`, {
      method,
      path: query === "" ? path : `${path}?${query}`,
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) } as Record<string, string>,
    });
    sent.on("error", fail);
    sent.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (more: string) => {
        text += more;
      });
      response.on("end", () => done({ status: response.statusCode ?? 0, text, headers: response.headers }));
      response.on("error", fail);
    });
    sent.end(body);
  });
}
