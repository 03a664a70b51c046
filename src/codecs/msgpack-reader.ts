import { MAX_DEPTH, isPlainObject } from "./codec.ts";
import { TIMESTAMP } from "./msgpack-writer.ts";
import { integerOf } from "./numbers.ts";
import { Extension, Tuple } from "./python.ts";
import { Floats, MapBuilder, inheritShape, instantOf } from "./shapes.ts";

/** The one value in MessagePack bytes; the root comes as a `Map` where it is a map. Throws for anything else. */
export function readMsgpack(bytes: Uint8Array): unknown {
  return new Reader(bytes).root();
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
