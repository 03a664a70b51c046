/**
 * What a pickle is made of while it is read. Its parts refer to each other before they are whole, so they become plain
 * values only afterwards (`plain.ts`). Text, integers, booleans, null and bytes stand for themselves, a `Float` for a float.
 */

/** Thrown for a pickle that is damaged, or holds more than plain data. Names an opcode or a class, never data. */
export class UnreadablePickle extends Error {
  override readonly name = "UnreadablePickle";
}

/** What Python has for several values in a row. */
export class Sequence {
  readonly kind: "list" | "tuple" | "set" | "frozenset";
  readonly items: unknown[];
  constructor(kind: Sequence["kind"], items: unknown[]) {
    this.kind = kind;
    this.items = items;
  }
}

/** A dict, as the assignments that filled it. */
export class Dict {
  readonly keys: unknown[] = [];
  readonly values: unknown[] = [];

  set(key: unknown, value: unknown): void {
    this.keys.push(key);
    this.values.push(value);
  }
}

/** The name of a class or a function: a name, and nothing that could be called. */
export class Name {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A UUID, whose number comes after it. */
export class PickledUuid {
  number: bigint | undefined;
}

/** A `timedelta`: as Python has it, only the days may be negative. */
export class Duration {
  readonly seconds: number;
  readonly micros: number;
  constructor(seconds: number, micros: number) {
    this.seconds = seconds;
    this.micros = micros;
  }
}

/** A `timezone`, by its offset from UTC. */
export class Zone {
  readonly offset: Duration;
  constructor(offset: Duration) {
    this.offset = offset;
  }
}
