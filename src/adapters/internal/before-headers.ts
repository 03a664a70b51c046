/**
 * Holds a Node response until an asynchronous step is done: what would send its first byte waits, and is then done as it
 * was asked for, in its order. Pipes, `pipeline`, Express' `redirect` and `sendFile` all end in the methods held here.
 *
 * They are replaced on the response itself, by functions that all responses share. While a response is held it looks as
 * if its headers had been sent: `headersSent` is true, and a change of them throws as Node's own does.
 */
import type { ServerResponse } from "node:http";
import { applyHeaders } from "../../core/headers.ts";
import type { Saved } from "../../core/interface.ts";
import { report } from "../../events.ts";
import { tellIfLate } from "./late.ts";
import { fieldsOf, takeHead } from "./response-headers.ts";

/** What is done around a response's first byte. */
export interface Around {
  /** Whether there is anything to save; else nothing waits. */
  readonly isDue: boolean;
  /**
   * Called when the first byte is to leave, which then carries the fields it resolves with. Called once more at the end
   * of a response that went on after that.
   */
  save(): Promise<Saved>;
  /** Answers in place of what was held, which is forgotten. Called when `save` rejected. */
  fail(error: unknown): void;
}

type Sender = "writeHead" | "write" | "end" | "flushHeaders";
interface Call {
  readonly sender: Sender;
  readonly args: readonly unknown[];
}
type Listener = (...args: unknown[]) => unknown;
type Methods = Record<Sender, Listener> & { on: (event: string, listener: Listener) => unknown };

/** What is piped into a response: a `Readable`, or a stream older than those. */
interface Source {
  unpipe?(response: ServerResponse): unknown;
  destroy?(): unknown;
}

const HOLD = Symbol("flagon.hold");

/** A response, or what has one for its prototype. */
type Held = ServerResponse & { [HOLD]: Hold };

/**
 * Has a response wait for `around.save()` before its first byte, if that is due then. To be called before the handler: it
 * may look up `response.end` first and its session afterwards, as in `response.end(request.session.name)`.
 */
export function beforeHeaders(response: ServerResponse, around: Around): void {
  const hold = new Hold(response, around);
  response.on("pipe", addSource);
  response.on("unpipe", removeSource);
  // One by one: each request pays for it, and `Object.assign` takes several times as long.
  const patched = response as unknown as Methods & { [HOLD]: Hold };
  patched[HOLD] = hold;
  patched.writeHead = writeHeadLater;
  patched.write = writeLater;
  patched.end = endLater;
  patched.flushHeaders = flushHeadersLater;
  patched.on = listen;
}

function writeHeadLater(this: Held, ...args: unknown[]): unknown {
  return this[HOLD].send({ sender: "writeHead", args });
}

function writeLater(this: Held, ...args: unknown[]): unknown {
  return this[HOLD].send({ sender: "write", args });
}

function endLater(this: Held, ...args: unknown[]): unknown {
  return this[HOLD].send({ sender: "end", args });
}

function flushHeadersLater(this: Held): void {
  this[HOLD].send({ sender: "flushHeaders", args: [] });
}

function listen(this: Held, event: string, listener: Listener): unknown {
  return this[HOLD].listen(event, listener);
}

function addSource(this: Held, source: Source): void {
  this[HOLD].sources = [...this[HOLD].sources, source];
}

function removeSource(this: Held, source: Source): void {
  this[HOLD].sources = this[HOLD].sources.filter((other) => other !== source);
}

/** Properties of a response while it is held. */
const GUARDS: PropertyDescriptorMap = {
  headersSent: { configurable: true, get: () => true },
  writableEnded: {
    configurable: true,
    get(this: Held) {
      return this[HOLD].isEnded;
    },
  },
  setHeader: { configurable: true, value: refuseHeader },
  appendHeader: { configurable: true, value: refuseHeader },
  removeHeader: { configurable: true, value: refuseHeader },
};

function refuseHeader(): never {
  const error = new Error("Cannot change headers after they are sent to the client");
  throw Object.assign(error, { code: "ERR_HTTP_HEADERS_SENT" });
}

/**
 * - `before`: nothing was sent.
 * - `held`: what is sent waits.
 * - `body`: the head has left, the end not.
 * - `over`: nothing more is to be done.
 * - `failed`: what comes is the answer to the failure.
 * - `answered`: what comes is of a handler that goes on, and is ignored.
 */
type Phase = "before" | "held" | "body" | "over" | "failed" | "answered";

class Hold {
  /** What is piped into the response now. */
  sources: readonly Source[] = [];
  readonly #response: ServerResponse;
  readonly #around: Around;
  /** The methods as they were found: Node's own, or those of whoever replaced them first. */
  readonly #inner: Readonly<Methods>;
  #phase: Phase = "before";
  #calls: Call[] = [];
  #drains: Listener[] = [];
  /** Properties of the response that the guards stand in for. */
  #guarded: PropertyDescriptorMap | undefined;
  #sent: Saved["headers"] = [];
  #failure: unknown;

