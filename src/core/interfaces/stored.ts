import { SessionError } from "../../errors.ts";
import { report } from "../../events.ts";
import { draftOf } from "../draft.ts";
import type { Ids } from "../id.ts";
import type { Saved, SessionInterface } from "../interface.ts";
import type { OnConflict } from "../merge.ts";
import { LEASE_KEY, checkedLock } from "../lease.ts";
import type { OnStoreError } from "../options.ts";
import { type Renewal, isRenewalDue, noteRenewal } from "../renewal.ts";
import { createSession, dataOf, fill } from "../session.ts";
import { SessionState, stateOf } from "../state.ts";
import { type Changes, observed } from "../changes.ts";
import type { Durable, Store, Watchable } from "../../store.ts";
import { type Kind, UNCHANGED, answer, begin, endsEmpty, rulesOf } from "./kind.ts";
import { adopt, bury } from "./stored-adopt.ts";
import { type Live, findLive } from "./stored-load.ts";
import { findAgain, watchRecord } from "./stored-watch.ts";
import { lockSession } from "./stored-lock.ts";
import { confirmRenewal, renew } from "./stored-renew.ts";
import { change, create, end, replace } from "./stored-write.ts";
import { Lanes } from "./lanes.ts";

/** What a cookie's text was found to name. */
export interface Token {
  id: string;
  /** Whether the current key signed it. */
  current: boolean;
}

/** What a stored kind of session is made of. */
export interface StoredKind extends Kind {
  /** Answers in time and fails with `STORE`: see `guarded`. */
  store: Store & Partial<Durable & Watchable>;
  ids: Ids;
  token: {
    /** What the cookie carries for an id. */
    write(id: string): string;
    /** `undefined` for a text that names no id of ours. */
    read(text: string): Token | undefined;
  };
  onConflict: OnConflict;
  /** Default: `fail`. */
  onStoreError?: OnStoreError;
  /** Absent where records have no room for anything of ours, such as that they moved, or are locked (Flask's). */
  renewal?: Renewal;
}

/** A kind with the saves of it that are under way, and those who hear of them. */
export interface SavingKind extends StoredKind {
  readonly lanes: Lanes;
  readonly changes: Changes;
}

/** Sessions whose data is in a store, under an id that the cookie carries. */
export function stored(made: StoredKind): SessionInterface<Record<string, unknown>> {
  const kind: SavingKind = { ...made, ...observed(made.store, made.clock), lanes: new Lanes() };
  const rules = rulesOf(kind, {
    createId: () => kind.ids.create(),
    swaps: () => kind.store.capabilities?.swap !== false,
  });
  const sessions: SessionInterface<Record<string, unknown>> = {
    async open(request) {
      const values = kind.cookie.read(request);
      const state = new SessionState(rules, request);
      state.presented = values.length > 0;
      const live =
        values.length > 0 ? await findLive(kind, values).catch((error) => goWithout(kind, state, error)) : [];
      state.ambiguous = live.length > 1;
      const [only] = live;
      return only && live.length === 1 ? resume(kind, state, only) : begin(kind, state);
    },
    save: async (session) => confirmed(kind, session, await save(kind, session)),
    ...(kind.renewal && {
      lock: (session, lock = {}) => lockSession(kind, session, checkedLock(lock)),
      adoption: {
        async adopt(request, former, until) {
          const state = new SessionState(rules, request);
          const live = await adopt(kind, former, until).catch((error) => goWithout(kind, state, error)[0]);
          return live ? resume(kind, state, live) : begin(kind, state);
        },
        bury: (session, formers, until) => bury(kind, session, formers, until),
      },
    }),
    async reopen(session) {
      const { request, loaded } = stateOf(session);
      if (!loaded) return sessions.open(request);
      const live = await findAgain(kind, stateOf(session));
      return live && resume(kind, new SessionState(rules, request), live);
    },
    watch: (session, changed) => watchRecord(kind, session, changed),
  };
  return sessions;
}

/** Notes an outage with which a request is to go on, without its session. */
function goWithout({ onStoreError }: StoredKind, state: SessionState, error: unknown): never[] {
  if (onStoreError !== "anonymous" || !(error instanceof SessionError)) throw error;
  report({ type: "failed", error });
  state.outage = error;
  return [];
}

function resume(kind: StoredKind, state: SessionState, { id, current, followed, data, loaded }: Live) {
  const session = createSession(state);
  state.id = id;
  state.followed = followed;
  state.loaded = loaded;
  state.staleCookie = !current;
  state.createdAt = kind.habits.createdAt(data);
  fill(session, data);
  return session;
}

/** Asks a store that can tell whether what was written is there to stay. */
async function confirmed({ store, ids }: StoredKind, session: object, saved: Saved): Promise<Saved> {
  if (!store.confirm || saved.tries === 0 || saved.result === "gone") return saved;
  return { ...saved, durable: await store.confirm(ids.keyOf(stateOf(session).id)) };
}

async function save(kind: SavingKind, session: object): Promise<Saved> {
  const state = stateOf(session);
  if (state.outage) return saveWithout(kind, session, state.outage);
  if (state.destroyed) return end(kind, state);
  if (state.failed && !kind.habits.savesFailed) return saveFailed(kind, session);
  const looked = state.accessed || kind.habits.rewrites || state.lease !== undefined;
  if (looked) await keepRenewal(kind, state);
  state.release();
  const draft = looked ? draftOf(session, kind.codec) : undefined;
  if (draft && kind.habits.isEmpty(draft.data)) {
    return endsEmpty(state, draft) ? end(kind, state) : answer(kind, state, UNCHANGED);
  }
  if (!state.loaded) return draft ? create(kind, state, draft) : answer(kind, state, UNCHANGED);
  if (!draft) return change(kind, session, state.loaded, draft);
  if (state.formerId !== undefined) return replace(kind, session, state.loaded, draft);
  return isDue(kind, state) ? renew(kind, session, state.loaded, draft) : change(kind, session, state.loaded, draft);
}

/** An id that was asked for begins its time; one that the browser was given by itself and has shown ends the former. */
async function keepRenewal(kind: SavingKind, state: SessionState): Promise<void> {
  if (!kind.renewal) return;
  if (state.formerId === undefined) await confirmRenewal(kind, state);
  else if (Number.isFinite(kind.renewal.every)) noteRenewal(state.hidden, kind.clock.now());
}

function isDue({ renewal, clock }: SavingKind, state: SessionState): boolean {
  if (!renewal || state.late) return false;
  const now = clock.now();
  return isRenewalDue(renewal, state.hidden, state.createdAt ?? now, now);
}

/** Whose session could not be read cannot have it changed: neither record nor cookie is touched. */
function saveWithout(kind: SavingKind, session: object, outage: SessionError): Saved {
  const state = stateOf(session);
  const changed = state.modified === true || !kind.habits.isEmpty(dataOf(session));
  if (changed && !state.failed) throw outage;
  return answer(kind, state, UNCHANGED);
}

/** A handler that threw saves nothing but the new id that it had asked for, and gives back a session that it had locked. */
function saveFailed(kind: SavingKind, session: object): Promise<Saved> | Saved {
  const state = stateOf(session);
  const { loaded, lease } = state;
  const data = loaded && kind.codec.decode(loaded.bytes);
  if (!loaded || !data || (state.formerId === undefined && !lease)) return answer(kind, state, UNCHANGED);
  data.delete(LEASE_KEY);
  const draft = { data, bytes: lease ? kind.codec.encode(data) : loaded.bytes, modified: lease !== undefined };
  return state.formerId === undefined ? change(kind, session, loaded, draft) : replace(kind, session, loaded, draft);
}
