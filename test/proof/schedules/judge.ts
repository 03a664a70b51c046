/** What must be true of a session whatever the order its requests came in. */
import { msgpack } from "../../../src/codecs/msgpack.ts";
import { GRACE, saltIn } from "../../../src/core/renewal.ts";
import type { Entry, Store } from "../../../src/index.ts";
import { wrongAnswers } from "./answers.ts";
import { type Data, actionOf } from "./parts.ts";
import { type Cast, type Played, type Told, requestWith } from "./play.ts";

/** What was found of one play. */
export interface Verdict {
  /** What should not have been. */
  readonly wrongs: string[];
  /** Whether a request ended a session that another had taken to a new id by `regenerate`, which lives on. */
  readonly endedElsewhere: boolean;
}

const SAVED: readonly string[] = ["saved", "merged"] satisfies Told["result"][];
const isSaved = ({ result }: Told) => SAVED.includes(result);
const codec = msgpack();

export async function judge({ renews }: Cast, played: Played, store: Store): Promise<Verdict> {
  const { told, cookie } = played;
  const kinds = (kind: "ends" | "moves") => told.filter(({ part }) => actionOf(part).kind === kind);
  const winners = kinds("moves").filter(isSaved);
  const isEnded = kinds("ends").some(({ result }) => result === "ended");
  const [survivor] = winners.length > 0 || isEnded ? winners.map((one) => one.cookie) : [cookie];
  const wrongs = [
    ...(winners.length > 1 ? ["several requests have moved the session"] : []),
    ...wrongAnswers(played, renews),
    ...(await wrongRecords(played, survivor, store)),
    ...(await wrongCookies(played, survivor)),
    ...(await wrongData(played, survivor)),
    ...(renews && survivor === cookie ? await wrongGrace(played, store) : []),
  ];
  return { wrongs, endedElsewhere: isEnded && winners.length > 0 };
}

/** Records that live and should not, or the other way round. Those that only lead to another are not counted. */
async function wrongRecords({ calls, key }: Played, survivor: string | undefined, store: Store): Promise<string[]> {
  const made = new Set([key, ...calls.filter(({ verb }) => verb === "create").map((call) => call.key)]);
  const found = await Promise.all([...made].map((one) => store.read(one)));
  const live = found.filter((entry) => entry && !isSignpost(entry)).length;
  const should = survivor === undefined ? 0 : 1;
  return live === should ? [] : [`${live} sessions live, and ${should} should`];
}

function isSignpost({ value }: Entry): boolean {
  const data = codec.decode(value);
  return data !== undefined && saltIn(data) !== undefined;
}

/** The cookie of the survivor is good, and no other; where ids renewed themselves, all lead to it. */
async function wrongCookies({ cookie, told, after }: Played, survivor: string | undefined): Promise<string[]> {
  const given = told.flatMap((one) => one.cookie ?? []);
  const wrongs: string[] = [];
  for (const one of new Set([cookie, ...given])) {
    const isGood = !(await after.open(requestWith(one))).isNew;
    const name = one === cookie ? "the old id" : "a new id";
    const should = survivor === cookie || survivor === one;
    if (isGood !== should) wrongs.push(`${name} ${isGood ? "authenticates" : "is that of nobody"}`);
  }
  return wrongs;
}

/** Changes that were acknowledged and lost, or refused and made: in the session that lives on. */
async function wrongData({ told, after }: Played, survivor: string | undefined): Promise<string[]> {
  if (survivor === undefined) return [];
  const session = await after.open(requestWith(survivor));
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

/** Some engines keep whole seconds, in milliseconds. */
const ROUNDING = 1000;

/** A former id is followed until the browser has shown the new one, and not for long after that. */
async function wrongGrace({ cookie, key, told, after }: Played, store: Store): Promise<string[]> {
  const renewed = told.find((one) => one.cookie !== undefined && one.cookie !== cookie)?.cookie;
  if (renewed === undefined) return [];
  const session = await after.open(requestWith(renewed));
  session["shown"] = true;
  await after.save(session);
  const left = await store.read(key);
  const wrongs = left && left.expiresAt <= Date.now() + GRACE + ROUNDING ? [] : ["the former id is not let go"];
  const followed = await openedBy(after, cookie);
  return followed["shown"] === true ? wrongs : [...wrongs, "a request on its way with the former id is logged out"];
}

function openedBy(after: Played["after"], cookie: string): Promise<Data> {
  return after.open(requestWith(cookie));
}
