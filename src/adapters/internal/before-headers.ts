/**
 * Holds a Node response until an asynchronous step is done: what would send its first byte waits, and is then done as it
 * was asked for, in its order.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { applyHeaders } from "../../core/headers.ts";
import type { Saved } from "../../core/interface.ts";
import { saveLate } from "./late.ts";
import {
  type Holder,
  type Layer,
  type Method,
  type Sender,
  holderOf,
  layerFor,
  refuseHeader,
  setHolder,
} from "./layer.ts";
import { fieldsOf, messageOf, setStatus, takeHead } from "./response-headers.ts";
import { together } from "./together.ts";

/** What is done around a response's first byte. */
export interface Around {
  /** Whether there is anything to save; else nothing waits. */
  readonly isDue: boolean;
  /**
   * Called when the first byte is to leave, which then carries the fields it resolves with. Called once more, `late`, at
   * the end of a response that went on after that.
   */
  save(late: boolean): Promise<Saved>;
  /** Answers in place of what was held, which is forgotten. Called when `save` rejected. */
  fail(error: unknown): void;
}

/**
 * Has a response wait for `around.save()` before its first byte, if that is due then. To be called before the handler: it
 * may look up `response.end` first and its session afterwards, as in `response.end(request.session.name)`. A response may
 * wait for several.
 */
export function beforeHeaders(response: ServerResponse, around: Around): void {
  const holder = holderOf(response.req);
  if (holder instanceof Hold) holder.join(around);
  else setHolder(response.req, new Hold(response, layerFor(response), around));
}

/**
 * Saves before the first byte is asked for, if anything is due: for a framework that sends when its handlers are through,
 * so that a failure is still theirs. Rejects as `save` did, when `fail` was called.
 */
export async function settle({ req }: ServerResponse): Promise<void> {
  const holder = holderOf(req);
  if (holder instanceof Hold) await holder.settle();
}

/** All that was given to `beforeHeaders` for the response to a request, in its order. */
export function aroundsOf(request: IncomingMessage): readonly Around[] {
  const holder = holderOf(request);
  return holder instanceof Hold ? holder.arounds : NONE;
}

const NONE: readonly Around[] = [];

interface Call {
  readonly sender: Sender;
  readonly args: readonly unknown[];
}

/** What is piped into a response: a `Readable`, or a stream older than those. */
interface Source {
  unpipe?(response: ServerResponse): unknown;
  destroy?(): unknown;
}

/**
 * - `before`: nothing was sent.
 * - `held`: what is sent waits.
 * - `saved`: nothing was sent, and the save is done.
 * - `body`: the head has left, the end not.
 * - `over`: nothing more is to be done.
 * - `failed`: what comes is the answer to the failure.
 * - `answered`: what comes is of a handler that goes on, and is ignored.
 */
type Phase = "before" | "held" | "saved" | "body" | "over" | "failed" | "answered";

class Hold implements Holder {
  readonly layer: Layer;
  readonly arounds: Around[];
  readonly #response: ServerResponse;
  /** All that joined. */
  #around: Around;
  #phase: Phase = "before";
  #calls: Call[] = [];
  #drains: Method[] = [];
  /** What is piped into the response; absent while nobody listens, as whoever pipes does first. */
  #sources: Set<Source> | undefined;
  #sent: Saved["headers"] = [];
  #failure: unknown;

  constructor(response: ServerResponse, layer: Layer, around: Around) {
    this.#response = response;
    this.layer = layer;
    this.arounds = [around];
    this.#around = around;
  }

  join(around: Around): void {
    this.arounds.push(around);
    this.#around = together(this.#around, around);
  }

