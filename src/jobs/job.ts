import type { JobTable } from "../db/index.ts";

export type JobState = JobTable["state"];
export type JobTrigger = JobTable["trigger"];

/** Plain data that goes through the database as JSON. */
export type JobParameters = Readonly<Record<string, unknown>>;

export interface Job {
  readonly id: number;
  readonly kind: string;
  readonly parameters: JobParameters;
  readonly trigger: JobTrigger;
  readonly state: JobState;
  /** What the job has to say of its result, so far or in the end. */
  readonly report: unknown;
  readonly error: string | null;
  readonly log: string;
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** What a job's work is given. */
export interface JobContext {
  readonly job: Job;
  /** Records how far it is, and rejects when the job was stopped or taken over: the work then ends. */
  progress(report: unknown): Promise<void>;
  /** Adds a line to the job's log. */
  log(line: string): void;
}

/** Does a job's work and answers its report. It may be run again after a crash, so it must bear that. */
export type JobHandler = (context: JobContext) => Promise<unknown>;
