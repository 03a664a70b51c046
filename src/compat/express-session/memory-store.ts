import type { Callback } from "../../connect-store.ts";
import { callable } from "./callable.ts";
import type { SessionData } from "./session.ts";
import { type SessionRecord, Store } from "./store.ts";

class ProcessStore extends Store {
  /** The sessions as JSON, by their ids. */
  declare sessions: Record<string, string>;

  constructor() {
    super();
    this.sessions = emptied();
  }

  override get(id: string, callback: Callback): void {
    later(callback, liveIn(this.sessions, id));
  }

  override set(id: string, session: SessionData, callback?: Callback): void {
    this.sessions[id] = JSON.stringify(session);
    later(callback);
  }

  override touch(id: string, { cookie }: SessionData, callback?: Callback): void {
    const found = liveIn(this.sessions, id);
    if (found) this.sessions[id] = JSON.stringify({ ...found, cookie });
    later(callback);
  }

  override destroy(id: string, callback?: Callback): void {
    delete this.sessions[id];
    later(callback);
  }

  /** By their ids. */
  override all(callback: Callback): void {
    const found = Object.keys(this.sessions).map((id) => [id, liveIn(this.sessions, id)] as const);
    later(callback, Object.assign(emptied(), Object.fromEntries(found.filter(([, session]) => session))));
  }

  override length(callback: Callback): void {
    this.all((error, sessions) => callback(error, Object.keys(sessions as object).length));
  }

  override clear(callback?: Callback): void {
    this.sessions = emptied();
    later(callback);
  }
}

/** What has expired is forgotten when somebody asks for it. */
function liveIn(sessions: Record<string, string>, id: string): SessionRecord | undefined {
  const text = sessions[id];
  if (text === undefined) return undefined;
  const session = JSON.parse(text) as SessionRecord & { cookie?: { expires?: string | null } };
  const { expires } = session.cookie ?? {};
  if (!expires || Date.now() < Date.parse(expires)) return session;
  delete sessions[id];
  return undefined;
}

function emptied(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

function later(callback: Callback | undefined, answer?: unknown): void {
  if (callback) setImmediate(callback, null, answer);
}

/** Keeps sessions in this process: for development and for tests. It forgets nothing that has no `maxAge`. */
export const MemoryStore = callable(ProcessStore, "MemoryStore");
export type MemoryStore = ProcessStore;
