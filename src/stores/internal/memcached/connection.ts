import { type Socket, connect, isIP } from "node:net";
import { type ConnectionOptions, connect as connectSecurely } from "node:tls";
import { type Reply, ReplyReader } from "./replies.ts";

/** Where a server is, and how it is spoken to. */
export interface Address {
  /** `host:port`, for errors and for the keys that it gets. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: ConnectionOptions | undefined;
  readonly auth: { readonly user: string; readonly password: string } | undefined;
  /** The longest silence while an answer is due, in milliseconds. */
  readonly patience: number;
}

/** What memcached adds to the bytes of an item: 59 in 1.6.18, and some to spare for versions to come. */
const ITEM_OVERHEAD = 72;

/** A question, and the replies to it so far. */
interface Question {
  readonly replies: Reply[];
  /** Whether a reply to it is the last one. */
  readonly isLast: (reply: Reply, count: number) => boolean;
  resolve(replies: Reply[]): void;
  reject(error: Error): void;
}

/**
 * One connection from its beginning to its end. Questions go out as they are asked, and are answered in that order.
 *
 * When it breaks, every question that is not answered rejects, and so does each later one. It lets the process end
 * while no answer is due.
 */
export class Connection {
  readonly #address: Address;
  readonly #socket: Socket;
  readonly #reader = new ReplyReader();
  readonly #open: Question[] = [];
  readonly #silence: NodeJS.Timeout;
  readonly #ended: () => void;
  #failure: Error | undefined;
  #largest = 0;

  /** Resolves once the server is known to do what is needed. `ended` is called when the connection is of no more use. */
  static async open(address: Address, ended: () => void): Promise<Connection> {
    const connection = new Connection(address, ended);
    try {
      await connection.#greet();
      return connection;
    } catch (error) {
      connection.end(error);
      throw connection.#failure;
    }
  }

  private constructor(address: Address, ended: () => void) {
    this.#address = address;
    this.#ended = ended;
    this.#silence = setTimeout(() => this.#onSilence(), address.patience).unref();
    this.#socket = socketTo(address)
      .setNoDelay()
      .on("data", (piece) => this.#hear(piece))
      .on("error", (error) => this.end(error))
      .on("close", () => this.end(new Error("the connection was closed")));
  }

  /** Asks for so many replies. Refusals are replies; a question that was not understood ends the connection. */
  ask(question: string | Uint8Array, count: number): Promise<Reply[]> {
    return this.#ask(question, (_, replies) => replies === count);
  }

  /**
   * Throws if the server would not take so large an item. It has to be known before: memcached drops what stands under
   * the key when it refuses a larger one, even where that was to be added, or swapped for something else.
   */
  checkSize(key: string, size: number): void {
    const whole = size + key.length + ITEM_OVERHEAD;
    if (whole > this.#largest) throw this.fault(`an item of ${whole} bytes is over its limit of ${this.#largest}`);
  }

  /** An error that says at which server. */
  fault(what: string, options?: ErrorOptions): Error {
    return new Error(`memcached at ${this.#address.name}: ${what}`, options);
  }

  /** Ends it, and what was asked and not answered. Only the first error counts. */
  end(error: unknown): void {
    if (this.#failure) return;
    this.#failure = this.fault(error instanceof Error ? error.message : String(error), { cause: error });
    clearTimeout(this.#silence);
    this.#socket.destroy();
    this.#ended();
    for (const { reject } of this.#open.splice(0)) reject(this.#failure);
  }

  async #greet(): Promise<void> {
    const { tls, auth } = this.#address;
    // A password is sent to nobody whose certificate has not been looked at.
    this.#socket.once(tls ? "secureConnect" : "connect", () => this.#open.shift()?.resolve([]));
    await this.#expect(() => false);
    if (auth) {
      const login = Buffer.from(`${auth.user} ${auth.password}`);
      await this.ask(Buffer.concat([Buffer.from(`set auth 0 0 ${login.length}\r\n`), login, Buffer.from("\r\n")]), 1);
    }
    // Only a server that knows meta commands says MN: to an older one a value would be a line of commands.
    const replies = await this.#ask("stats settings\r\nmn\r\n", ({ status }) => status === "MN");
    const settings = new Map(replies.map(({ words: [name, value] }) => [name, value]));
    if (settings.get("cas_enabled") === "no") throw new Error("it runs without CAS; start it without -C");
    this.#largest = Number(settings.get("item_size_max"));
    if (!(this.#largest > 0)) throw new Error("it does not tell its largest item");
  }

  #ask(question: string | Uint8Array, isLast: Question["isLast"]): Promise<Reply[]> {
    const answer = this.#expect(isLast);
    if (!this.#failure) this.#socket.write(question);
    return answer;
  }

  #expect(isLast: Question["isLast"]): Promise<Reply[]> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      if (this.#open.length === 0) {
        this.#socket.ref();
        this.#silence.refresh();
      }
      this.#open.push({ replies: [], isLast, resolve, reject });
    });
  }

  #hear(piece: Buffer): void {
    this.#silence.refresh();
    try {
      for (const reply of this.#reader.read(piece)) this.#answer(reply);
    } catch (error) {
      this.end(error);
    }
    if (this.#open.length === 0) this.#socket.unref();
  }

  #answer(reply: Reply): void {
    const { status, words } = reply;
    const [question] = this.#open;
    // What was not understood may have had a value, which is read as commands then: so there is nothing more to be said.
    if (!question || status === "ERROR" || status === "CLIENT_ERROR") throw new Error([status, ...words].join(" "));
    const count = question.replies.push(reply);
    if (question.isLast(reply, count)) this.#open.shift()?.resolve(question.replies);
  }

  #onSilence(): void {
    if (this.#open.length > 0) this.end(new Error(`no answer within ${this.#address.patience / 1000} s`));
  }
}

function socketTo({ host, port, tls }: Address): Socket {
  if (!tls) return connect({ host, port });
  // The name of a server in TLS cannot be an address (RFC 6066 section 3).
  return connectSecurely({ ...(isIP(host) === 0 && { servername: host }), ...tls, host, port });
}
