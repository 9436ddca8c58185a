export type { Job, JobContext, JobHandler, JobParameters, JobState, JobTrigger } from "./job.ts";
export { JobQueue } from "./queue.ts";
export { JobRunner } from "./runner.ts";
export { nextRun, type Schedule, Schedules } from "./schedules.ts";
