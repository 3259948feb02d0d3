// The service that the lab's jobs run on: the one that AWS_ENDPOINT_URL names, or one that lives as long as the lab.
import { fileURLToPath } from "node:url";
import { Session } from "@fieldmark/sdk";
import { startService } from "@fieldmark/service";

const CLI = fileURLToPath(new URL("../../packages/cli/bin/fieldmark.js", import.meta.url));

/**
 * @param {{ dataFolder: string, runtime: string, env: NodeJS.ProcessEnv, say: (text: string) => void }} options
 * @returns {Promise<{ session: Session, close: () => Promise<void> }>}
 */
export async function openService({ dataFolder, runtime, env, say }) {
  if (env.AWS_ENDPOINT_URL) {
    const session = new Session({ endpoint: env.AWS_ENDPOINT_URL });
    say(`service: ${env.AWS_ENDPOINT_URL}, with the keys of the environment`);
    return { session, close: async () => session[Symbol.dispose]() };
  }
  const service = await startService({
    dataFolder,
    listen: { host: "127.0.0.1", port: 0 },
    runtime,
    maxInstances: 1,
    retentionDays: 90,
    region: "us-east-1",
    env,
    evaluatorScript: CLI,
    log: say,
  });
  const session = new Session({ endpoint: service.url, credentials: service.keys });
  say(`service: ${service.url}, for this run; runtime ${service.runtime.name}; data in ${dataFolder}`);
  return {
    session,
    close: async () => {
      session[Symbol.dispose]();
      await service.close();
    },
  };
}
