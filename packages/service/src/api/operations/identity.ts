import { createHash } from "node:crypto";
import type { IamOperations, StsOperations } from "@fieldmark/contract";
import { type Identity, type OperationTable, operationTable } from "../operation.ts";

/** The role that everybody here has taken: notebooks read it from GetCallerIdentity and pass it as RoleArn. */
const ROLE = "fieldmark";

export const stsOperations = (): OperationTable =>
  operationTable<StsOperations>("sts", {
    GetCallerIdentity: async (_, { identity, accountId }) => ({
      UserId: `${roleId(ROLE)}:${sessionName(identity)}`,
      Account: accountId,
      Arn: `arn:aws:sts::${accountId}:assumed-role/${ROLE}/${sessionName(identity)}`,
    }),
  });

/** There are no roles here, and every one that is asked for exists: a request needs the ARN of one. */
export const iamOperations = (): OperationTable =>
  operationTable<IamOperations>("iam", {
    GetRole: async ({ RoleName }, { accountId }) => ({
      Role: {
        Path: "/",
        RoleName,
        RoleId: roleId(RoleName),
        Arn: `arn:aws:iam::${accountId}:role/${RoleName}`,
        CreateDate: 0,
        MaxSessionDuration: 3600,
      },
    }),
  });

const sessionName = (identity: Identity): string => (identity.kind === "job" ? identity.jobName : "owner");

/** In AWS's form: AROA and 17 letters or digits; the same for the same name. */
const roleId = (name: string): string =>
  `AROA${createHash("sha256").update(name).digest("hex").toUpperCase().slice(0, 17)}`;
