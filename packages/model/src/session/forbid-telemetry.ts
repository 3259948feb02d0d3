/**
 * Keeps onnxruntime from sending anything: since 1.29 its binaries report sessions, models and a device number to
 * their maker over the network, and keep both in the user's home, unless this variable stands in the environment of
 * the process when the library starts. A worker's environment is a copy, so it is set by the thread that starts one.
 *
 * @see https://github.com/microsoft/onnxruntime/pull/27379
 */
export function forbidTelemetry(): void {
  // biome-ignore lint/style/noProcessEnv: the library offers no other switch that works before it starts
  process.env.ORT_DISABLE_TELEMETRY = "1";
}
