import { type Address, Connection } from "./connection.ts";

/** One server: connected to when it is needed, and again by the next need when the connection broke. */
export class Server {
  readonly name: string;
  readonly #address: Address;
  #current: Promise<Connection> | undefined;
  #closed = false;

  constructor(address: Address) {
    this.name = address.name;
    this.#address = address;
  }

  /** The connection that stands, or a new one. */
  connection(): Promise<Connection> {
    if (this.#closed) return Promise.reject(new Error(`memcached at ${this.name}: the client was closed`));
    this.#current ??= this.#connect();
    return this.#current;
  }

  /** Ends the connection for good. */
  close(): void {
    this.#closed = true;
    this.#current?.then(
      (connection) => connection.end(new Error("the client was closed")),
      () => undefined,
    );
  }

  #connect(): Promise<Connection> {
    const connecting = Connection.open(this.#address, () => {
      if (this.#current === connecting) this.#current = undefined;
    });
    return connecting;
  }
}
