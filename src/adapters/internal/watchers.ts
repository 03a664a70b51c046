/** Finds out when sessions end whose connections live on: all connections of a session share one look at it. */
import type { SessionInterface } from "../../core/interface.ts";
import type { Session } from "../../core/session.ts";
import { report } from "../../events.ts";

/** A connection that is to be told of the end of its session. */
export interface Watcher<T extends object> {
  /** As it was last seen. */
  readonly last: Session<T>;
  /** Reads it again. `undefined`: it has ended. */
  reopen(): Promise<Session<T> | undefined>;
  /** Called when it has another id, which everybody who has the former may follow. */
  moved(session: Session<T>): void;
  /** Called once. */
  ended(): void;
}

/** The watchers of sessions that are looked at every so many seconds, and whenever something is told. */
export class Watchers<T extends object> {
  readonly #sessions: SessionInterface<T>;
  readonly #seconds: number;
  readonly #groups = new Map<unknown, Group<T>>();
  readonly #places = new Map<Watcher<T>, Group<T>>();

  constructor(sessions: SessionInterface<T>, seconds: number) {
    this.#sessions = sessions;
    this.#seconds = seconds;
  }

  join(watcher: Watcher<T>): void {
    if (!this.#places.has(watcher)) this.#place(watcher, watcher.last);
  }

  leave(watcher: Watcher<T>): void {
    const group = this.#places.get(watcher);
    this.#places.delete(watcher);
    group?.watchers.delete(watcher);
    if (group?.watchers.size === 0) this.#end(group);
  }

  #place(watcher: Watcher<T>, session: Session<T>): void {
    // A session that lives in its cookie has no id by which another connection knew it.
    const name = session.id === "" ? watcher : session.id;
    const group = this.#groups.get(name) ?? this.#begin(name, session);
    group.watchers.add(watcher);
    this.#places.set(watcher, group);
  }

  #begin(name: unknown, session: Session<T>): Group<T> {
    const { watch } = this.#sessions;
    const group = new Group(name, session, this.#seconds, {
      watch: (changed) => watch?.(session, changed),
      moved: (found) => this.#move(group, found),
    });
    this.#groups.set(name, group);
    return group;
  }

  #end(group: Group<T>): void {
    group.close();
    if (this.#groups.get(group.name) === group) this.#groups.delete(group.name);
  }

  #follow(watcher: Watcher<T>, session: Session<T>): void {
    watcher.moved(session);
    this.#place(watcher, session);
  }

  /** `found`: the session by another id; absent when it has ended. */
  #move(group: Group<T>, found: Session<T> | undefined): void {
    for (const watcher of group.watchers) {
      this.leave(watcher);
      if (found) this.#follow(watcher, found);
      else watcher.ended();
    }
  }
}

/** What a group is told of its session, and tells. */
interface Surroundings<T extends object> {
  watch(changed: () => void): (() => void) | undefined;
  moved(found: Session<T> | undefined): void;
}

/** The watchers of one session. */
class Group<T extends object> {
  readonly name: unknown;
  readonly watchers = new Set<Watcher<T>>();
  readonly #session: Session<T>;
  readonly #seconds: number;
  readonly #moved: Surroundings<T>["moved"];
  readonly #unwatch: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  /** Whether something was told since the look that is under way began. */
  #isToldMore = false;
  #isClosed = false;

  constructor(name: unknown, session: Session<T>, seconds: number, { watch, moved }: Surroundings<T>) {
    this.name = name;
    this.#session = session;
    this.#seconds = seconds;
    this.#moved = moved;
    this.#unwatch = watch(() => void this.#look());
    this.#wait();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#unwatch?.();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    // An open connection keeps a process alive by itself.
    this.#timer = setTimeout(() => void this.#look(), this.#seconds * 1000).unref();
  }

  async #look(): Promise<void> {
    this.#isToldMore = this.#isLooking;
    if (this.#isLooking) return;
    this.#isLooking = true;
    await this.#lookOnce();
    this.#isLooking = false;
    if (this.#isClosed) return;
    if (this.#isToldMore) return this.#look();
    this.#wait();
  }

  /** A store that does not answer has not said that the session ended. */
  async #lookOnce(): Promise<void> {
    const [watcher] = this.watchers;
    try {
      const found = await watcher?.reopen();
      if (!this.#isClosed && found?.id !== this.#session.id) this.#moved(found);
    } catch (error) {
      report({ type: "failed", error });
    }
  }
}
