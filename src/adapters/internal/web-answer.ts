import { runWithSession } from "../../core/ambient.ts";
import { SessionError } from "../../errors.ts";
import { report } from "../../events.ts";
import { type WebVisit, isRefusal, refusalTo } from "./web-visit.ts";

/**
 * What a handler of web standards answers, once its session is saved; in its place a refusal, where the session could not
 * be loaded or saved. Rejects with what the handler threw: then nothing was saved but a `regenerate` or `destroy`, as when
 * its response tells that it failed.
 */
export function answerOf<T extends object>(
  visit: WebVisit<T>,
  handler: () => Promise<Response>,
  hasFailed: (response: Response) => boolean = () => false,
): Promise<Response> {
  return runWithSession(() => visit.opened, handler).then(
    async (response) => visit.answer(response, isRefusal(response) || hasFailed(response)).catch(refuse),
    (error: unknown) => afterThrow(visit, error),
  );
}

async function afterThrow<T extends object>(visit: WebVisit<T>, error: unknown): Promise<Response> {
  try {
    await visit.save(true);
  } catch (failure) {
    return refuse(failure);
  }
  if (error instanceof SessionError && error.status !== 500) return refuse(error);
  throw error;
}

function refuse(error: unknown): Response {
  report({ type: "failed", error });
  return refusalTo(error);
}
