import { MergingStore } from "../../../compat/express-session/as-express-store.ts";
import { Keeper, type Kept } from "../../../compat/express-session/keeper.ts";
import {
  type Snapshot,
  type Version,
  isSame,
  merge,
  snapshotOf,
  versionOf,
} from "../../../compat/express-session/merge.ts";
import type { Session, SessionData, SessionRequest } from "../../../compat/express-session/session.ts";
import type { SessionRecord } from "../../../compat/express-session/store.ts";
import { isAbsence } from "../../../connect-store.ts";
import type { Outcome } from "../../../core/interface.ts";
import { report } from "../../../events.ts";
import type { Checked } from "./options.ts";

/** A session that is in a request. */
export type Current = Session & Partial<SessionData>;

/** What was done for a session at the end of a request. */
export type Result = Outcome["result"];

interface State {
  readonly id: unknown;
  readonly data: Snapshot;
}

/** Keeps the session of one request: knows what was loaded and what has been written of it. */
export class RequestKeeper extends Keeper<Current> {
  readonly #request: SessionRequest;
  readonly #options: Checked;
  /** The id that the browser sent. */
  readonly #sentId: string | undefined;
  /** As the session was before the handler. */
  #begun: State | undefined;
  /** As it last counted as written. */
  #saved: State | undefined;
  /** What this request knows to be stored under an id: of that id it writes no more than it has changed. */
  #stored: { id: string; version: Version } | undefined;
  /** An id that has ended in this request, or elsewhere. */
  #ended: unknown;
  /** What the program has asked for, and perhaps waits for itself. */
  #pending: Promise<void> | undefined;
  #isTouched = false;

  constructor(request: SessionRequest, options: Checked, sentId: string | undefined) {
    super(request);
    this.#request = request;
    this.#options = options;
    this.#sentId = sentId;
  }

  /** Puts the stored session into the request, or a new one. */
  async load(): Promise<void> {
    const found = this.#sentId === undefined ? undefined : await this.find(this.#sentId);
    if (!found) return this.begin();
    this.rebuild(found);
    const session = this.#session as Current;
    this.#begun = { id: session.id, data: snapshotOf(session) };
  }

  /** Puts a new session into the request. */
  begin(): void {
    (this.store as { generate(request: SessionRequest): void }).generate(this.#request);
    const session = this.#session as Current;
    this.#begun = { id: session.id, data: snapshotOf(session) };
  }

  protected override rebuild(found: unknown): void {
    super.rebuild(found);
    const session = this.#session as Current;
    const version = versionOf(session);
    this.#stored = { id: session.id, version };
    if (!this.#options.resave) this.#saved = { id: session.id, data: version.data };
  }

  override save(session: Current): Promise<void> {
    return this.#follow(this.#write(session).then(() => undefined));
  }

  override destroy(session: Kept): Promise<void> {
    this.#ended = session.id;
    return this.#follow(super.destroy(session));
  }

  /** What was stored is gone, also where the program gives the same id again. */
  override regenerate(session: Kept): Promise<void> {
    [this.#stored, this.#saved] = [undefined, undefined];
    return this.#follow(super.regenerate(session));
  }

  /** Whether something that the program asked for is not done yet. */
  get isBusy(): boolean {
    return this.#pending !== undefined;
  }

  /** Waits for what the program has asked for, however that went. */
  async settled(): Promise<void> {
    while (this.#pending) await this.#pending;
  }

  #follow(work: Promise<void>): Promise<void> {
    const settled: Promise<void> = work
      .catch(() => undefined)
      .then(() => {
        if (this.#pending === settled) this.#pending = undefined;
      });
    this.#pending = settled;
    return work;
  }

  /** Whether the session was taken out of the request, which is to end it. */
  get isUnset(): boolean {
    const { session, sessionID } = this.#request;
    return this.#options.destroysUnset && !session && Boolean(sessionID) && sessionID !== this.#ended;
  }

  /** Whether the session is another than the one that the request began with, or holds something else. */
  isModified(session: Current): boolean {
    return this.#begun?.id !== session.id || !isSame(this.#begun.data, snapshotOf(session));
  }

  /** Whether the browser has the id already. */
  get isKnown(): boolean {
    return this.#sentId === this.#request.sessionID;
  }

  /** Does at the end of a request, or of its head, what is left to be done. */
  async finish(session: Current): Promise<Result> {
    if (this.#isDue(session)) {
      this.#isTouched = true;
      return this.#write(session);
    }
    if (session.id === this.#ended) return "gone";
    const isTouched = this.isKnown && !this.#isTouched && "touch" in this.store;
    return isTouched ? this.#touch(session) : "unchanged";
  }

  get #session(): Current | null | undefined {
    return this.#request.session;
  }

  #isDue(session: Current): boolean {
    const isUninitialized = !this.#options.saveUninitialized && !this.#saved && !this.isKnown;
    return isUninitialized ? this.isModified(session) : !this.#isSaved(session);
  }

  #isSaved(session: Current): boolean {
    return this.#saved?.id === session.id && isSame(this.#saved.data, snapshotOf(session));
  }

  async #write(session: Current): Promise<Result> {
    const version = versionOf(session);
    const result = await this.inTurn(session, () => this.#put(session));
    this.#saved = { id: session.id, data: version.data };
    if (result === "gone") return this.#end(session);
    this.#stored = { id: session.id, version };
    return result;
  }

  async #put(session: Current): Promise<Result> {
    const base = this.#stored?.id === session.id ? this.#stored.version : undefined;
    if (this.store instanceof MergingStore)
      return (await this.ask("set", session.id, session)) === false ? "gone" : "saved";
    if (!this.#options.merges || !base) return this.#set(session.id, session, "saved");
    const theirs = await this.find(session.id);
    if (!theirs) return "gone";
    const merged = merge(base, session, theirs as SessionRecord);
    return merged ? this.#set(session.id, merged, "merged") : this.#set(session.id, session, "saved");
  }

  async #set(id: string, session: object, result: Result): Promise<Result> {
    await this.ask("set", id, session);
    return result;
  }

  /** A store may take a session that has ended for a fault. */
  #touch(session: Current): Promise<Result> {
    this.#isTouched = true;
    return this.inTurn(session, async () => {
      try {
        const isLive = (await this.ask("touch", session.id, session)) !== false;
        return isLive || !(this.store instanceof MergingStore) ? "unchanged" : this.#end(session);
      } catch (error) {
        if (!isAbsence(error) && (await this.find(session.id))) throw error;
        return this.#end(session);
      }
    });
  }

  #end({ id }: Current): "gone" {
    this.#ended = id;
    report({ type: "gone" }, id);
    return "gone";
  }
}
