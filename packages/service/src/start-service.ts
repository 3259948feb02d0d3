import type { Service, ServiceOptions } from "./service.ts";

/**
 * `startService`, loaded when it is called: who wants the keys or the environments alone does not wait for the servers and
 * the database to be loaded.
 *
 * @throws DATA_IN_USE, DATA_BROKEN, STORE_TOO_NEW, LISTEN_FAILED
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const service = await import("./service.ts");
  return await service.startService(options);
}
