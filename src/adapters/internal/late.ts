import type { Saved } from "../../core/interface.ts";
import { SessionError } from "../../errors.ts";
import { report, warnOnce } from "../../events.ts";

/**
 * Saves once more what changed after the headers had left: the store takes it, the browser can be told no more. A failure
 * is told. `sent`: what the headers said.
 */
export async function saveLate(save: () => Promise<Saved>, sent: Saved["headers"]): Promise<void> {
  const saved = await save().catch(tellLateFailure);
  if (saved) tellIfLate(saved, sent);
}

/** Tells when a save sets a cookie for which it is too late, beside those that were `sent`. */
export function tellIfLate({ result, headers }: Saved, sent: Saved["headers"] = []): void {
  const isLate = headers.some(([name, value]) => isSetCookie(name) && !sent.some((field) => field[1] === value));
  if (result !== "unchanged" && isLate) tell();
}

/** Tells of a save that failed after the headers had left: nobody can be answered any more. */
function tellLateFailure(error: unknown): void {
  if (error instanceof SessionError && error.code === "LATE") tell();
  else report({ type: "failed", error });
}

function tell(): void {
  report({ type: "late" });
  warnOnce(
    "FLAGON_LATE",
    "a session changed after the headers had left, so its cookie could not be set; change it before the first write",
  );
}

function isSetCookie(name: string): boolean {
  return name.toLowerCase() === "set-cookie";
}
