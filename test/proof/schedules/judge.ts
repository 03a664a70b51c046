/** What must be true of a session whatever the order its requests came in. */
import type { Store } from "../../../src/index.ts";
import { actionOf } from "./parts.ts";
import type { Played, Told } from "./play.ts";
import type { Call } from "./schedule.ts";

/** What was found of one play. */
export interface Verdict {
  /** What should not have been. */
  readonly wrongs: string[];
  /** Whether a session was ended by a request that had found it under an id which it had left meanwhile. */
  readonly endedElsewhere: boolean;
}

const kindOf = ({ part }: Told) => actionOf(part).kind;
const SAVED: readonly string[] = ["saved", "merged"] satisfies Told["result"][];
const isSaved = ({ result }: Told) => SAVED.includes(result);

export async function judge(played: Played, store: Store): Promise<Verdict> {
  const { told, calls, key } = played;
  const deaths = calls.filter((call) => call.key === key && call.kills && isDone(call));
  const winners = told.filter((one) => kindOf(one) === "moves" && isSaved(one));
  const hasMoved = deaths.some(({ verb }) => verb === "update");
  const wrongs = [
    ...(deaths.length === 1 ? [] : [`the session died ${deaths.length} times`]),
    ...(winners.length === Number(hasMoved) ? [] : [`${winners.length} requests moved the session`]),
    ...told.flatMap((one) => wrongsOf(one, played, deaths)),
    ...(await wrongIds(played, winners, store)),
    ...(await wrongData(played, winners)),
  ];
  const ends = told.some((one) => kindOf(one) === "ends" && one.result === "ended");
  return { wrongs, endedElsewhere: ends && hasMoved };
}

/** Whether the store did what the call asked for. */
function isDone({ answer }: Call): boolean {
  return answer === true || (answer as { done?: boolean } | undefined)?.done === true;
}

/** What a request was told, against what had happened by then. */
function wrongsOf(one: Told, { key, calls }: Played, deaths: readonly Call[]): string[] {
  const mine = calls.filter((call) => call.actor === one.actor && call.key === key);
  const [opened, last] = [mine.find(({ verb }) => verb === "read"), mine.at(-1)];
  const isBefore = (call: Call | undefined) => deaths.every(({ began }) => call !== undefined && call.ended < began);
  const isAfter = (call: Call | undefined) => deaths.some(({ ended }) => call !== undefined && call.began > ended);
  const wrongs: [is: boolean, text: string][] = [
    [isAfter(opened) && one.result !== "new", "found the session by its dead id"],
    [isBefore(opened) && one.result === "new", "did not find the session"],
    [!EXPECTED[kindOf(one) ?? "stays"].includes(one.result), "was not to be told so"],
    [last?.verb === "update" && isAfter(last) && !LATE.includes(one.result), "came too late and was not told"],
    [last?.verb === "update" && isBefore(last) && LATE.includes(one.result), "was told gone although it came in time"],
    [one.result === "gone" && one.cookie !== undefined, "set a cookie for a session that is gone"],
  ];
  return wrongs.filter(([is]) => is).map(([, text]) => `${one.actor} ${one.part} (${one.result}): ${text}`);
}

const LATE: readonly string[] = ["gone", "GONE"] satisfies Told["result"][];
const EXPECTED: Readonly<Record<"stays" | "moves" | "ends", readonly Told["result"][]>> = {
  stays: ["unchanged", "saved", "merged", "gone", "new"],
  moves: ["saved", "merged", "GONE", "new"],
  ends: ["ended", "new"],
};

/** Ids that live and should not, or the other way round: only that of the request which moved the session lives. */
async function wrongIds({ cookie, told, calls, key, after }: Played, winners: readonly Told[], store: Store) {
  const wrongs: string[] = [];
  const made = [key, ...calls.filter(({ verb }) => verb === "create").map((call) => call.key)];
  const live = (await Promise.all(made.map((one) => store.read(one)))).filter((entry) => entry !== undefined);
  if (live.length !== winners.length) wrongs.push(`${live.length} ids live, and ${winners.length} should`);
  const isNew = async (text: string) => (await after.open({ cookie: text, secure: false })).isNew;
  if (!(await isNew(cookie))) wrongs.push("the old id authenticates");
  for (const one of told) {
    if (one.cookie === undefined || one.cookie === cookie) continue;
    if ((await isNew(one.cookie)) === winners.includes(one))
      wrongs.push(`${one.actor}'s cookie is good or bad wrongly`);
  }
  return wrongs;
}

/** Changes that were acknowledged and lost, or refused and made: in the session that lives on. */
async function wrongData({ told, after }: Played, [winner]: readonly Told[]): Promise<string[]> {
  if (!winner) return [];
  const session = await after.open({ cookie: winner.cookie, secure: false });
  const reported = new Set(told.flatMap(({ conflicts }) => conflicts));
  const wrongs = session["owner"] === "ada" ? [] : ["the data that nobody changed is lost"];
  for (const one of told) {
    const isThere = actionOf(one.part).mark?.(session, one.actor);
    if (isThere === undefined || isThere === isSaved(one)) continue;
    const isReported = !isThere && one.part === "flashes" && reported.has("_flashes");
    if (!isReported) wrongs.push(`${one.actor} ${one.part}: ${one.result}, and ${isThere ? "there" : "lost"}`);
  }
  return wrongs;
}
