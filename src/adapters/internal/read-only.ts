import type { Controls, Session } from "../../core/session.ts";
import { SessionError } from "../../errors.ts";

const CHANGES: ReadonlySet<PropertyKey> = new Set<keyof Controls>([
  "clear",
  "destroy",
  "flash",
  "pop",
  "regenerate",
  "setDefault",
  "takeFlashes",
  "update",
]);

/** A view of a session in which every change throws `READ_ONLY` with this reason. */
export function readOnly<T extends object>(session: Session<T>, reason: string): Session<T> {
  const refuse = (): never => {
    throw new SessionError("READ_ONLY", reason);
  };
  return new Proxy(session, {
    get: (target, key) => (CHANGES.has(key) ? refuse : readFrom(target, key)),
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  });
}

/** A control works on the session that it was taken from. */
function readFrom(session: object, key: PropertyKey): unknown {
  const value: unknown = Reflect.get(session, key);
  return typeof value === "function" ? (value.bind(session) as unknown) : value;
}
