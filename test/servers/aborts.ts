/** Clients of a server that go away at any point of a request. */
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { browser } from "../../src/testing/browser.ts";
import { type Choose, oneOf } from "../proof/schedules/random.ts";
import type { ServerProcess } from "./process.ts";

/** When the client goes away: while it still asks, at once when it has, or while the server is held at a point. */
const MOMENTS = ["asking", "asked", "load", "save", "body"] as const;
type Moment = (typeof MOMENTS)[number];

/** A session that a client has, and what its aborted requests may have left of it. */
export class Visitor {
  readonly #server: ServerProcess;
  readonly #name: string;
  #cookie = "";
  /** What was found last, and what may have been saved since then. */
  readonly #possible: string[] = ["first"];
  #count = 0;

  constructor(server: ServerProcess, name: string) {
    this.#server = server;
    this.#name = name;
  }

  async begin(): Promise<void> {
    const tab = browser(this.#server.url);
    await tab.visit("/pair/first");
    this.#cookie = tab.cookies() ?? "";
  }

  /** One request that is aborted; it sets both halves of the data to the same new value. */
  async abort(choose: Choose): Promise<void> {
    const moment = oneOf(MOMENTS, choose);
    const value = `${this.#name}-${this.#count++}`;
    const point = moment === "asking" || moment === "asked" ? "" : `/${moment}/${value}`;
    const head = `GET /pair/${value}${point} HTTP/1.1\r\nHost: a\r\nCookie: ${this.#cookie}\r\n\r\n`;
    const socket = await this.#connected();
    if (moment === "asking") socket.write(head.slice(0, 1 + choose(head.length - 2)));
    else socket.write(head);
    await this.#goAway(socket, moment, value);
    // A handler goes on although nobody waits for it, and may save after one that began later.
    if (moment !== "asking") this.#possible.push(value);
  }

  /** Why its session is not wholly old or wholly new; `undefined` where it is. To be asked when nothing is under way. */
  async wrong(): Promise<string | undefined> {
    const { text } = await browser(this.#server.url).visit("/read", { cookie: this.#cookie });
    const { left, right } = JSON.parse(text) as { left?: string; right?: string };
    const possible = this.#possible.splice(0);
    this.#possible.push(left ?? "");
    if (left === right && left !== undefined && possible.includes(left)) return undefined;
    return `left is ${left}, right is ${right}, and either should be one of ${possible.join(" ")}`;
  }

  async #connected(): Promise<Socket> {
    const { hostname, port } = new URL(this.#server.url);
    const socket = connect(Number(port), hostname).on("error", () => undefined);
    await once(socket, "connect");
    return socket;
  }

  async #goAway(socket: Socket, moment: Moment, gate: string): Promise<void> {
    const closed = once(socket, "close");
    const isHeld = moment === "load" || moment === "save" || moment === "body";
    if (isHeld) await this.#server.held(gate);
    // Reset or ended: servers notice the two in different ways.
    if (this.#count % 2 === 0) socket.resetAndDestroy();
    else socket.destroy();
    await closed;
    if (isHeld) this.#server.letThrough(gate);
  }
}
