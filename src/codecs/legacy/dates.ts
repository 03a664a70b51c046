import { instantOf } from "../shapes.ts";
import { dateText, offsetText, timeText } from "./iso.ts";
import { Duration, UnreadablePickle, Zone } from "./nodes.ts";

const FIRST_YEAR = 1;
const LAST_YEAR = 9999;
/** The bit that tells the second of two equal hours when clocks are set back; it is not part of the number. */
const NOT_FOLD = 0x7f;

/** A `datetime`: a `Date` if it knows its zone, else text. */
export function datetimeOf(state: Uint8Array, zone: Zone | undefined): Date | string {
  const bytes = bytesOf(state, 10);
  const [year, month, day] = checkedDate(bytes.readUInt16BE(0), bytes.readUInt8(2) & NOT_FOLD, bytes.readUInt8(3));
  const time = timeIn(bytes, 4);
  if (zone) return instant(daysTo(year, month, day), time, zone.offset);
  return `${dateText(year, month, day)}T${timeText(...time)}`;
}

/** A `date`. */
export function dateOf(state: Uint8Array): string {
  const bytes = bytesOf(state, 4);
  return dateText(...checkedDate(bytes.readUInt16BE(0), bytes.readUInt8(2), bytes.readUInt8(3)));
}

/** A `time`, with the offset of its zone if it has one. */
export function timeOf(state: Uint8Array, zone: Zone | undefined): string {
  const text = timeText(...timeIn(bytesOf(state, 6), 0));
  return zone ? text + offsetText(zone.offset.seconds) : text;
}

/** A `timedelta` of days, seconds and microseconds, none larger than the next in size. */
export function timedelta(days: number, seconds: number, micros: number): Duration {
  const isValid = Math.abs(days) <= 999_999_999 && isBelow(seconds, 86_400) && isBelow(micros, 1_000_000);
  if (!isValid) throw new UnreadablePickle("a timedelta is out of range");
  return new Duration(days * 86_400 + seconds, micros);
}

/** A `timezone`, less than a day from UTC. */
export function timezone(offset: Duration): Zone {
  if (Math.abs(offset.seconds) > 86_400) throw new UnreadablePickle("a timezone is out of range");
  return new Zone(offset);
}

type Time = [hour: number, minute: number, second: number, micros: number];

function timeIn(bytes: Buffer, at: number): Time {
  const hour = bytes.readUInt8(at) & NOT_FOLD;
  const [minute, second, micros] = [bytes.readUInt8(at + 1), bytes.readUInt8(at + 2), bytes.readUIntBE(at + 3, 3)];
  if (isBelow(hour, 24) && isBelow(minute, 60) && isBelow(second, 60) && isBelow(micros, 1_000_000)) {
    return [hour, minute, second, micros];
  }
  throw new UnreadablePickle("a time is out of range");
}

function instant(days: number, [hour, minute, second, micros]: Time, offset: Duration): Date {
  const borrow = micros < offset.micros ? 1 : 0;
  const seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset.seconds - borrow;
  const when = instantOf(seconds, micros - offset.micros + borrow * 1_000_000);
  const year = when.getUTCFullYear();
  if (year < FIRST_YEAR || year > LAST_YEAR) throw new UnreadablePickle("a datetime is out of range");
  return when;
}

function checkedDate(year: number, month: number, day: number): [year: number, month: number, day: number] {
  const date = new Date(daysTo(year, month, day) * 86_400_000);
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isReal || year < FIRST_YEAR || year > LAST_YEAR) throw new UnreadablePickle("a date is out of range");
  return [year, month, day];
}

/** Days since the epoch. `Date.UTC` would take a year below 100 for one of the last century. */
function daysTo(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day) / 86_400_000;
}

function bytesOf(state: Uint8Array, size: number): Buffer {
  if (state.byteLength !== size) throw new UnreadablePickle("a date or time has another length");
  return Buffer.from(state.buffer, state.byteOffset, size);
}

function isBelow(value: number, limit: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < limit;
}
