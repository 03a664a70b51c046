import { ServerResponse } from "node:http";

/** The methods in which every way to send a first byte ends: pipes, `pipeline`, Express' `redirect` and `sendFile`. */
export type Sender = "writeHead" | "write" | "end" | "flushHeaders";

export type Method = (...args: unknown[]) => unknown;

/** Who decides what becomes of a response's calls. */
export interface Holder {
  /** While it is, the response looks as if its headers had been sent: a change of them throws as Node's own does. */
  readonly isHeld: boolean;
  /** Whether an end waits. */
  readonly isEnded: boolean;
  send(sender: Sender, args: readonly unknown[]): unknown;
  listen(event: unknown, listener: Method): unknown;
}

/** Functions of ours in the place of a response's own. */
export interface Layer {
  /** Has the calls of a response go to a holder. */
  hold(response: ServerResponse, holder: Holder): void;
  /** Does what a method did before it was replaced. */
  pass(response: ServerResponse, method: Sender | "on", args: readonly unknown[]): unknown;
}

/** The layer of responses whose framework gives them a prototype of its own, on which the methods are replaced once. */
const shared = layer();
/** The layer of all others, on which they are replaced one by one. */
const own = layer();

/**
 * The layer for a response. Express changes the prototype of each, after which every property that is added takes 3 µs.
 * Whoever replaced methods on the response itself before us would come behind those of its prototype, so they do not do.
 */
export function layerFor(response: ServerResponse): Layer {
  const isReplaced = SENDERS.some((name) => Object.hasOwn(response, name));
  const prototype = isReplaced ? undefined : prototypeOf(response);
  const found = prototype ? shared : own;
  found.put(prototype ?? response);
  return found;
}

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

const SENDERS = ["writeHead", "write", "end", "flushHeaders"] as const;
const CHANGERS = ["setHeader", "appendHeader", "removeHeader"] as const;
const METHODS = [...SENDERS, ...CHANGERS, "on"] as const;

type Methods = Record<(typeof METHODS)[number], Method>;

function layer(): Layer & { put(place: object): void } {
  const HOLDER: unique symbol = Symbol("flagon.holder");
  const INNER: unique symbol = Symbol("flagon.inner");
  type Place = Methods & { [HOLDER]?: Holder; [INNER]: Methods & { prototype: object } };

  function sender(name: Sender): Method {
    return function send(this: Place, ...args) {
      return this[HOLDER] ? this[HOLDER].send(name, args) : Reflect.apply(this[INNER][name], this, args);
    };
  }
  function changer(name: (typeof CHANGERS)[number]): Method {
    return function change(this: Place, ...args) {
      return this[HOLDER]?.isHeld === true ? refuseHeader() : Reflect.apply(this[INNER][name], this, args);
    };
  }
  const methods: Methods = {
    writeHead: sender("writeHead"),
    write: sender("write"),
    end: sender("end"),
    flushHeaders: sender("flushHeaders"),
    setHeader: changer("setHeader"),
    appendHeader: changer("appendHeader"),
    removeHeader: changer("removeHeader"),
    on(this: Place, ...args) {
      const [event, listener] = args;
      if (this[HOLDER]) return this[HOLDER].listen(event, listener as Method);
      return Reflect.apply(this[INNER].on, this, args);
    },
  };
  const getters: PropertyDescriptorMap = {
    headersSent: {
      configurable: true,
      get(this: Place) {
        return this[HOLDER]?.isHeld === true || Reflect.get(this[INNER].prototype, "headersSent", this);
      },
    },
    writableEnded: {
      configurable: true,
      get(this: Place) {
        return this[HOLDER]?.isHeld === true
          ? this[HOLDER].isEnded
          : Reflect.get(this[INNER].prototype, "writableEnded", this);
      },
    },
  };

  return {
    put(place) {
      if (Object.hasOwn(place, INNER)) return;
      const replaced = place as Place;
      const { writeHead, write, end, flushHeaders, setHeader, appendHeader, removeHeader, on } = replaced;
      const prototype = Object.getPrototypeOf(place) as object;
      replaced[INNER] = {
        ...{ writeHead, write, end, flushHeaders, setHeader, appendHeader, removeHeader, on },
        prototype,
      };
      // One by one: `Object.assign` takes several times as long, and many responses are replaced on.
      replaced.writeHead = methods.writeHead;
      replaced.write = methods.write;
      replaced.end = methods.end;
      replaced.flushHeaders = methods.flushHeaders;
      replaced.setHeader = methods.setHeader;
      replaced.appendHeader = methods.appendHeader;
      replaced.removeHeader = methods.removeHeader;
      replaced.on = methods.on;
      Object.defineProperties(place, getters);
    },
    hold(response, holder) {
      (response as unknown as Place)[HOLDER] = holder;
    },
    pass(response, method, args) {
      return Reflect.apply((response as unknown as Place)[INNER][method], response, args);
    },
  };
}

/** Throws what Node throws when the headers have left. */
export function refuseHeader(): never {
  const error = new Error("Cannot change headers after they are sent to the client");
  throw Object.assign(error, { code: "ERR_HTTP_HEADERS_SENT" });
}
