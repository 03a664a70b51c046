import type { Codec, Data } from "../../codecs/codec.ts";
import type { Envelope, Unwrapped } from "../../codecs/envelope.ts";
import { SessionError } from "../../errors.ts";
import { report } from "../../events.ts";
import type { FormerContent } from "../../former.ts";
import { dataFrom, encoded } from "../adoption.ts";
import { type Draft, draftOf } from "../draft.ts";
import type { Saved, SessionInterface } from "../interface.ts";
import { type Session, createSession, fill } from "../session.ts";
import { SessionState, stateOf } from "../state.ts";
import { type Kind, UNCHANGED, answer, answerEnd, begin, endsEmpty, factsOf, rulesOf } from "./kind.ts";

/** What a kind of session in the cookie is made of. */
export interface CookieKind extends Kind {
  envelope: Envelope;
  /** The oldest cookie that is read, in seconds since it was made. */
  lifetime: number;
}

const NOT_UPDATABLE =
  "update(key, fn) needs a store: two requests cannot be told apart in a cookie; assign the value instead, or use a store";

/**
 * Sessions that live in the cookie itself: nothing is kept on the server, so parallel requests overwrite each other, and
 * a copy of a cookie is good until it expires, whatever `clear` and `destroy` do.
 */
export function inCookie(kind: CookieKind): SessionInterface<Record<string, unknown>> {
  const rules = rulesOf(kind, { createId: () => "", notUpdatable: NOT_UPDATABLE });
  return {
    open: (request) => Promise.resolve(open(kind, new SessionState(rules, request))),
    // A rejection, where a plain call would throw.
    save: async (session) => save(kind, session),
    adoption: {
      adopt: async (request, former) => adopt(kind, new SessionState(rules, request), await former.load()),
      // Nothing is kept on the server that could tell.
      bury: () => Promise.resolve(),
    },
  };
}

function open(kind: CookieKind, state: SessionState): Session<Record<string, unknown>> {
  const now = kind.clock.now();
  const values = kind.cookie.read(state.request);
  const found = values.map((value) => unwrap(kind, value, now)).filter((one) => one !== undefined);
  state.presented = values.length > 0;
  state.ambiguous = found.length > 1;
  if (found.length > 1) report({ type: "ambiguous", count: found.length });
  const [only] = found;
  return only && found.length === 1 ? resume(kind, state, only) : begin(kind, state);
}

function resume(kind: CookieKind, state: SessionState, { bytes, data, wrappedAt, current }: Found) {
  const session = createSession(state);
  state.createdAt = kind.habits.createdAt(data);
  state.staleCookie = !current;
  fill(session, data);
  const facts = factsOf(state, undefined, wrappedAt * 1000);
  state.loaded = { bytes, expiresAt: kind.habits.deadline(facts) };
  return session;
}

/** The other library's record stays where it is: requests that bring its cookie at the same time need it, too. */
function adopt(kind: CookieKind, state: SessionState, content: FormerContent | undefined) {
  const now = kind.clock.now();
  const data = content && dataFrom(kind, content, now);
  const bytes = data && encoded(kind, data);
  if (!bytes || !fits(kind, state, bytes)) return begin(kind, state);
  return resume(kind, state, { bytes, data, wrappedAt: wholeSeconds(now), current: false });
}

/** Whether data of another library, which is there already and has to go on, is small enough for our cookie. */
function fits(kind: CookieKind, { request }: SessionState, bytes: Uint8Array): boolean {
  try {
    const now = kind.clock.now();
    kind.cookie.write(request, kind.envelope.wrap(bytes, wholeSeconds(now)), now);
    return true;
  } catch (error) {
    report({ type: "unreadable", reason: error instanceof SessionError ? error.code : "unknown" });
    return false;
  }
}

interface Found extends Unwrapped {
  data: Data;
}

function unwrap(kind: CookieKind, text: string, now: number): Found | undefined {
  const unwrapped = kind.envelope.unwrap(text, wholeSeconds(now), kind.lifetime);
  if (typeof unwrapped === "string") {
    report(
      unwrapped === "unreadable" ? { type: "unreadable", reason: unwrapped } : { type: "rejected", reason: unwrapped },
    );
    return undefined;
  }
  const data = decode(kind.codec, unwrapped.bytes);
  return data && kind.habits.isLive(data, now) ? { ...unwrapped, data } : undefined;
}

function decode(codec: Codec, bytes: Uint8Array): Data | undefined {
  try {
    return codec.decode(bytes);
  } catch (error) {
    report({ type: "unreadable", reason: error instanceof Error ? error.name : "unknown" });
    return undefined;
  }
}

function save(kind: CookieKind, session: object): Saved {
  const state = stateOf(session);
  if (state.destroyed) return endCookie(kind, state);
  if (state.failed && !kind.habits.savesFailed) return answer(kind, state, UNCHANGED);
  const looked = state.accessed || kind.habits.rewrites;
  const draft = looked ? draftOf(session, kind.codec) : undefined;
  if (draft && kind.habits.isEmpty(draft.data)) {
    return endsEmpty(state, draft) ? endCookie(kind, state) : answer(kind, state, UNCHANGED);
  }
  if (!draft && !state.loaded) return answer(kind, state, UNCHANGED);
  return write(kind, state, draft);
}

function endCookie(kind: CookieKind, state: SessionState): Saved {
  state.forget();
  return answerEnd(kind, state, { result: "ended", conflicts: [], tries: 0 });
}

function write(kind: CookieKind, state: SessionState, draft: Draft | undefined): Saved {
  const now = kind.clock.now();
  const facts = factsOf(state, draft, now);
  const plan = kind.habits.plan(facts);
  const bytes = draft?.bytes ?? state.loaded?.bytes;
  if (!bytes || !(plan.write || plan.cookie)) return answer(kind, state, UNCHANGED);
  if (facts.modified) state.assertReachable();
  const text = kind.envelope.wrap(bytes, wholeSeconds(now));
  const line = cookieLine(kind, state, text, kind.habits.cookieExpiresAt(facts), draft);
  state.keep({ bytes, expiresAt: kind.habits.deadline(facts) });
  return answer(kind, state, { result: facts.modified ? "saved" : "unchanged", conflicts: [], tries: 0 }, line);
}

function cookieLine(
  kind: CookieKind,
  state: SessionState,
  text: string,
  expiresAt: number | undefined,
  draft: Draft | undefined,
): string {
  try {
    return kind.cookie.write(state.request, text, expiresAt);
  } catch (error) {
    if (!(error instanceof SessionError) || error.code !== "SIZE" || !draft) throw error;
    throw new SessionError("SIZE", `${error.message}; the biggest keys are ${biggestKeys(kind.codec, draft.data)}`);
  }
}

function biggestKeys(codec: Codec, data: Data): string {
  const sizes = [...data].map(
    ([key, value]) => [String(key), codec.encode(new Map([[key, value]])).byteLength] as const,
  );
  const biggest = sizes.toSorted(([, a], [, b]) => b - a).slice(0, 3);
  return biggest.map(([key, size]) => `${JSON.stringify(key)} (${size} bytes)`).join(", ");
}

function wholeSeconds(at: number): number {
  return Math.floor(at / 1000);
}
