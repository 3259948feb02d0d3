import { NEXT_PHASE, NEXT_STATUS, PHASE_MEANING, PHASES, STATUSES } from "./status.ts";

const list = (names: readonly string[]) =>
  names.length === 0 ? "—" : names.map((name) => `\`${name}\``).join(", ");

/** docs/states.md: the statuses and phases of a job, and where each leads. */
export function statesPage(): string {
  const statuses = STATUSES.map((status) => `| \`${status}\` | ${list(NEXT_STATUS[status])} |`);
  const phases = PHASES.map(
    (phase) => `| \`${phase}\` | ${PHASE_MEANING[phase]} | ${list(NEXT_PHASE[phase])} |`,
  );
  return `<!-- Written by scripts/docs-states.mjs; do not edit. -->

# States of a processing job

A job has a status, which is SageMaker's and which every client sees, and a phase, which says where inside \`InProgress\` or
\`Stopping\` it stands. Every step is a row that is added to the job's list of transitions and never changed;
\`fieldmark jobs describe NAME\` shows the seconds of each phase. A step that these tables do not hold is refused by the store.

| status | may become |
|---|---|
${statuses.join("\n")}

| phase | what it is | may become |
|---|---|---|
${phases.join("\n")}

After a crash or a restart the next service goes on from what it finds, whatever phase was recorded: instances that nobody
started are staged and started, running ones are waited for, outputs of ended ones are uploaded. A job that was asked to stop
ends as \`Stopped\`, unless all its programs had ended by themselves before: then it ends as they did.
`;
}
