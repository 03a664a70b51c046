import { type Clock, systemClock } from "../clock.ts";
import { readCookies } from "../cookies/read.ts";
import { writeRemoval } from "../cookies/write.ts";
import { SessionError } from "../errors.ts";
import { report } from "../events.ts";
import type { Former, FormerContent, FormerCookie, FormerReader } from "../former.ts";
import type { Adoption } from "./adoption.ts";
import { inTime } from "./guard.ts";
import type { OpenRequest, Saved, SessionInterface } from "./interface.ts";
import { checkOptions } from "./options.ts";
import type { DeclaredData, Session } from "./session.ts";
import { stateOf } from "./state.ts";

export type { Former, FormerContent, FormerCookie, FormerReader } from "../former.ts";

/** What is adopted, and how long. */
export interface AdoptingOptions {
  /** Who reads the old cookies; the first that finds a session counts. */
  readers: readonly FormerReader[];
  /** The instant from which no old cookie is read any more: then this can be taken away. */
  until: Date;
  /** The longest that the old store may take to answer, in seconds. Default: 1. */
  storeTimeout?: number;
  /** Default: the machine's clock. */
  clock?: Clock;
}

/**
 * Sessions that go on where another library's end: a request without a session of ours, but with a cookie that a reader
 * proves, gets one with the same data. The old cookie is removed.
 *
 * In a store, an old cookie gives one session however many requests bring it, and none once that has ended. Throws
 * `CONFIG` for a wrong option, and for sessions that cannot adopt (Flask's).
 */
export function adopting<T extends object = DeclaredData>(
  sessions: SessionInterface<T>,
  options: AdoptingOptions,
): SessionInterface<T> {
  const { readers, until, clock, storeTimeout } = checked(options);
  const adoption = adoptionOf(sessions);
  const adopted = new WeakMap<object, FormerReader[]>();
  const isOver = () => clock.now() >= until;

  return {
    ...sessions,
    async open(request) {
      const session = await sessions.open(request);
      if (isOver() || !hasNone(session)) return session;
      for (const reader of readers) {
        const [former, ...others] = await formersIn(reader, request, clock.now());
        if (others.length > 0) report({ type: "ambiguous", count: others.length + 1 });
        if (!former || others.length > 0) continue;
        const ours = await adoption.adopt(request, inSeconds(former, storeTimeout), until);
        adopted.set(ours, [reader]);
        return ours;
      }
      return session;
    },
    async save(session) {
      const saved = await sessions.save(session);
      if (saved.result === "ended" && !isOver()) adopted.set(session, await end(session));
      if (!isSettled(session, saved)) return saved;
      const read = adopted.get(session) ?? [];
      adopted.delete(session);
      return withRemovals(saved, read, stateOf(session).request);
    },
  };

  /** Whoever logs out may still have an old cookie, such as one for another path. Tells who can read what is there. */
  async function end(session: Session<T>): Promise<FormerReader[]> {
    const { request } = stateOf(session);
    const found = await Promise.all(readers.map((reader) => formersIn(reader, request, clock.now())));
    await adoption.bury(session, found.flat(), until);
    return readers.filter((_reader, index) => found[index]?.length);
  }
}

/** Whether the browser can do without its old cookie: it gets ours, or there is no session for either. */
function isSettled(session: object, { headers }: Saved): boolean {
  const { isNew, outage } = stateOf(session);
  return headers.some(([name]) => name === "Set-Cookie") || (isNew && !outage);
}

/** Whether a request has no session, as far as anyone can tell: one that could not be looked up may be there. */
function hasNone(session: object): boolean {
  const { isNew, outage, ambiguous } = stateOf(session);
  return isNew && !outage && !ambiguous;
}

/** More values than this of one name are not looked at. */
const MAX_VALUES = 4;

/** What the cookies of a request prove to a reader, each once. */
async function formersIn(reader: FormerReader, { cookie }: OpenRequest, now: number): Promise<Former[]> {
  const found = new Map<string, Former>();
  const [name = "", signatureName] = namesOf(reader);
  const values = new Set(readCookies(cookie, name).filter((value) => value !== ""));
  const signatures = signatureName === undefined ? [] : readCookies(cookie, signatureName).slice(0, MAX_VALUES);
  for (const value of [...values].slice(0, MAX_VALUES)) {
    const former = await reader.read(value, now, signatures);
    if (typeof former === "string") report({ type: "rejected", reason: former });
    else found.set(former.identity, { ...former, identity: `${name} ${former.identity}` });
  }
  return [...found.values()];
}

function namesOf({ cookie, signatureSuffix }: FormerReader): string[] {
  return signatureSuffix === undefined ? [cookie.name] : [cookie.name, cookie.name + signatureSuffix];
}

/** The same, over a store that may hang or fail. */
function inSeconds(former: Former, seconds: number): Former {
  const named = <Answer>(verb: string, ask: () => Promise<Answer>) => {
    return inTime(ask, seconds).catch((cause: unknown) => {
      throw new SessionError("STORE", `the old session store could not ${verb}`, { cause });
    });
  };
  const { discard } = former;
  return {
    ...former,
    load: () => named<FormerContent | undefined>("read", () => former.load()),
    ...(discard && { discard: () => named("delete", () => discard()) }),
  };
}

function removalsOf(reader: FormerReader, { secure }: OpenRequest): string[] {
  const { path = "/", domain, sameSite, partitioned } = reader.cookie;
  const attributes = { path, domain, sameSite, partitioned, secure, httpOnly: true };
  return namesOf(reader).map((name) => writeRemoval(name, attributes));
}

function withRemovals(saved: Saved, readers: readonly FormerReader[], request: OpenRequest): Saved {
  const lines = readers.flatMap((reader) => removalsOf(reader, request)).map((line) => ["Set-Cookie", line] as const);
  if (lines.length === 0) return saved;
  return { ...saved, headers: [...saved.headers, ...lines, ["Cache-Control", "no-store"], ["Vary", "Cookie"]] };
}

function adoptionOf<T extends object>({ adoption }: SessionInterface<T>): Adoption<T> {
  if (adoption) return adoption;
  throw new SessionError(
    "CONFIG",
    "adopting was given sessions that cannot adopt; give sessions(…) or cookieSessions(…)",
  );
}

function checked(options: AdoptingOptions) {
  checkOptions("adopting", options, ["readers", "until", "storeTimeout", "clock"]);
  const { readers, until, storeTimeout = 1, clock = systemClock } = options;
  if (!Array.isArray(readers) || readers.length === 0 || !readers.every(isReader)) {
    throw new SessionError("CONFIG", "adopting.readers has to be a list of readers, such as cookieSession({ keys })");
  }
  if (!(until instanceof Date) || Number.isNaN(until.getTime())) {
    throw new SessionError(
      "CONFIG",
      "adopting.until is no date; give the Date from which old cookies are not read any more",
    );
  }
  if (!(Number.isFinite(storeTimeout) && storeTimeout > 0)) {
    throw new SessionError(
      "CONFIG",
      `adopting.storeTimeout is ${String(storeTimeout)}; give a positive number of seconds`,
    );
  }
  readers.forEach((reader) => removalsOf(reader, { cookie: undefined, secure: true }));
  return { readers, until: until.getTime(), storeTimeout, clock };
}

function isReader(reader: unknown): reader is FormerReader {
  const { cookie, read } = (reader ?? {}) as { cookie?: Partial<FormerCookie>; read?: unknown };
  return typeof read === "function" && typeof cookie?.name === "string";
}
