/** The last instant that all three engines can keep, and one that a `Date` can hold. */
export const LAST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** An instant as SQLAlchemy writes it into SQLite, and as every engine takes it: UTC, always six digits of the second. */
export function textOf(instant: number): string {
  const ms = instant > LAST ? LAST : instant >= 0 ? instant : 0;
  const whole = Math.floor(ms);
  const micros = Math.min(Math.round((ms - whole) * 1000), 999);
  return `${new Date(whole).toISOString().replace("T", " ").slice(0, -1)}${String(micros).padStart(3, "0")}`;
}

const TEXT = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/;

/** The instant of such a text, in milliseconds with their fraction; `NaN` for another text. */
export function instantOf(text: string): number {
  const [, date, time, fraction = ""] = TEXT.exec(text) ?? [];
  return Date.parse(`${date}T${time}Z`) + Number(fraction.padEnd(6, "0")) / 1000;
}