  async settle(): Promise<void> {
    if (this.#phase === "before" && this.#around.isDue) await this.#saveFirst();
    if (this.#isFailed) throw this.#failure;
  }

  get #isFailed(): boolean {
    return this.#phase === "failed";
  }

  get isHeld(): boolean {
    return this.#phase === "held";
  }

  get isEnded(): boolean {
    return this.#calls.some(({ sender }) => sender === "end");
  }

  send(sender: Sender, args: readonly unknown[]): unknown {
    const call: Call = { sender, args };
    switch (this.#phase) {
      case "before":
        return this.#around.isDue ? this.#begin(call) : this.#goOn(call);
      case "held":
        return sender === "writeHead" ? this.#repeatHead(args) : this.#wait(call);
      case "saved":
        return this.#sendSaved(call);
      case "body":
        return this.#around.isDue && sender === "end" ? this.#finish(call) : this.#goOn(call);
      case "failed":
        return this.#answer(call);
      case "answered":
        return this.#discard(call);
      case "over":
      default:
        return this.#pass(call);
    }
  }

  /**
   * A layer before us may keep the listeners for itself and tell them only of a `false` of its own: then we tell them of
   * the end of ours.
   */
  listen(event: unknown, listener: Method): unknown {
    this.#sources ??= this.#watchSources();
    const mayMiss = this.#phase === "before" || this.#phase === "held";
    if (event === "drain" && mayMiss) this.#drains.push(listener);
    return this.layer.pass(this.#response, "on", [event, listener]);
  }

  #watchSources(): Set<Source> {
    const sources = new Set<Source>();
    this.layer.pass(this.#response, "on", ["pipe", (source: Source) => sources.add(source)]);
    this.layer.pass(this.#response, "on", ["unpipe", (source: Source) => sources.delete(source)]);
    return sources;
  }

  #pass({ sender, args }: Call): unknown {
    return this.layer.pass(this.#response, sender, args);
  }

  #goOn(call: Call): unknown {
    this.#phase = call.sender === "end" ? "over" : "body";
    return this.#pass(call);
  }

  #begin({ sender, args }: Call): unknown {
    const rest = sender === "writeHead" ? takeHead(this.#response, args) : args;
    void this.#saveFirst();
    return this.#wait({ sender, args: rest });
  }

  /** A framework that answers with an error may have taken the fields off again, but the session is saved. */
  #sendSaved({ sender, args }: Call): unknown {
    const rest = sender === "writeHead" ? takeHead(this.#response, args) : args;
    applyHeaders(this.#sent, fieldsOf(this.#response));
    return this.#goOn({ sender, args: rest });
  }

  #finish(call: Call): unknown {
    void this.#saveLate();
    return this.#wait(call);
  }

  #wait(call: Call): unknown {
    this.#calls.push(call);
    return call.sender !== "write" && this.#response;
  }

  /** Layers that look at Node's own fields take the head for unsent, and write it again as it is. */
  #repeatHead(args: readonly unknown[]): ServerResponse {
    const isSame = args.length === 1 && args[0] === this.#response.statusCode;
    return isSame ? this.#response : refuseHeader("write");
  }

  async #saveFirst(): Promise<void> {
    const { statusCode } = this.#response;
    const statusMessage = messageOf(this.#response);
    this.#phase = "held";
    try {
      const { headers } = await this.#around.save(false);
      this.#phase = "over";
      setStatus(this.#response, statusCode, statusMessage);
      applyHeaders(headers, fieldsOf(this.#response));
      this.#sent = headers;
      this.#replay();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Changes that came after the head has left: the store takes them, the browser can be told no more. */
  async #saveLate(): Promise<void> {
    this.#phase = "held";
    await saveLate(() => this.#around.save(true), this.#sent);
    this.#phase = "over";
    try {
      this.#replay();
    } catch (error) {
      this.#fail(error);
    }
  }

  #replay(): void {
    const { isEnded } = this;
    const calls = this.#calls.splice(0);
    const waiting = this.#drains.splice(0);
    const results = calls.map((call) => this.#pass(call));
    if (isEnded) return;
    this.#phase = calls.length > 0 ? "body" : "saved";
    const hasWritten = calls.some(({ sender }) => sender === "write");
    if (hasWritten && !results.includes(false)) process.nextTick(drain, this.#response, waiting);
  }

  #fail(error: unknown): void {
    this.#phase = "failed";
    this.#failure = error;
    for (const call of this.#calls.splice(0)) this.#discard(call);
    this.#cutOff();
    this.#around.fail(error);
  }

  /** Keeps what is piped out of the answer. Nobody else would end it: `pipeline` waits for it. */
  #cutOff(): void {
    const sources = [...(this.#sources ?? [])];
    for (const source of sources) source.unpipe?.(this.#response);
    this.#response.once("close", () => {
      for (const source of sources) source.destroy?.();
    });
  }

  #answer(call: Call): unknown {
    const result = this.#pass(call);
    if (call.sender === "end") this.#phase = "answered";
    return result;
  }

  #discard({ sender, args }: Call): unknown {
    const callback = args.at(-1);
    if (typeof callback === "function") process.nextTick(callback, this.#failure);
    return sender !== "write" && this.#response;
  }
}

/** Tells all who wait for a response to take more, also those of whom it does not know. */
function drain(response: ServerResponse, waiting: readonly Method[]): void {
  const known: readonly unknown[] = response.rawListeners("drain");
  response.emit("drain");
  for (const listener of waiting) if (!known.includes(listener)) Reflect.apply(listener, response, []);
}
