import {
  type Codec,
  type Data,
  MAX_DEPTH,
  Unencodable,
  dataOf,
  forEachEntry,
  isPlainObject,
  tooDeep,
  unsupported,
} from "./codec.ts";
import { integerOf, isInteger } from "./numbers.ts";
import { Extension, Float, Tuple, Uuid } from "./python.ts";
import {
  Floats,
  MapBuilder,
  type Shape,
  inheritShape,
  instantOf,
  orderedKeys,
  partsOf,
  shapeOf,
  wasFloat,
  wasFloatKey,
} from "./shapes.ts";
import { isWellFormed } from "./text.ts";

/**
 * MessagePack exactly as msgspec writes it, so the bytes are Flask-Session's.
 *
 * Text, numbers, bigints to 64 bits, booleans, null, bytes, dates, arrays and objects come back as they were, and so
 * does a `Map` with keys that are no text. With `lossy`, as in Python, a `Tuple` becomes an array and a `Uuid` its text;
 * without, they are refused.
 */
export function msgpack(options: { lossy?: boolean } = {}): Codec {
  const lossy = options.lossy === true;
  return {
    encode: (data) => new Writer(lossy).root(data),
    decode: (bytes) => dataOf(new Reader(bytes).root()),
  };
}

const TIMESTAMP = -1;
const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_INT64 = -(2n ** 63n);

class Writer {
  readonly #lossy: boolean;
  #bytes: Buffer = Buffer.allocUnsafe(512);
  #length = 0;
  #depth = 0;

  constructor(lossy: boolean) {
    this.#lossy = lossy;
  }

  root(data: Data): Uint8Array {
    const shape = shapeOf(data);
    this.#head(data.size, 0x80, 0xde);
    forEachEntry(data, (key, value) => this.#entry(shape, key, value));
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length);
  }

