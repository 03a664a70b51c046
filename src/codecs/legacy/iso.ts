/** Python's dates, times and durations that JavaScript has no type for, as the text that msgspec writes (ISO 8601). */

/** `2024-02-29`. */
export function dateText(year: number, month: number, day: number): string {
  return [String(year).padStart(4, "0"), two(month), two(day)].join("-");
}

/** `07:08:09`, with microseconds where there are any. */
export function timeText(hour: number, minute: number, second: number, micros: number): string {
  const fraction = micros === 0 ? "" : `.${String(micros).padStart(6, "0")}`;
  return `${two(hour)}:${two(minute)}:${two(second)}${fraction}`;
}

/** `Z` or `+05:30`: an offset from UTC in seconds, to the nearest minute; half a one is dropped, and so is a whole day. */
export function offsetText(seconds: number): string {
  const minutes = Math.ceil((Math.abs(seconds) - 30) / 60);
  if (minutes <= 0 || minutes === 24 * 60) return "Z";
  return `${seconds < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

const DAY = 24 * 3600;

/** `P1DT2.000003S`: days and seconds. The microseconds are never negative, as in Python. */
export function durationText(seconds: number, micros: number): string {
  const negative = seconds < 0;
  const borrowed = negative && micros > 0;
  const size = borrowed ? -seconds - 1 : Math.abs(seconds);
  const fraction = borrowed ? 1_000_000 - micros : micros;
  const days = Math.floor(size / DAY);
  const rest = restText(size % DAY, fraction);
  return `${negative ? "-" : ""}P${days > 0 || rest === "" ? `${days}D` : ""}${rest}`;
}

function restText(seconds: number, micros: number): string {
  if (seconds === 0 && micros === 0) return "";
  const fraction = micros === 0 ? "" : `.${String(micros).padStart(6, "0").replace(/0+$/, "")}`;
  return `T${seconds}${fraction}S`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
