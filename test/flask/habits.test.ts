import { describe, expect, test } from "vitest";
import { settingsOf } from "../../src/flask/config.ts";
import { storedHabits } from "../../src/flask/habits.ts";

const NOW = 1_714_979_289_250.999;

/** The end of a record of this type that is saved now. */
function deadlineOf(type: string, lifetime: number, now = NOW): number {
  const habits = storedHabits(settingsOf({ SESSION_TYPE: type, PERMANENT_SESSION_LIFETIME: lifetime }));
  const facts = { isNew: true, modified: true, permanent: true, staleCookie: false };
  return habits.deadline({ ...facts, now, createdAt: now, expiresAt: undefined });
}

describe("the deadline of a record", () => {
  test.each(["redis", "memcached", "filesystem", "cachelib"])("of %s counts whole seconds", (type) => {
    expect(deadlineOf(type, 60.9)).toBe(NOW + 60_000);
  });

  test.each(["mongodb", "sqlalchemy", "postgresql", "dynamodb"])("of %s keeps the fraction of the lifetime", (type) => {
    expect(deadlineOf(type, 3600)).toBe(1_714_982_889_250.999);
    expect(deadlineOf(type, 60.9)).toBe(1_714_979_350_150.999);
    expect(deadlineOf(type, 0.1239)).toBe(1_714_979_289_374.899);
  });

  test("adds the decimals that were given, not those of the binary fraction", () => {
    // 1.001 * 1000 is 1000.9999999999999.
    expect(deadlineOf("mongodb", 1.001, 1_714_979_289_000)).toBe(1_714_979_290_001);
  });
});