  constructor(response: ServerResponse, around: Around) {
    const { writeHead, write, end, flushHeaders, on } = response as unknown as Methods;
    this.#response = response;
    this.#around = around;
    this.#inner = { writeHead, write, end, flushHeaders, on };
  }

  get isEnded(): boolean {
    return this.#calls.some(({ sender }) => sender === "end");
  }

  send(call: Call): unknown {
    switch (this.#phase) {
      case "before":
        return this.#around.isDue ? this.#begin(call) : this.#goOn(call);
      case "held":
        return call.sender === "writeHead" ? this.#repeatHead(call) : this.#wait(call);
      case "body":
        return this.#around.isDue && call.sender === "end" ? this.#finish(call) : this.#goOn(call);
      case "failed":
        return this.#passAnswer(call);
      case "answered":
        return this.#discard(call);
      case "over":
      default:
        return this.#pass(call);
    }
  }

  #begin({ sender, args }: Call): unknown {
    const rest = sender === "writeHead" ? takeHead(this.#response, args) : args;
    void this.#saveFirst();
    return this.#wait({ sender, args: rest });
  }

  #finish(call: Call): unknown {
    void this.#saveLate();
    return this.#wait(call);
  }

  #goOn(call: Call): unknown {
    this.#phase = call.sender === "end" ? "over" : "body";
    return this.#pass(call);
  }

  #wait(call: Call): unknown {
    this.#calls.push(call);
    return call.sender !== "write" && this.#response;
  }

  #discard({ sender, args }: Call): unknown {
    const callback = args.at(-1);
    if (typeof callback === "function") process.nextTick(callback, this.#failure);
    return sender !== "write" && this.#response;
  }

  /**
   * A layer before us may keep the listeners for itself and tell them only of a `false` of its own: then we tell them of
   * the end of ours.
   */
  listen(event: string, listener: Listener): unknown {
    const mayMiss = this.#phase === "before" || this.#phase === "held";
    if (event === "drain" && mayMiss) this.#drains.push(listener);
    return Reflect.apply(this.#inner.on, this.#response, [event, listener]);
  }

  #pass({ sender, args }: Call): unknown {
    return Reflect.apply(this.#inner[sender], this.#response, args);
  }

  #passAnswer(call: Call): unknown {
    const result = this.#pass(call);
    if (call.sender === "end") this.#phase = "answered";
    return result;
  }

  /** Layers that look at Node's own fields take the head for unsent, and write it again as it is. */
  #repeatHead({ args }: Call): ServerResponse {
    const isSame = args.length === 1 && args[0] === this.#response.statusCode;
    return isSame ? this.#response : refuseHeader();
  }

  async #saveFirst(): Promise<void> {
    const { statusCode, statusMessage } = this.#response;
    this.#hold();
    try {
      const { headers } = await this.#around.save();
      this.#letGo();
      Object.assign(this.#response, { statusCode, statusMessage });
      applyHeaders(headers, fieldsOf(this.#response));
      this.#sent = headers;
      this.#replay();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Changes that came after the head has left: the store takes them, the browser can be told no more. */
  async #saveLate(): Promise<void> {
    this.#hold();
    const saved = await this.#around.save().catch((error: unknown) => report({ type: "failed", error }));
    if (saved) tellIfLate(saved, this.#sent);
    try {
      this.#letGo();
      this.#replay();
    } catch (error) {
      this.#fail(error);
    }
  }

  #hold(): void {
    this.#phase = "held";
    this.#guarded = {};
    for (const name of Object.keys(GUARDS)) {
      const own = Object.getOwnPropertyDescriptor(this.#response, name);
      if (own) this.#guarded[name] = own;
    }
    Object.defineProperties(this.#response, GUARDS);
  }

  #letGo(): void {
    this.#phase = "over";
    for (const name of Object.keys(GUARDS)) Reflect.deleteProperty(this.#response, name);
    Object.defineProperties(this.#response, this.#guarded ?? {});
  }

  #replay(): void {
    const { isEnded } = this;
    const calls = this.#calls.splice(0);
    const waiting = this.#drains.splice(0);
    const results = calls.map((call) => this.#pass(call));
    if (isEnded) return;
    this.#phase = "body";
    const hasWritten = calls.some(({ sender }) => sender === "write");
    if (hasWritten && !results.includes(false)) process.nextTick(drain, this.#response, waiting);
  }

  #fail(error: unknown): void {
    if (this.#phase === "held") this.#letGo();
    this.#phase = "failed";
    this.#failure = error;
    for (const call of this.#calls.splice(0)) this.#discard(call);
    this.#cutOff();
    this.#around.fail(error);
  }

  /** Keeps what is piped out of the answer. Nobody else would end it: `pipeline` waits for it. */
  #cutOff(): void {
    const { sources } = this;
    for (const source of sources) source.unpipe?.(this.#response);
    this.#response.once("close", () => {
      for (const source of sources) source.destroy?.();
    });
  }
}

/** Tells all who wait for a response to take more, also those of whom it does not know. */
function drain(response: ServerResponse, waiting: readonly Listener[]): void {
  const known = response.rawListeners("drain");
  response.emit("drain");
  for (const listener of waiting) if (!known.includes(listener)) Reflect.apply(listener, response, []);
}
