import { integerOf } from "../numbers.ts";
import { Float } from "../python.ts";
import type { Input } from "./input.ts";
import { UnreadablePickle } from "./nodes.ts";

/** An integer has no more digits, and no more bytes: reading it as text takes quadratic time, and Python refuses that. */
const MAX_DIGITS = 4300;
const MAX_INTEGER_BYTES = 1786;

/** `-12`, or what older protocols have for booleans: `01` and `00`. */
export function readInt(line: string): boolean | number | bigint {
  return line === "01" || line === "00" ? line === "01" : readDigits(line);
}

/** `12L`, where the letter is that of Python 2. */
export function readLong(line: string): number | bigint {
  return readDigits(line.endsWith("L") ? line.slice(0, -1) : line);
}

function readDigits(text: string): number | bigint {
  if (text.length > MAX_DIGITS || !/^-?\d+$/.test(text)) throw new UnreadablePickle("an integer cannot be read");
  return integerOf(BigInt(text));
}

/** An integer in two's complement, little-endian. */
export function readTwosComplement(bytes: Buffer): number | bigint {
  if (bytes.byteLength > MAX_INTEGER_BYTES) throw new UnreadablePickle("an integer is too large");
  const hex = Buffer.from(bytes.toReversed()).toString("hex");
  return integerOf(BigInt.asIntN(bytes.byteLength * 8, BigInt(`0x0${hex}`)));
}

const FLOAT = /^[+-]?\d{1,20}(?:\.\d{0,30})?(?:e[+-]?\d{1,4})?$/i;
const SPECIAL = new Map([
  ["nan", Number.NaN],
  ["inf", Number.POSITIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
]);

/** Python's `repr` of a float. */
export function readFloat(line: string): Float {
  const value = SPECIAL.get(line) ?? (FLOAT.test(line) ? Number(line) : undefined);
  if (value === undefined) throw new UnreadablePickle("a float cannot be read");
  return new Float(value);
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text as UTF-8, in which Python also has halves of surrogate pairs (`surrogatepass`). */
export function readUtf8(input: Input, size: number): string {
  const bytes = input.take(size);
  try {
    return UTF8.decode(bytes);
  } catch {
    input.spend(size);
    return withSurrogates(bytes.toString("latin1"));
  }
}

/** The three bytes of half a surrogate pair, each as a character. */
const SURROGATE = /(\xed[\xa0-\xbf][\x80-\xbf])/;

function withSurrogates(latin1: string): string {
  const parts = latin1.split(SURROGATE);
  return parts.map((part, index) => (index % 2 === 0 ? decodeStrictly(part) : surrogateOf(part))).join("");
}

function decodeStrictly(latin1: string): string {
  try {
    return UTF8.decode(Buffer.from(latin1, "latin1"));
  } catch {
    throw new UnreadablePickle("text is not UTF-8");
  }
}

function surrogateOf(part: string): string {
  return String.fromCharCode(0xd000 | ((part.charCodeAt(1) & 0x3f) << 6) | (part.charCodeAt(2) & 0x3f));
}

const RAW_ESCAPE = /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|([^]))/g;

/** Python's `raw-unicode-escape`: Latin-1, in which only `\uxxxx` and `\Uxxxxxxxx` mean something. */
export function readRawUnicode(input: Input): string {
  return lineToUnescape(input).replaceAll(RAW_ESCAPE, (escape, short?: string, long?: string, other?: string) => {
    if (other !== undefined && other !== "u" && other !== "U") return escape;
    const code = Number.parseInt(short ?? long ?? "", 16);
    if (!(code <= 0x10ffff)) throw new UnreadablePickle("text has an escape that is none");
    return String.fromCodePoint(code);
  });
}

const QUOTED_ESCAPE = /\\(?:x([\da-fA-F]{2})|([^]))/g;
const ESCAPES = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
]);

/** The `repr` of a `str` of Python 2. */
export function readQuoted(input: Input): string {
  const line = lineToUnescape(input);
  const isQuoted = line.length >= 2 && /^['"]/.test(line) && line.startsWith(line.at(-1) ?? "");
  if (!isQuoted) throw new UnreadablePickle("text is not quoted");
  return ascii(
    line.slice(1, -1).replaceAll(QUOTED_ESCAPE, (escape, hex?: string, char?: string) => {
      return hex === undefined ? (ESCAPES.get(char ?? "") ?? escape) : String.fromCharCode(Number.parseInt(hex, 16));
    }),
  );
}

/** Text of Python 2, which Python 3 takes if it is ASCII. */
export function ascii(text: string): string {
  if (/[^\x00-\x7f]/.test(text)) throw new UnreadablePickle("text of Python 2 is not ASCII");
  return text;
}

/** A line with escapes, of which each character is looked at. */
function lineToUnescape(input: Input): string {
  const line = input.line();
  input.spend(line.length);
  return line;
}
