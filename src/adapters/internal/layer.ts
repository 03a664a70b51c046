import { type IncomingMessage, ServerResponse } from "node:http";

/** The methods in which every way to send a first byte ends: pipes, `pipeline`, Express' `redirect` and `sendFile`. */
export type Sender = "writeHead" | "write" | "end" | "flushHeaders";

type Changer = "setHeader" | "appendHeader" | "removeHeader";

/** Any method. */
export type Method = (...args: unknown[]) => unknown;

/** Who decides what becomes of a response's calls. */
export interface Holder {
  /** Whose calls go to it. */
  readonly layer: Layer;
  /** While it is, the response looks as if its headers had been sent: a change of them throws as Node's own does. */
  readonly isHeld: boolean;
  /** Whether an end waits. */
  readonly isEnded: boolean;
  send(sender: Sender, args: readonly unknown[]): unknown;
  listen(event: unknown, listener: Method): unknown;
}

/** Functions of ours in the place of a response's own. */
export interface Layer {
  /** Does what a method did before it was replaced. */
  pass(response: ServerResponse, method: Sender | "on", args: readonly unknown[]): unknown;
}

const HOLDER = Symbol("flagon.holder");

type Home = { [HOLDER]?: Holder };

/** Has the calls of a request's response go to a holder. */
export function setHolder(request: IncomingMessage, holder: Holder): void {
  (request as Home)[HOLDER] = holder;
}

/** Who was set for a request. */
export function holderOf(request: IncomingMessage): Holder | undefined {
  return (request as Home)[HOLDER];
}

/** The layer of responses whose framework gives them a prototype of its own, on which the methods are replaced once. */
const shared = layer();
/** The layer of all others, on which they are replaced one by one. */
const own = layer();

/**
 * The layer for a response. Express changes the prototype of each, after which a property that is added takes 3 µs on
 * Node 20 and 22. Whoever replaced methods on the response itself before us hides those of its prototype.
 */
export function layerFor(response: ServerResponse): Layer {
  const isReplaced = SENDERS.some((sender) => Object.hasOwn(response, sender));
  const prototype = isReplaced ? undefined : prototypeOf(response);
  const found = prototype ? shared : own;
  found.put(prototype ?? response);
  return found;
}

const SENDERS: readonly Sender[] = ["writeHead", "write", "end", "flushHeaders"];

/** What stands between a response and Node's own prototype, the nearest to Node's if several do. */
function prototypeOf(response: ServerResponse): object | undefined {
  let found: object | undefined;
  let prototype: unknown = Object.getPrototypeOf(response);
  while (prototype !== ServerResponse.prototype) {
    // A response that is none of Node's.
    if (typeof prototype !== "object" || prototype === null) return undefined;
    found = prototype;
    prototype = Object.getPrototypeOf(prototype);
  }
  return found;
}

type Methods = Record<Sender | Changer | "on", Method>;

/** A response, or what has one for its prototype. */
type Place = Methods & { readonly req: IncomingMessage };

/** Two of them can be on one response, and know nothing of each other. `put` replaces the methods, if it did not yet. */
function layer(): Layer & { put(place: object): void } {
  const INNER: unique symbol = Symbol("flagon.inner");
  type Replaced = Place & { [INNER]: Methods & { prototype: object } };

  const self = { put, pass };
  const holderFor = ({ req }: Place) => {
    const holder = holderOf(req);
    return holder?.layer === self ? holder : undefined;
  };
  const sender = (name: Sender): Method => {
    return function send(this: Replaced, ...args) {
      const holder = holderFor(this);
      return holder ? holder.send(name, args) : Reflect.apply(this[INNER][name], this, args);
    };
  };
  const changer = (name: Changer): Method => {
    return function change(this: Replaced, ...args) {
      return holderFor(this)?.isHeld === true
        ? refuseHeader(VERBS[name])
        : Reflect.apply(this[INNER][name], this, args);
    };
  };
  const getter = (name: "headersSent" | "writableEnded", ofHeld: (holder: Holder) => boolean): PropertyDescriptor => {
    return {
      configurable: true,
      get(this: Replaced): unknown {
        const holder = holderFor(this);
        return holder?.isHeld === true ? ofHeld(holder) : Reflect.get(this[INNER].prototype, name, this);
      },
    };
  };
  const methods: Methods = {
    writeHead: sender("writeHead"),
    write: sender("write"),
    end: sender("end"),
    flushHeaders: sender("flushHeaders"),
    setHeader: changer("setHeader"),
    appendHeader: changer("appendHeader"),
    removeHeader: changer("removeHeader"),
    on(this: Replaced, ...args) {
      const holder = holderFor(this);
      return holder ? holder.listen(args[0], args[1] as Method) : Reflect.apply(this[INNER].on, this, args);
    },
  };
  const getters = {
    headersSent: getter("headersSent", () => true),
    writableEnded: getter("writableEnded", ({ isEnded }) => isEnded),
  };

  function put(place: object): void {
    if (Object.hasOwn(place, INNER)) return;
    const replaced = place as Replaced;
    const { writeHead, write, end, flushHeaders, setHeader, appendHeader, removeHeader, on } = replaced;
    const prototype = Object.getPrototypeOf(place) as object;
    replaced[INNER] = { writeHead, write, end, flushHeaders, setHeader, appendHeader, removeHeader, on, prototype };
    // One by one: `Object.assign` takes several times as long, and every request to `node:http` pays for it.
    replaced.writeHead = methods.writeHead;
    replaced.write = methods.write;
    replaced.end = methods.end;
    replaced.flushHeaders = methods.flushHeaders;
    replaced.setHeader = methods.setHeader;
    replaced.appendHeader = methods.appendHeader;
    replaced.removeHeader = methods.removeHeader;
    replaced.on = methods.on;
    Object.defineProperties(place, getters);
  }

  function pass(response: ServerResponse, method: Sender | "on", args: readonly unknown[]): unknown {
    return Reflect.apply((response as unknown as Replaced)[INNER][method], response, args);
  }

  return self;
}

/** What Node says that cannot be done any more. */
const VERBS = { setHeader: "set", appendHeader: "append", removeHeader: "remove" } as const;

/** Throws what Node throws when the headers have left. */
export function refuseHeader(verb: "set" | "append" | "remove" | "write"): never {
  const error = new Error(`Cannot ${verb} headers after they are sent to the client`);
  throw Object.assign(error, { code: "ERR_HTTP_HEADERS_SENT" });
}
