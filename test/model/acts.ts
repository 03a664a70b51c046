/** What a handler may do to its session, and what that is to mean. */
import fc from "fast-check";
import type { Session } from "../../src/index.ts";
import { markFailed } from "../../src/core/state.ts";
import { type Change, type Data, type Request, update } from "./world.ts";

/** Something that a handler does. */
export interface Act {
  readonly name: string;
  real(session: Session<Record<string, unknown>>): void;
  model(request: Request): void;
}

/** The last is the name of a control: its value is beside the object. */
const KEYS = ["a", "b", "c", "id"] as const;
const VALUES = [0, 1, "", "text", true, null, [], [1, "x"], { n: 1 }, new Date(0)] as const;

const key = fc.constantFrom(...KEYS);
const value = fc.constantFrom<unknown>(...VALUES);

const lists = (current: unknown): unknown[] => (Array.isArray(current) ? (current as unknown[]) : []);
const append =
  (added: unknown): Change =>
  (current) => [...lists(current), added];

/** Something that nobody else appends, so that what was done twice or not at all is seen. */
const item = fc.noShrink(fc.nat({ max: 1_000_000 })).map((n) => `i${n}`);
const keyAndItem = fc.tuple(key, item);

const acts = {
  set: fc.tuple(key, value).map(([name, to]) => set(name, to)),
  nested: keyAndItem.map(([name, added]) => nested(name, added)),
  remove: key.map(remove),
  setDefault: fc.tuple(key, value).map(([name, to]) => setDefault(name, to)),
  update: keyAndItem.map(([name, added]) => updating(name, append(added), `append ${added}`)),
  keep: key.map((name) => updating(name, (current) => current ?? 0, "?? 0")),
  clear: fc.constant<Act>({
    name: "clear()",
    real: (session) => session.clear(),
    model: (request) => void (request.data = {}),
  }),
  destroy: fc.constant<Act>({
    name: "destroy()",
    real: (session) => session.destroy(),
    model: (request) => void Object.assign(request, { destroyed: true, data: onlyHidden(request.data) }),
  }),
  regenerate: fc.constant<Act>({
    name: "regenerate()",
    real: (session) => session.regenerate(),
    model: (request) => void (request.regenerated = request.loaded !== undefined),
  }),
  permanent: fc.boolean().map((to) => ({
    name: `permanent = ${to}`,
    real: (session: Session<Record<string, unknown>>) => void (session.permanent = to),
    model: (request: Request) => put(request, "_permanent", to),
  })),
  flash: item.map(flash),
  takeFlashes: fc.constant<Act>({
    name: "takeFlashes()",
    real: (session) => void session.takeFlashes(),
    model(request) {
      if (!request.flashesTaken) drop(request, "_flashes");
      request.flashesTaken = true;
    },
  }),
  fail: fc.constant<Act>({ name: "throw", real: markFailed, model: (request) => void (request.failed = true) }),
} satisfies Record<string, fc.Arbitrary<Act>>;

export const { set: anySet, regenerate, fail } = acts;

/** Each kind of act by its name. */
export const ACTS: Readonly<Record<string, fc.Arbitrary<Act>>> = acts;

/** One of them; endings and failures are rarer. */
export const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: acts.set },
  { weight: 4, arbitrary: acts.update },
  { weight: 2, arbitrary: fc.oneof(acts.nested, acts.remove, acts.setDefault, acts.keep) },
  { weight: 2, arbitrary: fc.oneof(acts.permanent, acts.flash, acts.takeFlashes) },
  { weight: 2, arbitrary: fc.oneof(acts.regenerate, acts.clear, acts.destroy) },
);

function put(request: Request, name: string, to: unknown): void {
  request.data = { ...request.data, [name]: structuredClone(to) };
}

function drop(request: Request, name: string): void {
  const { [name]: _gone, ...rest } = request.data;
  request.data = rest;
}

/** `destroy` empties what can be seen; what is beside the object goes with the record. */
function onlyHidden({ id }: Data): Data {
  return id === undefined ? {} : { id };
}

function set(name: string, to: unknown): Act {
  if (name === "id") return setDefault(name, to);
  return {
    name: `${name} = ${JSON.stringify(to)}`,
    real: (session) => void (session[name] = structuredClone(to)),
    model: (request) => put(request, name, to),
  };
}

function setDefault(name: string, to: unknown): Act {
  return {
    name: `setDefault(${name}, ${JSON.stringify(to)})`,
    real: (session) => void session.setDefault(name, structuredClone(to)),
    model: (request) => {
      if (!Object.hasOwn(request.data, name)) put(request, name, to);
    },
  };
}

function nested(name: string, added: string): Act {
  return {
    name: `${name}.push(${added})`,
    real(session) {
      const found: unknown = session.get(name);
      if (Array.isArray(found)) found.push(added);
    },
    model(request) {
      const found = request.data[name];
      if (Array.isArray(found)) put(request, name, [...(found as unknown[]), added]);
    },
  };
}

function remove(name: string): Act {
  return {
    name: `pop(${name})`,
    real: (session) => void session.pop(name),
    model: (request) => drop(request, name),
  };
}

function updating(name: string, change: Change, shown: string): Act {
  return {
    name: `update(${name}, ${shown})`,
    real: (session) => void session.update(name, change),
    model: (request) => update(request, name, change),
  };
}

function flash(message: string): Act {
  return {
    name: `flash(${message})`,
    real: (session) => session.flash(message),
    model: (request) => put(request, "_flashes", append(["message", message])(request.data["_flashes"])),
  };
}
