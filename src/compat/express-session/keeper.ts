import { ask, isAbsence } from "../../connect-store.ts";
import { queueOf } from "../../queue.ts";

/** A session, as far as it can be kept. */
export interface Kept {
  readonly id: string;
}

/** Where a session belongs. */
export interface Home {
  sessionStore?: unknown;
}

interface Rebuilding {
  createSession(request: Home, record: unknown): unknown;
}

/** How long a store may take for one answer, in milliseconds. Whoever waits for the same session gets on then. */
const PATIENCE = 10_000;

/** Does what the sessions of a request are asked for. What concerns one session is done one after the other. */
export class Keeper<Session extends Kept = Kept> {
  protected readonly request: Home;

  constructor(request: Home) {
    this.request = request;
  }

  async save(session: Session): Promise<void> {
    await this.inTurn(session, () => this.ask("set", session.id, session));
  }

  async destroy(session: Kept): Promise<void> {
    await this.inTurn(session, () => this.ask("destroy", session.id));
  }

  async regenerate(session: Kept): Promise<void> {
    await this.inTurn(session, () => this.ask("regenerate", this.request));
  }

  async reload(session: Kept): Promise<void> {
    const found = await this.find(session.id);
    if (!found) throw new Error("failed to load session");
    this.rebuild(found);
  }

  /** Puts into the request what is stored. */
  protected rebuild(found: unknown): void {
    (this.store as Rebuilding).createSession(this.request, found);
  }

  /** What is stored for an id. */
  protected find(id: string): Promise<unknown> {
    return this.ask("get", id).catch((error: unknown) => {
      if (!isAbsence(error)) throw error;
    });
  }

  protected inTurn<T>({ id }: Kept, act: () => Promise<T>): Promise<T> {
    return queueOf(this.store).take(id, act);
  }

  protected async ask(method: string, ...args: unknown[]): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`the session store gave no answer in ${PATIENCE} ms`)), PATIENCE);
    });
    try {
      return await Promise.race([ask(this.store, method, ...args), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  protected get store(): object {
    return this.request.sessionStore as object;
  }
}

const keepers = new WeakMap<object, Keeper<never>>();

/** Has a keeper do what the sessions of a request are asked for. */
export function setKeeper(request: object, keeper: Keeper<never>): void {
  keepers.set(request, keeper);
}

/** Who does it; the store alone where nobody was set, as for a session that `store.load` gave. */
export function keeperOf(request: Home): Keeper {
  return keepers.get(request) ?? new Keeper(request);
}
