import { type Data, MAX_DEPTH, Unencodable, forEachEntry, isPlainObject, tooDeep, unsupported } from "./codec.ts";
import { isInteger } from "./numbers.ts";
import { Extension, Float, Tuple, Uuid } from "./python.ts";
import { type Shape, orderedKeys, partsOf, shapeOf, wasFloat, wasFloatKey } from "./shapes.ts";
import { isWellFormed } from "./text.ts";

/** The extension type of timestamps (MessagePack specification, "Timestamp extension type"). */
export const TIMESTAMP = -1;
const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** Session data as MessagePack, in msgspec's forms: integers as short as they go, floats always in 64 bits. */
export function writeMsgpack(data: Data, lossy: boolean): Uint8Array {
  return new Writer(lossy).root(data);
}

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
