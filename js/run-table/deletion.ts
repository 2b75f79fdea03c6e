/**
 * Deleting runs, whoever wants it: a key in the grid or a button above it. Asked in one place, the line of the selection,
 * which says how it is told; this is the way there. Deleting is soft: a run that is brought back is whole.
 */

import type { TableContext } from "./context.ts";

/** Shows the question; `name` is what a single run is called, `leave` gives the focus back. */
type Question = (runs: readonly string[], name: string, leave: () => void) => void;

const questions = new WeakMap<TableContext, Question>();

/** Who asks. */
export function asksForDeletion(context: TableContext, question: Question): void {
  questions.set(context, question);
}

/** Asks whether these runs are to be deleted. */
export function askForDeletion(
  context: TableContext,
  runs: readonly string[],
  name: string,
  leave: () => void,
): void {
  if (context.available && runs.length > 0) questions.get(context)?.(runs, name, leave);
}

/** Does it, or takes it back; false, and an error under the table, where the kernel could not. */
export async function setDeleted(
  context: TableContext,
  runs: readonly string[],
  deleted: boolean,
): Promise<boolean> {
  try {
    await context.ask(deleted ? "delete" : "restore", { runs }, context.signal);
    return true;
  } catch (reason) {
    context.fail(reason);
    return false;
  }
}
