import type { Codec } from "../../codecs/codec.ts";
import { sameBytes } from "../../crypto/bytes.ts";
import { SessionError } from "../../errors.ts";
import { report } from "../../events.ts";
import type { Entry } from "../../store.ts";
import type { Draft } from "../draft.ts";
import type { Facts } from "../habits.ts";
import type { Saved } from "../interface.ts";
import { saltIn, successorOf } from "../renewal.ts";
import { fill } from "../session.ts";
import { type Loaded, type SessionState, stateOf } from "../state.ts";
import { UNCHANGED, answer, answerEnd, factsOf } from "./kind.ts";
import type { SavingKind } from "./stored.ts";
import { Lane, Moved, type Spot, type Swapped } from "./lanes.ts";
import type { SwapRules, Wish } from "./rebase.ts";

/** More ids than this are not tried for a new session: they do not collide by chance. */
const MAX_IDS = 3;
/** So often a record that others change meanwhile is looked at before it is removed as it is. */
const MAX_REMOVALS = 16;
const NOTHING = new Uint8Array(0);
/** What is left under an id that is dead: nothing. */
const REMOVED: Entry = { value: NOTHING, expiresAt: 0 };

/** Removes the record, and the cookie. */
export async function end(kind: SavingKind, state: SessionState): Promise<Saved> {
  const { loaded } = state;
  const tries = loaded ? await remove(kind, state.formerId ?? state.id, loaded) : 0;
  state.forget();
  return answerEnd(kind, state, { result: "ended", conflicts: [], tries });
}

/** Where ids renew themselves, a record may have moved: then it is removed where it is by now. */
async function remove(kind: SavingKind, id: string, { bytes }: Loaded): Promise<number> {
  const key = kind.ids.keyOf(id);
  let before = bytes;
  for (let tries = 1; renews(kind) && tries < MAX_REMOVALS; tries++) {
    const updated = await kind.store.update(key, { before, value: NOTHING, expiresAt: 0 });
    if (updated.done || !updated.current) return tries;
    before = updated.current.value;
    const salt = rulesFor(kind, key).saltIn?.(before);
    if (salt !== undefined) return tries + (await remove(kind, successorOf(id, salt), { bytes: before, expiresAt: 0 }));
  }
  await kind.store.delete(key);
  return 1;
}

function renews({ renewal }: SavingKind): boolean {
  return renewal !== undefined && Number.isFinite(renewal.every);
}

/** Adds the record of a new session. */
export async function create(kind: SavingKind, state: SessionState, draft: Draft): Promise<Saved> {
  const { plan, expiresAt, cookieExpiresAt } = deadlines(kind, state, draft);
  if (!plan.write) return answer(kind, state, UNCHANGED);
  state.assertReachable();
  if (state.ended) state.id = kind.ids.create();
  const tries = await add(kind, state, { value: draft.bytes, expiresAt });
  state.keep({ bytes: draft.bytes, expiresAt });
  const line = plan.cookie ? cookieLine(kind, state, cookieExpiresAt) : undefined;
  return answer(kind, state, { result: "saved", conflicts: [], tries }, line);
}

/** Adds a record under the session's id, or under another one when that is taken, and tells how many it took. */
async function add(kind: SavingKind, state: SessionState, entry: Entry): Promise<number> {
  for (let tries = 1; tries <= MAX_IDS; tries++) {
    if (await kind.store.create(kind.ids.keyOf(state.id), entry)) return tries;
    state.id = kind.ids.create();
  }
  throw new SessionError("STORE", "new session ids are taken already; their source repeats itself");
}

/**
 * Puts the data under the new id and ends the old one. First the new record, so that a failure on the way leaves the
 * session as it was; then the old one ends, if it is unchanged.
 */
export async function replace(kind: SavingKind, session: object, loaded: Loaded, draft: Draft): Promise<Saved> {
  const state = stateOf(session);
  state.assertReachable();
  const former = state.formerId ?? "";
  const from = kind.ids.keyOf(former);
  const { expiresAt, cookieExpiresAt, deadline } = deadlines(kind, state, draft);
  await add(kind, state, { value: draft.bytes, expiresAt });
  const to = kind.ids.keyOf(state.id);
  try {
    const swapped = await move(kind, state, { from, to, loaded, draft, deadline, farewell: REMOVED });
    if (!swapped) throw gone(from);
    state.formerId = undefined;
    const line = cookieLine(kind, state, cookieExpiresAt);
    return conclude(kind, session, { swapped, deadline, line, written: true });
  } catch (error) {
    await kind.store.delete(to).catch(() => false);
    if (!(error instanceof Moved)) throw error;
    state.formerId = successorOf(former, error.salt);
    return replace(kind, session, loaded, draft);
  }
}

function gone(key: string): SessionError {
  report({ type: "gone" }, key);
  return new SessionError("GONE", "the session ended elsewhere, so it got no new id");
}

/** The two records of a session that gets a new id. */
export interface Move {
  from: string;
  to: string;
  loaded: Loaded;
  /** What stands under the new id already. */
  draft: Draft;
  deadline: Wish["deadline"];
  /** What is left under the old id. */
  farewell: Entry;
}

/**
 * Ends the old record; what another request had changed in it until then goes to the new one. `undefined`: there was none
 * any more.
 */
