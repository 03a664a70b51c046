/** What requests were told, against what had happened to their session by then. */
import { actionOf } from "./parts.ts";
import type { Played, Told } from "./play.ts";
import type { Call } from "./schedule.ts";

const LATE: readonly string[] = ["gone", "GONE"] satisfies Told["result"][];
const EXPECTED: Readonly<Record<"stays" | "moves" | "ends", readonly Told["result"][]>> = {
  stays: ["unchanged", "saved", "merged", "gone", "new"],
  moves: ["saved", "merged", "GONE", "new"],
  ends: ["ended", "new"],
};

/** Where ids renew themselves, a record's end is not the session's: then only the answers themselves are looked at. */
export function wrongAnswers({ told, calls, key }: Played, renews: boolean): string[] {
  const mayEnd = (one: Told) => told.some((other) => other !== one && actionOf(other.part).kind !== undefined);
  const deaths = calls.filter((call) => call.key === key && call.kills && isDone(call));
  const wrongs = told.flatMap((one) => [
    ...wrongsOf(one, mayEnd(one)),
    ...(renews
      ? []
      : untimely(
          one,
          calls.filter((call) => call.actor === one.actor && call.key === key),
          deaths,
        )),
  ]);
  if (renews || deaths.length === 1) return wrongs;
  return [...wrongs, `the session died ${deaths.length} times`];
}

/** Whether the store did what the call asked for. */
function isDone({ answer }: Call): boolean {
  return answer === true || (answer as { done?: boolean } | undefined)?.done === true;
}

function wrongsOf(one: Told, mayEnd: boolean): string[] {
  const isEnd = one.result === "new" || LATE.includes(one.result);
  return named(one, [
    [!EXPECTED[actionOf(one.part).kind ?? "stays"].includes(one.result), "was not to be told so"],
    [isEnd && !mayEnd, "is logged out, and nobody else asked for that"],
    [isEnd && one.cookie !== undefined, "set a cookie for a session that is gone"],
  ]);
}

/** `mine`: the calls of the request for the session as it was. */
function untimely(one: Told, mine: readonly Call[], deaths: readonly Call[]): string[] {
  const [opened, last] = [mine.find(({ verb }) => verb === "read"), mine.at(-1)];
  const isBefore = (call: Call | undefined) => deaths.every(({ began }) => call !== undefined && call.ended < began);
  const isAfter = (call: Call | undefined) => deaths.some(({ ended }) => call !== undefined && call.began > ended);
  return named(one, [
    [isAfter(opened) && one.result !== "new", "found the session by its dead id"],
    [isBefore(opened) && one.result === "new", "did not find the session"],
    [last?.verb === "update" && isAfter(last) && !LATE.includes(one.result), "came too late and was not told"],
    [last?.verb === "update" && isBefore(last) && LATE.includes(one.result), "came in time and was told gone"],
  ]);
}

function named({ actor, part, result }: Told, wrongs: readonly (readonly [is: boolean, text: string])[]): string[] {
  return wrongs.filter(([is]) => is).map(([, text]) => `${actor} ${part} (${result}): ${text}`);
}
