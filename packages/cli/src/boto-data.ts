import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** STS's only API version; the folder's name in botocore's data. */
const STS_VERSION = "2011-06-15";

/**
 * Endpoint rules of STS in botocore's own data format. The SageMaker Python SDK asks STS at its fixed regional AWS
 * host (`get_execution_role()`, `default_bucket()`), whatever AWS_ENDPOINT_URL says: these rules answer that host, and
 * no host, with ours, and leave every other endpoint that a program names as it is.
 */
export function stsEndpointRules(url: string): Readonly<Record<string, unknown>> {
  const parameter = (builtIn: string, type: "String" | "Boolean") => ({
    builtIn,
    type,
    documentation: builtIn,
    required: type === "Boolean",
    ...(type === "Boolean" ? { default: false } : {}),
  });
  const isSet = (name: string) => ({ fn: "isSet", argv: [{ ref: name }] });
  const isAws = { fn: "stringEquals", argv: [{ ref: "Endpoint" }, "https://sts.{Region}.amazonaws.com"] };
  const endpoint = (at: unknown) => ({
    type: "endpoint",
    endpoint: { url: at, properties: {}, headers: {} },
  });
  return {
    version: "1.0",
    parameters: {
      Region: parameter("AWS::Region", "String"),
      UseDualStack: parameter("AWS::UseDualStack", "Boolean"),
      UseFIPS: parameter("AWS::UseFIPS", "Boolean"),
      Endpoint: parameter("SDK::Endpoint", "String"),
      UseGlobalEndpoint: parameter("AWS::STS::UseGlobalEndpoint", "Boolean"),
    },
    rules: [
      {
        conditions: [isSet("Endpoint"), isSet("Region"), { fn: "not", argv: [isAws] }],
        ...endpoint({ ref: "Endpoint" }),
      },
      { conditions: [], ...endpoint(url) },
    ],
  };
}

/** Writes the rules below the data folder; returns the folder that AWS_DATA_PATH must name for botocore to read them. */
export async function writeBotoData(dataFolder: string, url: string): Promise<string> {
  const root = join(dataFolder, "boto");
  const folder = join(root, "sts", STS_VERSION);
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "endpoint-rule-set-1.json"),
    `${JSON.stringify(stsEndpointRules(url), null, 2)}\n`,
  );
  return root;
}
