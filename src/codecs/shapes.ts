/**
 * What plain JavaScript values forget of the bytes they came from, kept beside them: which whole numbers were floats,
 * the order of keys that an object sorts, the microseconds of an instant. A value that was changed since has no such
 * memory, so a codec writes what the value is now.
 */

import { isInteger } from "./numbers.ts";

/** What one container forgot. */
export interface Shape {
  /** The whole numbers that were floats, by the key or index they stand under. */
  floats: ReadonlyMap<unknown, number>;
  /** The whole numbers among the keys that were floats. */
  floatKeys: ReadonlySet<number>;
  /** All keys in their order, where an object would tell another. */
  order: readonly string[] | undefined;
}

const shapes = new WeakMap<object, Shape>();
const instants = new WeakMap<Date, { time: number; micros: number }>();

const NO_FLOATS: ReadonlyMap<unknown, number> = new Map();
const NO_KEYS: ReadonlySet<number> = new Set();

/** Remembers that the number under `key` of a container was a float. */
export function rememberFloat(container: object, key: unknown, value: number): void {
  shapes.set(container, { floats: new Map([[key, value]]), floatKeys: NO_KEYS, order: undefined });
}

/** What is remembered of a container; `undefined` for most. */
export function shapeOf(container: object): Shape | undefined {
  return shapes.get(container);
}

/** Whether the number under `key` still is the float that was read there. */
export function wasFloat(shape: Shape | undefined, key: unknown, value: number): boolean {
  return shape !== undefined && shape.floats.get(key) === value;
}

/** Whether a key of a `Map` is one that was read as a float. */
export function wasFloatKey(shape: Shape | undefined, key: number): boolean {
  return shape !== undefined && shape.floatKeys.has(key);
}

/** Lets `copy` remember what `original` does: for a container that was filled anew with the same keys. */
export function inheritShape(original: object, copy: object): void {
  const shape = shapes.get(original);
  if (shape) shapes.set(copy, shape);
}

/** Whether a key is one that an object tells before all others, by size. */
export function isIndex(key: string): boolean {
  return INDEX.test(key);
}

const INDEX = /^(?:0|[1-9]\d{0,9})$/;

/** Sets a property of the object itself, whatever its prototype has under that name. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (object as Record<string, unknown>)[key] = value;
  }
}

/** The keys of an object in the order they were read in; those added since come last. */
export function orderedKeys(object: object, shape: Shape | undefined): string[] {
  const keys = Object.keys(object);
  if (!shape?.order) return keys;
  const present = new Set(keys);
  const known = shape.order.filter((key) => present.delete(key));
  return [...known, ...present];
}

/** Notes which numbers were floats while a container is read, and has it remember them. */
export class Floats {
  #floats: Map<unknown, number> | undefined;
  #keys: Set<number> | undefined;

  /** A later value under the same key takes the place of an earlier one. */
  note(key: unknown, value: unknown, isFloat: boolean): void {
    if (isFloat && isInteger(value as number)) (this.#floats ??= new Map<unknown, number>()).set(key, value as number);
    else this.#floats?.delete(key);
  }

  noteKey(key: unknown, isFloat: boolean): void {
    if (isFloat && isInteger(key as number)) (this.#keys ??= new Set<number>()).add(key as number);
  }

  keepFor(container: object, order?: readonly string[]): void {
    if (!this.#floats && !this.#keys && !order) return;
    shapes.set(container, { floats: this.#floats ?? NO_FLOATS, floatKeys: this.#keys ?? NO_KEYS, order });
  }
}

/** Gathers the entries of a map that is read: an object if all its keys are text, else a `Map`. */
export class MapBuilder {
  readonly #floats: Floats = new Floats();
  #object: Record<string, unknown> = {};
  #map: Map<unknown, unknown> | undefined;
  #order: string[] | undefined;

  /** With `asMap` it will be a `Map` whatever its keys are. */
  constructor(asMap: boolean) {
    if (asMap) this.#map = new Map();
  }

  noteKey(key: unknown, isFloat: boolean): void {
    this.#floats.noteKey(key, isFloat);
  }

  set(key: unknown, value: unknown, isFloat: boolean): void {
    this.#floats.note(key, value, isFloat);
    if (typeof key === "string" && !this.#map) this.#setOwn(key, value);
    else this.#asMap().set(key, value);
  }

  build(): object {
    const built = this.#map ?? this.#object;
    this.#floats.keepFor(built, this.#map ? undefined : this.#order);
    return built;
  }

  #setOwn(key: string, value: unknown): void {
    if (!this.#order && isIndex(key)) this.#order = Object.keys(this.#object);
    if (this.#order && !Object.hasOwn(this.#object, key)) this.#order.push(key);
    setOwn(this.#object, key, value);
  }

  #asMap(): Map<unknown, unknown> {
    const keys = this.#order ?? Object.keys(this.#object);
    this.#map ??= new Map(keys.map((key) => [key, this.#object[key]]));
    return this.#map;
  }
}

/** An instant with microseconds, of which a `Date` shows the milliseconds. */
export function instantOf(seconds: number, micros: number): Date {
  const date = new Date(seconds * 1000 + Math.floor(micros / 1000));
  if (micros % 1000 !== 0) instants.set(date, { time: date.getTime(), micros });
  return date;
}

/** Whole seconds since the epoch, and the microseconds behind them. */
export function partsOf(date: Date): { seconds: number; micros: number } {
  const time = date.getTime();
  const seconds = Math.floor(time / 1000);
  const known = instants.get(date);
  return { seconds, micros: known?.time === time ? known.micros : (time - seconds * 1000) * 1000 };
}
