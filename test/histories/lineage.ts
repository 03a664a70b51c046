/** A session and those that followed it under new ids, as a machine: one id of them lives at a time, or none. */
import type { Machine, Operation } from "./linearizable.ts";

export type Data = Readonly<Record<string, unknown>>;

/** What a handler did, by key: each value is one that nobody else sets. */
export type Deed =
  | { readonly act: "set" | "append"; readonly key: string; readonly item: string }
  | { readonly act: "remove"; readonly key: string };

/** What was asked of a session by its id. */
export type Input =
  | { readonly ask: "open"; readonly id: string }
  | { readonly ask: "destroy"; readonly id: string }
  | { readonly ask: "save" | "regenerate"; readonly id: string; readonly deeds: readonly Deed[] };

/** What was answered: the data that was found or is there now, and under which id; or that nothing was there. */
export type Output = { readonly data?: Data; readonly id?: string } | "gone" | "ended";

export type LineageOperation = Operation<Input, Output>;

interface State {
  /** The living id. */
  readonly id: string | undefined;
  readonly data: Data;
}

/** The machine of a session that began with this id and data. */
export function lineage(id: string, data: Data): Machine<State, Input, Output> {
  return { start: { id, data }, after, nameOf: (state) => `${state.id} ${textOf(state.data)}` };
}

/** A text of data in the order of its keys. */
function textOf(data: Data): string {
  return JSON.stringify(Object.entries(data).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function after(state: State, input: Input, output: Output | undefined): readonly State[] {
  const lives = input.id === state.id;
  if (input.ask === "destroy") return [lives ? { id: undefined, data: {} } : state];
  if (output === "gone" || output === "ended") return !lives && output === "gone" ? [state] : [];
  if (!lives) return [];
  if (input.ask === "open") return output === undefined || fits(output, state.data) ? [state] : [];
  const data = input.deeds.reduce(done, state.data);
  if (output !== undefined && !fits(output, data)) return [];
  // A new id that nobody was told is as good as none.
  const id = input.ask === "regenerate" ? output?.id : state.id;
  return [{ id, data: id === undefined ? {} : data }];
}

function fits({ data }: Exclude<Output, string>, found: Data): boolean {
  return data === undefined || textOf(data) === textOf(found);
}

function done(data: Data, deed: Deed): Data {
  if (deed.act === "set") return { ...data, [deed.key]: deed.item };
  const { [deed.key]: current, ...rest } = data;
  if (deed.act === "remove") return rest;
  return { ...rest, [deed.key]: appended(current, deed.item) };
}

export function appended(current: unknown, item: string): unknown[] {
  return [...(Array.isArray(current) ? (current as unknown[]) : []), item];
}
