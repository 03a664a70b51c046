/** The object in a JSON text; `undefined` for any other text, and for any other value. */
export function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is an object with keys. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object without some of its keys, which are no application's. A key `__proto__` stays one. */
export function without(object: object, keys: readonly string[]): object {
  const kept = Object.entries(object).filter(([key]) => !keys.includes(key));
  return Object.fromEntries(kept);
}
