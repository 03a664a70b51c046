import { sameBytes } from "../../crypto/bytes.ts";
import { SessionError } from "../../errors.ts";
import { report } from "../../events.ts";
import type { Entry } from "../../store.ts";
import type { Draft } from "../draft.ts";
import type { Facts } from "../habits.ts";
import type { Saved } from "../interface.ts";
import { fill } from "../session.ts";
import { type Loaded, type SessionState, stateOf } from "../state.ts";
import { UNCHANGED, answer, answerEnd, factsOf } from "./kind.ts";
import type { SavingKind } from "./stored.ts";
import { Lane, type Swapped } from "./lanes.ts";
import type { SwapRules, Wish } from "./rebase.ts";

/** More ids than this are not tried for a new session: they do not collide by chance. */
const MAX_IDS = 3;
const NOTHING = new Uint8Array(0);

/** Removes the record, and the cookie. */
export async function end(kind: SavingKind, state: SessionState): Promise<Saved> {
  const { loaded } = state;
  if (loaded) await kind.store.delete(kind.ids.keyOf(state.formerId ?? state.id));
  state.forget();
  return answerEnd(kind, state, { result: "ended", conflicts: [], tries: loaded ? 1 : 0 });
}

/** Adds the record of a new session. */
export async function create(kind: SavingKind, state: SessionState, draft: Draft): Promise<Saved> {
  const { plan, expiresAt, cookieExpiresAt } = deadlines(kind, state, draft);
  if (!plan.write) return answer(kind, state, UNCHANGED);
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
  const from = kind.ids.keyOf(state.formerId ?? "");
  const { expiresAt, cookieExpiresAt, deadline } = deadlines(kind, state, draft);
  await add(kind, state, { value: draft.bytes, expiresAt });
  const to = kind.ids.keyOf(state.id);
  const swapped = await move(kind, state, { from, to, loaded, draft, deadline }).catch(async (error: unknown) => {
    await kind.store.delete(to).catch(() => false);
    throw error;
  });
  state.formerId = undefined;
  const line = cookieLine(kind, state, cookieExpiresAt);
  return conclude(kind, session, { swapped, deadline, line, written: true });
}

interface Move {
  from: string;
  to: string;
  loaded: Loaded;
  draft: Draft;
  deadline: Wish["deadline"];
}

/** Ends the old record; what another request had changed in it until then goes to the new one. */
async function move(kind: SavingKind, state: SessionState, { from, to, loaded, draft, deadline }: Move) {
  let written = draft.bytes;
  const lane = new Lane(rulesFor(kind, from), {
    async write(value, before) {
      if (!sameBytes(value, written)) {
        await kind.store.update(to, { before: written, value, expiresAt: deadline(value) });
      }
      written = value;
      return kind.store.update(from, { before, value: NOTHING, expiresAt: 0 });
    },
  });
  const swapped = await lane.save({ state, loaded, draft, deadline });
  if (swapped) return swapped;
  report({ type: "gone" }, from);
  throw new SessionError("GONE", "the session ended elsewhere, so it got no new id");
}

/** Saves a session that lives on: its data where that changed, else its deadline when that is due. */
export async function change(
  kind: SavingKind,
  session: object,
  loaded: Loaded,
  draft: Draft | undefined,
): Promise<Saved> {
  const state = stateOf(session);
  const { plan, cookieExpiresAt, deadline } = deadlines(kind, state, draft);
  const line = plan.cookie ? cookieLine(kind, state, cookieExpiresAt) : undefined;
  if (!plan.write) return answer(kind, state, UNCHANGED, line);
  const writes = draft !== undefined && (draft.modified || kind.habits.rewrites);
  const present = writes ? draft : { data: new Map(), bytes: loaded.bytes, modified: false };
  const key = kind.ids.keyOf(state.id);
  const wish = { state, loaded, draft: present, deadline };
  const swapped = await kind.lanes.save(wish, rulesFor(kind, key), {
    write: (value, before, until) =>
      kind.store.update(key, { expiresAt: until, ...(!sameBytes(value, before) && { before, value }) }),
    read: () => kind.store.read(key),
  });
  if (swapped) return conclude(kind, session, { swapped, deadline, line, written: writes && draft.modified });
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

function conclude(kind: SavingKind, session: object, { swapped, deadline, line, written }: Conclusion): Saved {
  const { bytes, merged, conflicts, tries } = swapped;
  const state = stateOf(session);
  state.keep({ bytes, expiresAt: deadline(bytes) });
  if (merged) fill(session, kind.codec.decode(bytes) ?? new Map());
  const result = written ? (merged ? "merged" : "saved") : "unchanged";
  return answer(kind, state, { result, conflicts, tries }, line);
}

function deadlines(kind: SavingKind, state: SessionState, draft: Draft | undefined) {
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

function cookieLine(kind: SavingKind, state: SessionState, expiresAt: number | undefined): string {
  return kind.cookie.write(state.request, kind.token.write(state.id), expiresAt);
}

function rulesFor(kind: SavingKind, key: string): SwapRules {
  return { codec: kind.codec, onConflict: kind.onConflict, key };
}
