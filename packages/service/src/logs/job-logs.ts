/**
 * Where programs' output goes: `DATA/logs/<group, escaped>/<stream>.log`, bytes as printed by the program, stdout and
 * stderr in the order of writing. The supervisor of an instance appends to it; nobody else does.
 */
export const PROCESSING_JOBS_GROUP = "/aws/sagemaker/ProcessingJobs";
