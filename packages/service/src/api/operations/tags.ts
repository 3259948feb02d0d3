import { FieldmarkError, type SageMakerOperations } from "@fieldmark/contract";
import { type Call, NOTHING, type OperationsOf } from "../operation.ts";
import type { SageMakerContext } from "./sagemaker-context.ts";
import { checkTags } from "./tag-rules.ts";

type Operations = OperationsOf<SageMakerOperations>;

/** Adds tags to a job, or gives its tags of these keys new values; answers all that it has then. */
export const addTags =
  ({ jobs }: SageMakerContext): Operations["AddTags"] =>
  async ({ ResourceArn, Tags }, call) => {
    const name = jobNameOf(ResourceArn, call);
    checkTags(Tags);
    return { Tags: await jobs.addTags(name, Tags) };
  };

/** A job has 50 tags at most, and a page holds at least 50: there is always one page. */
export const listTags =
  ({ jobs, nextTokens }: SageMakerContext): Operations["ListTags"] =>
  async ({ ResourceArn, NextToken }, call) => {
    if (NextToken !== undefined) nextTokens.open({ ResourceArn }, NextToken);
    return { Tags: await jobs.tags(jobNameOf(ResourceArn, call)) };
  };

export const deleteTags =
  ({ jobs }: SageMakerContext): Operations["DeleteTags"] =>
  async ({ ResourceArn, TagKeys }, call) => {
    await jobs.deleteTags(jobNameOf(ResourceArn, call), TagKeys);
    return NOTHING;
  };

/** @throws JOB_NOT_FOUND for what is no processing job of this account and region */
function jobNameOf(arn: string, { region, accountId }: Call): string {
  const own = `arn:aws:sagemaker:${region}:${accountId}:processing-job/`;
  if (arn.startsWith(own)) return arn.slice(own.length);
  throw new FieldmarkError("JOB_NOT_FOUND", `Could not find requested resource: ${arn}`, { arn });
}
