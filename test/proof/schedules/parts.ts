/** What a request may do with a session while others are under way. */
import type { Session } from "../../../src/index.ts";

export type Data = Record<string, unknown>;

/** What a request changes that can be looked for afterwards. */
type Mark = (session: Session<Data>, name: string) => boolean;

interface Action {
  act(session: Session<Data>, name: string): void;
  /** Whether the session that lives on has what the request changed; absent for who changes nothing. */
  mark?: Mark;
  /** `ends` the session; `moves` it to a new id. */
  kind?: "ends" | "moves";
}

const assign = (session: Session<Data>, name: string) => void (session[name] = name);
const isAssigned: Mark = (session, name) => session[name] === name;

export const PARTS = {
  "does nothing": { act: () => undefined },
  writes: { act: assign, mark: isAssigned },
  updates: {
    act: (session, name) => void session.update("names", (names) => [...asList(names), name]),
    mark: (session, name) => asList(session["names"]).filter((each) => each === name).length === 1,
  },
  flashes: {
    act: (session, name) => session.flash(name),
    mark: (session, name) => asList(flashesOf(session)).includes(name),
  },
  regenerates: { act: (session) => session.regenerate(), kind: "moves" },
  "logs in": { act: logIn, mark: isAssigned, kind: "moves" },
  destroys: { act: (session) => session.destroy(), kind: "ends" },
  empties: { act: (session) => session.clear(), kind: "ends" },
} as const satisfies Record<string, Action>;

export type PartName = keyof typeof PARTS;

export function actionOf(name: PartName): Action {
  return PARTS[name];
}

function logIn(session: Session<Data>, name: string): void {
  session.regenerate();
  assign(session, name);
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function flashesOf(session: Session<Data>): unknown[] {
  return asList(session.get("_flashes")).map((flash) => asList(flash)[1]);
}