  #entry(shape: Shape | undefined, key: unknown, value: unknown): void {
    this.#enter();
    if (typeof key === "string") this.#text(key);
    else if (typeof key === "number" && wasFloatKey(shape, key)) this.#float(key);
    else this.#value(key, undefined, undefined);
    this.#value(value, shape, key);
    this.#depth--;
  }

  /** `shape` is that of the container in which the value stands under `key`. */
  #value(value: unknown, shape: Shape | undefined, key: unknown): void {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return isInteger(value) && !wasFloat(shape, key, value) ? this.#integer(value) : this.#float(value);
      case "boolean":
        return this.#byte(value ? 0xc3 : 0xc2);
      case "bigint":
        return this.#bigint(value);
      case "object":
        return value === null ? this.#byte(0xc0) : this.#object(value);
      default:
        throw unsupported(value);
    }
  }

  #object(value: object): void {
    if (Array.isArray(value)) return this.#array(value);
    if (isPlainObject(value)) return this.#plain(value as Record<string, unknown>);
    if (value instanceof Uint8Array) return this.#binary(value);
    if (value instanceof Date) return this.#timestamp(value);
    if (value instanceof Map) return this.#map(value);
    if (value instanceof Float) return this.#float(value.value);
    if (value instanceof Uuid && this.#lossy) return this.#text(value.text);
    if (value instanceof Extension) return this.#extension(value);
    throw unsupported(value);
  }

  #plain(value: Record<string, unknown>): void {
    const shape = shapeOf(value);
    const keys = orderedKeys(value, shape);
    const absent = keys.filter((key) => value[key] === undefined).length;
    this.#head(keys.length - absent, 0x80, 0xde);
    for (const key of keys) {
      const item = value[key];
      if (item !== undefined) this.#entry(shape, key, item);
    }
  }

  #map(value: Data): void {
    const shape = shapeOf(value);
    this.#head(value.size, 0x80, 0xde);
    for (const [key, item] of value) this.#entry(shape, key, item);
  }

  #array(items: readonly unknown[]): void {
    if (items instanceof Tuple && !this.#lossy) throw unsupported(items);
    const shape = shapeOf(items);
    this.#head(items.length, 0x90, 0xdc);
    this.#enter();
    for (let index = 0; index < items.length; index++) this.#value(items[index], shape, index);
    this.#depth--;
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH) throw tooDeep();
  }

  /** The head of an array or a map: fix form to 15 items, then 16 and 32 bits. */
  #head(size: number, fix: number, wide: number): void {
    if (size < 16) this.#byte(fix | size);
    else this.#sized(size, [undefined, wide, wide + 1]);
  }

  #text(value: string): void {
    if (!isWellFormed(value)) throw new Unencodable("its text has half of a surrogate pair, which UTF-8 cannot hold");
    const size = Buffer.byteLength(value, "utf8");
    if (size < 32) this.#byte(0xa0 | size);
    else this.#sized(size, [0xd9, 0xda, 0xdb]);
    const at = this.#reserve(size);
    if (size === value.length && size < SHORT_TEXT) {
      for (let index = 0; index < size; index++) this.#bytes[at + index] = value.charCodeAt(index);
    } else {
      this.#bytes.write(value, at, "utf8");
    }
  }

  #binary(value: Uint8Array): void {
    this.#sized(value.byteLength, [0xc4, 0xc5, 0xc6]);
    this.#raw(value);
  }

  #extension({ code, data }: Extension): void {
    const fixed = FIXED_EXTENSIONS.indexOf(data.byteLength);
    if (fixed >= 0) this.#byte(0xd4 + fixed);
    else this.#sized(data.byteLength, [0xc7, 0xc8, 0xc9]);
    const at = this.#reserve(1);
    this.#bytes.writeInt8(code, at);
    this.#raw(data);
  }

  #timestamp(value: Date): void {
    if (Number.isNaN(value.getTime())) throw new Unencodable("it holds an invalid date");
    const { seconds, micros } = partsOf(value);
    this.#extension(new Extension(TIMESTAMP, timestampBytes(seconds, micros * 1000)));
  }

  #integer(value: number): void {
    if (value >= -32 && value < 128) this.#byte(value & 0xff);
    else if (value >= 0) this.#unsigned(value);
    else this.#negative(value);
  }

  #unsigned(value: number): void {
    if (value > 0xffffffff) return this.#bigint(BigInt(value));
    this.#sized(value, [0xcc, 0xcd, 0xce]);
  }

  #negative(value: number): void {
    if (value < -0x80000000) return this.#bigint(BigInt(value));
    const bytes = value < -0x8000 ? 4 : value < -0x80 ? 2 : 1;
    this.#byte({ 1: 0xd0, 2: 0xd1, 4: 0xd2 }[bytes]);
    const at = this.#reserve(bytes);
    this.#bytes.writeIntBE(value, at, bytes);
  }

  #bigint(value: bigint): void {
    if (value > MAX_UINT64 || value < MIN_INT64) throw new Unencodable("its integer has more than 64 bits");
    const small = Number(value);
    if (small >= -0x80000000 && small <= 0xffffffff) return this.#integer(small);
    this.#byte(value < 0n ? 0xd3 : 0xcf);
    const at = this.#reserve(8);
    this.#bytes.writeBigUInt64BE(BigInt.asUintN(64, value), at);
  }

  #float(value: number): void {
    this.#byte(0xcb);
    const at = this.#reserve(8);
    this.#bytes.writeDoubleBE(value, at);
  }

  /** A size, or an unsigned integer, behind the byte that tells its width: 8, 16 or 32 bits. */
  #sized(size: number, heads: readonly [number | undefined, number, number]): void {
    const [narrow, medium, wide] = heads;
    const bytes = size < 0x100 && narrow !== undefined ? 1 : size < 0x10000 ? 2 : 4;
    this.#byte(bytes === 1 ? (narrow ?? medium) : bytes === 2 ? medium : wide);
    const at = this.#reserve(bytes);
    this.#bytes.writeUIntBE(size, at, bytes);
  }

  #byte(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  #raw(value: Uint8Array): void {
    const at = this.#reserve(value.byteLength);
    this.#bytes.set(value, at);
  }

  /** Makes room, and tells where it begins. To be called before `#bytes` is read: it may be another buffer then. */
  #reserve(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.byteLength) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.byteLength * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    return at;
  }
}

/** ASCII texts below this length are copied faster by hand than by a call into the runtime. */
const SHORT_TEXT = 40;
const FIXED_EXTENSIONS: readonly number[] = [1, 2, 4, 8, 16];

