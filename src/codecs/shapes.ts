/**
 * What plain JavaScript values forget of the bytes they came from, kept beside them: which whole numbers were floats,
 * the order of keys that an object sorts, the microseconds of an instant. A value that was changed since has no such
 * memory, so a codec writes what the value is now.
 */

interface Shape {
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

/** Remembers that the numbers under these keys of `container`, and these keys themselves, were floats. */
export function rememberFloats(
  container: object,
  floats: ReadonlyMap<unknown, number>,
  floatKeys: ReadonlySet<number> = NO_KEYS,
): void {
  if (floats.size + floatKeys.size === 0) return;
  shapes.set(container, { order: shapes.get(container)?.order, floats, floatKeys });
}

/** Whether the number under `key` still is the float that was read there. */
export function wasFloat(container: object, key: unknown, value: number): boolean {
  return shapes.get(container)?.floats.get(key) === value;
}

/** Whether a key of a `Map` is one that was read as a float. */
export function wasFloatKey(container: object, key: number): boolean {
  return shapes.get(container)?.floatKeys.has(key) === true;
}

/** Lets `copy` remember what `original` does: for a container that was filled anew with the same keys. */
export function inheritShape(original: object, copy: object): void {
  const shape = shapes.get(original);
  if (shape) shapes.set(copy, shape);
}

/** A decoded map as JavaScript has it: an object if all its keys are text, else the `Map` itself. */
export function mapOf(entries: Map<unknown, unknown>): object {
  for (const key of entries.keys()) if (typeof key !== "string") return entries;
  return objectOf(entries as Map<string, unknown>);
}

/** Whether a key is one that an object tells before all others, by size. */
export function isIndex(key: string): boolean {
  return INDEX.test(key);
}

const INDEX = /^(?:0|[1-9]\d{0,9})$/;

/** An object of these entries. `__proto__` is a key like any other; the entries' order is remembered. */
function objectOf(entries: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  let sorted = false;
  for (const [key, value] of entries) {
    setOwn(object, key, value);
    sorted ||= isIndex(key);
  }
  if (sorted) shapes.set(object, { floats: NO_FLOATS, floatKeys: NO_KEYS, order: [...entries.keys()] });
  return object;
}

/** Sets a property of the object itself, whatever its prototype has under that name. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (object as Record<string, unknown>)[key] = value;
  }
}

/** The keys of an object in the order they were read in; those added since come last. */
export function orderedKeys(object: object): string[] {
  const keys = Object.keys(object);
  const order = shapes.get(object)?.order;
  if (!order) return keys;
  const present = new Set(keys);
  const known = order.filter((key) => present.delete(key));
  return [...known, ...present];
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
