/** One session and several requests with its cookie, each in a process of its own, in an order that is given. */
import {
  type Entry,
  type Saved,
  SessionError,
  type SessionInterface,
  type Store,
  sessions,
} from "../../../src/index.ts";
import { type Data, type PartName, actionOf } from "./parts.ts";
import { type Call, Schedule } from "./schedule.ts";
import type { Choose } from "./random.ts";

export interface Part {
  readonly name: PartName;
  /** Whether the request comes so much later that the session's deadline is to be moved. */
  readonly late: boolean;
}

export function inTime(name: PartName): Part {
  return { name, late: false };
}

export function late(name: PartName): Part {
  return { name, late: true };
}

/** What is to be played. */
export interface Cast {
  readonly parts: readonly Part[];
  /** Whether the session's cookie outlives the browser, so that it is sent anew by each write. */
  readonly permanent: boolean;
  /** Whether calls of the store may also be made at the same time. */
  readonly races: boolean;
  /** Whether ids renew themselves: those of late requests are due. */
  readonly renews: boolean;
}

/** How a request ended. */
export interface Told {
  readonly actor: string;
  readonly part: PartName;
  /** `Saved.result`, or the code of a `SessionError`; `new` for a request that came when all was over. */
  readonly result: Saved["result"] | SessionError["code"] | "new";
  readonly conflicts: readonly string[];
  /** The cookie that its response set; `undefined` where it set none or removed it. */
  readonly cookie: string | undefined;
}

/** A session after its requests. */
export interface Played {
  readonly cookie: string;
  /** The store's key of the session as it was. */
  readonly key: string;
  readonly told: readonly Told[];
  readonly calls: readonly Call[];
  /** Sessions as another process opens them. */
  readonly after: SessionInterface<Data>;
  readonly trace: string;
}

const keys = { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" };
const IDLE = 1800;
/** More than the tenth of the idle time after which a deadline is moved. */
const LATE = IDLE * 1000 * 0.2;
/** Less than that. */
const RENEWAL = 60;

function sessionsOn(store: Store, renews: boolean, isLate = false): SessionInterface<Data> {
  const clock = { now: () => Date.now() + (isLate ? LATE : 0) };
  const timeouts = { idle: IDLE, permanent: IDLE };
  // Requests are held for as long as others take their turns.
  return sessions<Data>({ store, keys, clock, timeouts, storeTimeout: 120, ...(renews && { renewEvery: RENEWAL }) });
}

const NOTHING = { conflicts: [], cookie: undefined };

export const requestWith = (cookie?: string) => ({ cookie, secure: false });

/** `stores`: one for each process, over a client of its own. */
export async function play(
  { parts, permanent, races, renews }: Cast,
  choose: Choose,
  stores: readonly Store[],
): Promise<Played> {
  const [first, ...others] = stores;
  if (!first) throw new Error("there is no store");
  const { cookie, key } = await beginning(first, permanent);
  const schedule = new Schedule(choose, races);
  const actors = parts.map(({ name, late: isLate }, n) => {
    const actor = "ABCDEFG".charAt(n);
    const visits = sessionsOn(schedule.storeFor(actor, others[n] ?? first), renews, isLate);
    return [actor, () => request(visits, cookie, actor, name)] as const;
  });
  const told = await schedule.run(Object.fromEntries(actors));
  return { cookie, key, told, calls: schedule.calls, after: sessionsOn(first, renews), trace: String(schedule) };
}

async function beginning(store: Store, permanent: boolean): Promise<{ cookie: string; key: string }> {
  let key = "";
  const noting = Object.create(store, {
    create: { value: (given: string, entry: Entry) => store.create((key = given), entry) },
  }) as Store;
  const visits = sessionsOn(noting, false);
  const session = await visits.open(requestWith());
  session["owner"] = "ada";
  if (permanent) session.permanent = true;
  const cookie = cookieOf(await visits.save(session)) ?? "";
  return { cookie, key };
}

async function request(visits: SessionInterface<Data>, cookie: string, actor: string, part: PartName): Promise<Told> {
  const session = await visits.open(requestWith(cookie));
  if (session.isNew) return { actor, part, result: "new", ...NOTHING };
  actionOf(part).act(session, actor);
  try {
    const saved = await visits.save(session);
    return { actor, part, result: saved.result, conflicts: saved.conflicts, cookie: cookieOf(saved) };
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    return { actor, part, result: error.code, ...NOTHING };
  }
}

function cookieOf({ headers }: Saved): string | undefined {
  const line = headers.find(([name]) => name === "Set-Cookie")?.[1];
  return line?.includes("Max-Age=0") ? undefined : line?.split(";")[0];
}
