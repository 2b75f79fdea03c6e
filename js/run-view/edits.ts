/** What the parts of the header that can be edited share. */

import type { Answers } from "../lib/rpc.ts";

export interface EditEnv {
  answers: Answers;
  /** The id of the run. */
  run: () => string;
  /** Shows the reader what went wrong in the kernel. */
  fail: (reason: unknown) => void;
  signal: AbortSignal;
}

export const PENDING = "saved when the kernel is free";
