import { instantOf } from "./shapes.ts";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const ZONES = new Map([
  ["ast", -400],
  ["adt", -300],
  ["est", -500],
  ["edt", -400],
  ["cst", -600],
  ["cdt", -500],
  ["mst", -700],
  ["mdt", -600],
  ["pst", -800],
  ["pdt", -700],
]);

const DATE = /^(?:[a-z]+,?\s+)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*[\s-]+(\d{1,4}),?\s+(.*)$/;
const ASCTIME = /^(?:[a-z]+,?\s+)?([a-z]{3})[a-z]*\s+(\d{1,2})\s+(\d{1,2}(?::\d{1,2}){1,2})\s+(\d{1,4})$/;
const TIME = /^(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2}))?(?:\s*(.*))?$/;

/**
 * The instant of a date as mail and HTTP spell it (RFC 5322, RFC 850, asctime), as forgiving as Python's `email.utils`:
 * without a zone it is UTC, a year below 69 is of this century and one below 100 of the last. `undefined` when it is none.
 */
export function parseMailDate(text: string): Date | undefined {
  const lower = text.trim().toLowerCase();
  const asctime = ASCTIME.exec(lower);
  if (asctime) return build(asctime[2], asctime[1], asctime[4], asctime[3]);
  const date = DATE.exec(lower);
  return date ? build(date[1], date[2], date[3], date[4]) : undefined;
}

function build(day = "", monthName = "", yearText = "", timeText = ""): Date | undefined {
  const time = TIME.exec(timeText.trim());
  const month = MONTHS.indexOf(monthName);
  if (!time || month < 0) return undefined;
  const [hours, minutes, seconds] = [Number(time[1]), Number(time[2]), Number(time[3] ?? 0)];
  const at = utc(fullYear(Number(yearText)), month, Number(day), hours, minutes, seconds);
  const offset = offsetSeconds(time[4] ?? "");
  return at === undefined ? undefined : instantOf(at / 1000 - offset, 0);
}

function fullYear(year: number): number {
  if (year >= 100) return year;
  return year > 68 ? 1900 + year : 2000 + year;
}

/** Epoch milliseconds of fields that all are in their range; `Date.UTC` alone would carry them over. */
function utc(year: number, month: number, day: number, hours: number, minutes: number, seconds: number) {
  const at = Date.UTC(year, month, day, hours, minutes, seconds);
  const read = new Date(at);
  const same = read.getUTCDate() === day && read.getUTCMonth() === month;
  return same && hours < 24 && minutes < 60 && seconds < 60 ? at : undefined;
}

function offsetSeconds(zone: string): number {
  const numeric = /^[+-]\d{1,4}/.exec(zone)?.[0];
  const offset = numeric === undefined ? (ZONES.get(zone) ?? 0) : Number(numeric);
  const size = Math.abs(offset);
  return Math.sign(offset) * (Math.floor(size / 100) * 3600 + (size % 100) * 60);
}