/** The MessagePack timestamp extension in its shortest form: 4, 8 or 12 bytes. */
function timestampBytes(seconds: number, nanos: number): Uint8Array {
  if (nanos === 0 && seconds >= 0 && seconds < 2 ** 32) {
    const short = Buffer.alloc(4);
    short.writeUInt32BE(seconds);
    return short;
  }
  if (seconds >= 0 && seconds < 2 ** 34) {
    const medium = Buffer.alloc(8);
    medium.writeBigUInt64BE((BigInt(nanos) << 34n) | BigInt(seconds));
    return medium;
  }
  const long = Buffer.alloc(12);
  long.writeUInt32BE(nanos);
  long.writeBigInt64BE(BigInt(seconds), 4);
  return long;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** The first second of the year 1 and the last of the year 9999. */
const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;

class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #depth = 0;
  /** Whether the value read last was a float. */
  #float = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  root(): unknown {
    const value = this.#value();
    if (this.#at !== this.#bytes.byteLength) throw new RangeError("bytes follow the end");
    return value;
  }

  #value(): unknown {
    const head = this.#uint(1);
    this.#float = false;
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 0x0f);
    if (head < 0xa0) return this.#array(head & 0x0f);
    if (head < 0xc0) return this.#text(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    return this.#wide(head);
  }

  #wide(head: number): unknown {
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return head === 0xc3;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return Uint8Array.from(this.#take(this.#uint(1 << (head - 0xc4))));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#uint(1 << (head - 0xc7)));
      case 0xca:
      case 0xcb:
        return this.#readFloat(head === 0xca ? 4 : 8);
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (head - 0xcc));
      case 0xcf:
        return integerOf(this.#take(8).readBigUInt64BE());
      case 0xd0:
      case 0xd1:
      case 0xd2:
        return this.#int(1 << (head - 0xd0));
      case 0xd3:
        return integerOf(this.#take(8).readBigInt64BE());
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (head - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#uint(1 << (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#uint(head === 0xdc ? 2 : 4));
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(head === 0xde ? 2 : 4));
      default:
        throw new RangeError("a byte that MessagePack reserves");
    }
  }

  #map(size: number): object {
    this.#enter(size * 2);
    const map = new MapBuilder(this.#depth === 1);
    for (let n = 0; n < size; n++) {
      const key = this.#key(map);
      const value = this.#value();
      map.set(key, value, this.#float);
    }
    this.#depth--;
    this.#float = false;
    return map.build();
  }

  #key(map: MapBuilder): unknown {
    const key = this.#value();
    if (typeof key === "string") return key;
    map.noteKey(key, this.#float);
    if (Array.isArray(key)) return tupleOf(key);
    if (typeof key === "object" && isUnhashable(key)) throw new TypeError("a map or an extension is the key of a map");
    return key;
  }

  #array(size: number): unknown[] {
    this.#enter(size);
    const items: unknown[] = [];
    const floats = new Floats();
    for (let index = 0; index < size; index++) {
      const value = this.#value();
      items.push(value);
      if (this.#float) floats.note(index, value, true);
    }
    this.#depth--;
    this.#float = false;
    floats.keepFor(items);
    return items;
  }

  /** A size that the rest cannot hold is refused before anything is made for it. */
  #enter(leastBytes: number): void {
    if (leastBytes > this.#bytes.byteLength - this.#at) throw new RangeError("the bytes end early");
    if (++this.#depth > MAX_DEPTH) throw new RangeError("nested too deeply");
  }

  #text(size: number): string {
    const end = this.#advance(size);
    const from = end - size;
    for (let at = from; at < end; at++) {
      if ((this.#bytes[at] ?? 0) >= 0x80) return UTF8.decode(this.#bytes.subarray(from, end));
    }
    return this.#bytes.toString("latin1", from, end);
  }

  #readFloat(size: 4 | 8): number {
    const bytes = this.#take(size);
    this.#float = true;
    return size === 4 ? bytes.readFloatBE() : bytes.readDoubleBE();
  }

  #extension(size: number): unknown {
    const code = this.#int(1);
    const data = this.#take(size);
    return code === TIMESTAMP ? readTimestamp(data) : new Extension(code, Uint8Array.from(data));
  }

  #uint(size: number): number {
    const end = this.#advance(size);
    return size === 1 ? (this.#bytes[end - 1] ?? 0) : this.#bytes.readUIntBE(end - size, size);
  }

  #int(size: number): number {
    return this.#bytes.readIntBE(this.#advance(size) - size, size);
  }

  #take(size: number): Buffer {
    const end = this.#advance(size);
    return this.#bytes.subarray(end - size, end);
  }

  /** Goes over as many bytes, and tells where they end. */
  #advance(size: number): number {
    this.#at += size;
    if (this.#at > this.#bytes.byteLength) throw new RangeError("the bytes end early");
    return this.#at;
  }
}

function tupleOf(items: unknown[]): Tuple {
  const tuple: Tuple = Tuple.from(items);
  inheritShape(items, tuple);
  return tuple;
}

/** Whether Python cannot take a value as a key. */
function isUnhashable(key: object | null): boolean {
  return key !== null && (key instanceof Map || key instanceof Extension || isPlainObject(key));
}

/** An instant of the years 1 to 9999, as Python has them; nanoseconds are rounded to microseconds. */
function readTimestamp(data: Buffer): Date {
  const { seconds, nanos } = timestampParts(data);
  const micros = Math.round(nanos / 1000);
  if (nanos >= 1e9 || seconds < FIRST_SECOND || seconds > LAST_SECOND) throw new RangeError("a timestamp out of range");
  return instantOf(seconds, micros);
}

function timestampParts(data: Buffer): { seconds: number; nanos: number } {
  switch (data.byteLength) {
    case 4:
      return { seconds: data.readUInt32BE(), nanos: 0 };
    case 8: {
      const both = data.readBigUInt64BE();
      return { seconds: Number(both & (2n ** 34n - 1n)), nanos: Number(both >> 34n) };
    }
    case 12:
      return { seconds: Number(data.readBigInt64BE(4)), nanos: data.readUInt32BE() };
    default:
      throw new RangeError("a timestamp of another length");
  }
}
