// The calls that are counted by the second, written by two kinds of clients. AWS's SDK takes about as much processor time
// for a call as the service does; the lean client signs and writes the same requests, so that the service is what is
// measured.
import { hash } from "node:crypto";
import { Agent, request } from "node:http";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { CreateProcessingJobCommand, DescribeProcessingJobCommand } from "@aws-sdk/client-sagemaker";
import { signRequest } from "@fieldmark/contract";

const BLOCK = Buffer.alloc(1 << 20, "b");

/** `ask` sends one signed request, with a body of bytes or of so many bytes unsigned, and reads the answer to its end. */
export function leanClient({ url, env }) {
  const { host, hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };

  async function ask(service, method, path, { body = 0, headers: more = {} } = {}) {
    const isUnsigned = typeof body === "number";
    const headers = { host, "content-length": String(isUnsigned ? body : body.length), ...more };
    const payload = isUnsigned ? "UNSIGNED-PAYLOAD" : hash("sha256", body);
    const signed = signRequest(
      { method, path, query: "", headers },
      { service, region: env.AWS_REGION, credentials, now: new Date(), payload },
    );
    await new Promise((resolve, reject) => {
      const sent = request({ hostname, port, method, path, headers: signed.headers, agent }, (response) => {
        response
          .on("data", () => undefined)
          .on("end", () =>
            response.statusCode < 300
              ? resolve()
              : reject(new Error(`${method} ${path}: ${response.statusCode}`)),
          );
      });
      sent.on("error", reject);
      if (isUnsigned) write(sent, body);
      else sent.end(body);
    });
  }
  return { ask, destroy: () => agent.destroy() };
}

function write(sent, size) {
  let left = size;
  const more = () => {
    while (left > 0) {
      const block = BLOCK.subarray(0, Math.min(left, BLOCK.length));
      left -= block.length;
      if (!sent.write(block)) return void sent.once("drain", more);
    }
    sent.end();
  };
  more();
}

/** The calls of one server, by the client that `kind` names. */
export function callsOf(server, kind) {
  return kind === "sdk" ? sdkCalls(server.clients) : leanCalls(leanClient(server));
}

function leanCalls({ ask, destroy }) {
  const sageMaker = async (operation, input) => {
    const headers = {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `SageMaker.${operation}`,
    };
    await ask("sagemaker", "POST", "/", { body: Buffer.from(JSON.stringify(input)), headers });
  };
  return {
    create: async (job) => await sageMaker("CreateProcessingJob", job),
    describe: async (name) => await sageMaker("DescribeProcessingJob", { ProcessingJobName: name }),
    put: async (bucket, key, body) => await ask("s3", "PUT", `/${bucket}/${key}`, { body }),
    destroy,
  };
}

const sdkCalls = ({ sagemaker, s3 }) => ({
  create: async (job) => await sagemaker.send(new CreateProcessingJobCommand(job)),
  describe: async (name) =>
    await sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: name })),
  put: async (bucket, key, body) =>
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body })),
  destroy: () => undefined,
});
