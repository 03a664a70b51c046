import { instantOf } from "./shapes.ts";

const MONTHS = [
  ["jan", "january"],
  ["feb", "february"],
  ["mar", "march"],
  ["apr", "april"],
  ["may"],
  ["jun", "june"],
  ["jul", "july"],
  ["aug", "august"],
  ["sep", "september"],
  ["oct", "october"],
  ["nov", "november"],
  ["dec", "december"],
];
const DAY_NAMES = new Set(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);
const ZONES = new Map([
  ["ut", 0],
  ["utc", 0],
  ["gmt", 0],
  ["z", 0],
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

interface Fields {
  day: string;
  month: string;
  year: string;
  time: string;
  zone: string;
}

/**
 * The instant of a date as mail and HTTP spell it (RFC 5322, RFC 850, asctime), as forgiving as Python's `email.utils`:
 * without a zone it is UTC, a year below 69 is of this century and one below 100 of the last. `undefined` when it is none.
 */
export function parseMailDate(text: string): Date | undefined {
  const fields = fieldsOf(
    text
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== ""),
  );
  if (!fields) return undefined;
  const month = MONTHS.findIndex((names) => names.includes(fields.month));
  const [year, day] = [integerOf(fields.year), integerOf(fields.day)];
  const time = timeOf(fields.time);
  const offset = offsetOf(fields.zone);
  if (month < 0 || year === undefined || day === undefined || !time || offset === undefined) return undefined;
  const seconds = utcSeconds(fullYear(year), month, day, time);
  return seconds === undefined ? undefined : instantOf(seconds - offset, 0);
}

function fieldsOf(words: string[]): Fields | undefined {
  const [first = "", ...rest] = words;
  const named = first.endsWith(",") || DAY_NAMES.has(first);
  const parts = named ? rest : [first.slice(first.lastIndexOf(",") + 1), ...rest];
  const dashed = parts.length === 3 ? (parts[0] ?? "").split("-") : [];
  const five = withZone(dashed.length === 3 ? [...dashed, ...parts.slice(1)] : parts);
  return five && inTheirPlaces(five);
}

/** A zone that is written onto the time, or none at all, gets a place of its own. */
function withZone(parts: string[]): string[] | undefined {
  if (parts.length !== 4) return parts.length < 4 ? undefined : parts;
  const [time = ""] = parts.slice(3);
  const plus = time.indexOf("+");
  const at = plus < 0 ? time.indexOf("-") : plus;
  return at > 0 ? [...parts.slice(0, 3), time.slice(0, at), time.slice(at)] : [...parts, ""];
}

/** Month and day, year and time, year and zone may have changed places. */
function inTheirPlaces([one = "", two = "", three = "", four = "", five = ""]: string[]): Fields | undefined {
  if (one === "" || two === "" || three === "") return undefined;
  const isMonth = MONTHS.some((names) => names.includes(two));
  const [day, month] = isMonth ? [one, two] : [two, one];
  const [third, time] = three.indexOf(":") > 0 ? [four, three] : [three, four];
  const year = third.replace(/,$/, "");
  const [yearText, zone] = /^\d/.test(year) ? [year, five] : [five, year];
  return { day: day.replace(/,$/, ""), month, year: yearText, time: time.replace(/,$/, ""), zone };
}

/** Hours, minutes and seconds; the parts may be parted by points instead. */
function timeOf(text: string): [hours: number, minutes: number, seconds: number] | undefined {
  const parts = text.includes(":") ? text.split(":") : text.split(".");
  if (parts.length < 2 || parts.length > 3) return undefined;
  const [hours, minutes, seconds = 0] = parts.map(integerOf);
  if (hours === undefined || minutes === undefined || parts.map(integerOf).includes(undefined)) return undefined;
  return [hours, minutes, seconds];
}

/** Digits as Python's `int()` takes them. */
function integerOf(text: string): number | undefined {
  return /^[+-]?\d+(?:_\d+)*$/.test(text) ? Number(text.replaceAll("_", "")) : undefined;
}

/** Seconds east of UTC; 0 for a zone that nobody knows, `undefined` for an offset of a day or more. */
function offsetOf(zone: string): number | undefined {
  const offset = ZONES.get(zone) ?? integerOf(zone) ?? 0;
  const size = Math.abs(offset);
  const seconds = Math.sign(offset) * (Math.floor(size / 100) * 3600 + (size % 100) * 60);
  return Math.abs(seconds) < 86_400 ? seconds : undefined;
}

function fullYear(year: number): number {
  if (year >= 100) return year;
  return year > 68 ? 1900 + year : 2000 + year;
}

/** `undefined` where a field is out of its range; `Date.UTC` would carry it over. */
function utcSeconds(year: number, month: number, day: number, time: [number, number, number]): number | undefined {
  const [hours, minutes, seconds] = time;
  const at = new Date(Date.UTC(2000, month, 1, hours, minutes, seconds));
  at.setUTCFullYear(year, month, day);
  const kept = at.getUTCFullYear() === year && at.getUTCMonth() === month && at.getUTCDate() === day;
  const inRange = [hours, minutes, seconds].every((part, n) => part >= 0 && part < (n === 0 ? 24 : 60));
  return kept && inRange && year >= 1 && year <= 9999 ? at.getTime() / 1000 : undefined;
}