export function move(
  kind: SavingKind,
  state: SessionState,
  { from, to, loaded, draft, deadline, farewell }: Move,
): Promise<Swapped | undefined> {
  let written = draft.bytes;
  const spot: Spot = {
    leaves: farewell.value,
    async write(value, before) {
      if (!sameBytes(value, written)) {
        await kind.store.update(to, { before: written, value, expiresAt: deadline(value) });
      }
      written = value;
      return kind.store.update(from, { before, ...farewell });
    },
    // Whether nothing is there because it was removed, or had ended before, nobody can tell.
    ...(farewell !== REMOVED && { read: () => kind.store.read(from) }),
  };
  return new Lane(rulesFor(kind, from), spot).save({ state, loaded, draft, deadline });
}

/**
 * Saves a session that lives on: its data where that changed, else its deadline when that is due. `standing`: what is in the
 * store, where that is known to be other than what was loaded.
 */
export async function change(
  kind: SavingKind,
  session: object,
  loaded: Loaded,
  draft: Draft | undefined,
  standing?: Uint8Array,
): Promise<Saved> {
  const state = stateOf(session);
  const { plan, cookieExpiresAt, deadline } = deadlines(kind, state, draft);
  const line = plan.cookie ? cookieLine(kind, state, cookieExpiresAt) : undefined;
  if (!plan.write) return answer(kind, state, UNCHANGED, line);
  const writes = draft !== undefined && (draft.modified || kind.habits.rewrites);
  const present = writes ? draft : { data: new Map(), bytes: loaded.bytes, modified: false };
  const key = kind.ids.keyOf(state.id);
  const wish = { state, loaded, standing, draft: present, deadline };
  const spot = spotOf(kind, key);
  try {
    const swapped = await kind.lanes.save(wish, rulesFor(kind, key), spot);
    if (!swapped) return isGone(kind, state, key);
    return conclude(kind, session, { swapped, deadline, line, written: writes && draft.modified });
  } catch (error) {
    if (!(error instanceof Moved)) throw error;
    state.follow(error.salt);
    return change(kind, session, loaded, draft);
  }
}

/** The record of a session. Where ids renew themselves a deadline is moved by a swap too: it may be a signpost's. */
function spotOf(kind: SavingKind, key: string): Spot {
  return {
    write: (value, before, expiresAt) => kind.store.update(key, { expiresAt, before, value }),
    read: () => kind.store.read(key),
    ...(!renews(kind) && { touch: (expiresAt) => kind.store.update(key, { expiresAt }) }),
  };
}

/** The answer to a change that came too late: the session has ended elsewhere. */
export function isGone(kind: SavingKind, state: SessionState, key: string): Saved {
  report({ type: "gone" }, key);
  return answer(kind, state, { result: "gone", conflicts: [], tries: 1 });
}

interface Conclusion {
  swapped: Swapped;
  deadline: Wish["deadline"];
  line: string | undefined;
  /** Whether the data was to be written, and not the deadline alone. */
  written: boolean;
}

/** Notes what was saved, and answers. */
export function conclude(kind: SavingKind, session: object, { swapped, deadline, line, written }: Conclusion): Saved {
  const { bytes, merged, conflicts, tries } = swapped;
  const state = stateOf(session);
  state.keep({ bytes, expiresAt: deadline(bytes) });
  if (merged) fill(session, kind.codec.decode(bytes) ?? new Map());
  const result = written ? (merged ? "merged" : "saved") : "unchanged";
  return answer(kind, state, { result, conflicts, tries }, line);
}

/** When a session that is saved now ends, in the store and in the browser, and what has to be done for it. */
export function deadlines(kind: SavingKind, state: SessionState, draft: Draft | undefined) {
  const facts = factsOf(state, draft, kind.clock.now());
  const mine = draft?.bytes ?? state.loaded?.bytes ?? NOTHING;
  const expiresAt = kind.habits.deadline(facts);
  const after = (bytes: Uint8Array) => kind.habits.deadline({ ...facts, permanent: isPermanent(kind, bytes, facts) });
  return {
    plan: kind.habits.plan(facts),
    expiresAt,
    cookieExpiresAt: kind.habits.cookieExpiresAt(facts),
    deadline: (bytes: Uint8Array) => (sameBytes(bytes, mine) ? expiresAt : after(bytes)),
  };
}

/** Whether a record is permanent; where nobody can read it, what this request knew. */
function isPermanent({ codec }: SavingKind, bytes: Uint8Array, { permanent }: Facts): boolean {
  try {
    return codec.decode(bytes)?.get("_permanent") === true;
  } catch {
    return permanent;
  }
}

/** The field that gives the browser the session's id. */
export function cookieLine(kind: SavingKind, state: SessionState, expiresAt: number | undefined): string {
  return kind.cookie.write(state.request, kind.token.write(state.id), expiresAt);
}

/** How changes of a record are merged. */
export function rulesFor(kind: SavingKind, key: string): SwapRules {
  const { clock, codec, onConflict, renewal } = kind;
  return { clock, codec, onConflict, key, ...(renewal && { saltIn: (bytes) => saltOf(codec, bytes) }) };
}

function saltOf(codec: Codec, bytes: Uint8Array): string | undefined {
  try {
    const data = codec.decode(bytes);
    return data && saltIn(data);
  } catch {
    // Whoever merges it says what is wrong with it.
    return undefined;
  }
}
