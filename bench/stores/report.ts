/** The tables of a run. */
import { spread, table } from "../table.ts";
import type { Crowd } from "./crowd.ts";
import type { Rate } from "./rates.ts";
import type { Verbs } from "./subject.ts";
import type { Trips } from "./trips.ts";

/** All that was seen of a subject. */
export interface Seen {
  title: string;
  /** Calls for each number of a round. */
  calls: number;
  rates: readonly Rate[];
  /** Absent where nothing goes over a socket. */
  trips?: Trips;
  crowd: Crowd;
}

const VERBS = ["create", "read", "update"] as const;

/** One measure of all rounds. */
export function ratesTable(name: string, seen: readonly Seen[], measure: "ratio" | "cpu"): string {
  const rows = seen.map(({ title, rates }) => [
    title,
    ...VERBS.map((verb) => spread(ratesOf(rates, verb).map((rate) => rate[measure]))),
  ]);
  return table([name, ...VERBS], rows);
}

/** Calls per second of ours, to two digits, and of how many they were measured. */
export function speedTable(seen: readonly Seen[]): string {
  const rows = seen.map(({ title, calls, rates }) => {
    const speeds = VERBS.map((verb) => ratesOf(rates, verb).map(({ ours }) => ours));
    return [title, ...speeds.map((each) => Number(medianOf(each).toPrecision(2)).toLocaleString("en")), String(calls)];
  });
  return table(["calls/s", ...VERBS, "of calls"], rows);
}

export function tripsTable(seen: readonly Seen[]): string {
  const verbs = [...VERBS, "delete"] as const;
  const rows = seen.map(({ title, trips }) => [title, ...verbs.map((verb) => trips?.[verb].toFixed(2) ?? "-")]);
  return table(["round trips", ...verbs], rows);
}

export function crowdTable(seen: readonly Seen[]): string {
  const head = ["many sessions", "count", "bytes each", "swept", "in", "request without", "during", "of the medians"];
  const rows = seen.map(({ title, crowd }) => [title, ...crowdCells(crowd)]);
  return table(head, rows);
}

function crowdCells({ count, bytes, sweep }: Crowd): string[] {
  const size = [String(count), bytes.toFixed(0)];
  if (!sweep) return [...size, "by the engine", "-", "-", "-", "-"];
  const { deleted, took, without, during } = sweep;
  const [seconds, ratio] = [(took / 1000).toFixed(2), (during.median / without.median).toFixed(2)];
  return [...size, String(deleted), `${seconds} s`, timesCell(without), timesCell(during), ratio];
}

/** `0.42 ms, 1 % over 1.90 (3000)` */
function timesCell({ median, late, count }: { median: number; late: number; count: number }): string {
  return `${median.toFixed(2)} ms, 1 % over ${late.toFixed(1)} (${count})`;
}

function ratesOf(rates: readonly Rate[], verb: keyof Verbs): Rate[] {
  return rates.filter((rate) => rate.verb === verb);
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
