import { listJobs, ProcessingJob, Session } from "@fieldmark/sdk";

/** A line: how long the program of each job of a service ran, by the end of its image's name. */
export async function labTimes(
  { url, env }: { readonly url: string; readonly env: Readonly<Record<string, string>> },
  runtime: string,
): Promise<string> {
  using session = new Session({
    endpoint: url,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "",
    },
  });
  const times: string[] = [];
  for await (const { ProcessingJobName = "" } of listJobs(session)) {
    const job = await ProcessingJob.fromName(session, ProcessingJobName);
    const { AppSpecification } = await job.describe();
    const running = (await job.phases()).find(({ phase }) => phase === "running");
    times.push(`${AppSpecification?.ImageUri?.split("/").at(-1)} ${running?.seconds.toFixed(1)} s`);
  }
  return `${runtime}, the jobs' programs: ${times.reverse().join(", ")}`;
}
