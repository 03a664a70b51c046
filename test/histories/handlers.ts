/** What handlers may do, at random. */
import fc from "fast-check";
import type { Deed } from "./lineage.ts";
import type { Handler } from "./visitor.ts";

/** Told apart by fast-check's own numbers, which are small for choice otherwise: the same seed, the same items. */
const item = fc.noShrink(fc.noBias(fc.nat({ max: 100_000_000 }))).map((n) => `i${n}`);
const key = fc.constantFrom("a", "b");

const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ act: fc.constant("append" as const), key: fc.constant("log"), item }),
  fc.record({ act: fc.constant("set" as const), key, item }),
  fc.record({ act: fc.constant("remove" as const), key }),
);

/** Each does something, or there would be nothing to save. So many save for one that ends the session. */
export function handlers(saves: number): fc.Arbitrary<Handler> {
  return fc.record({
    deeds: fc.array(deed, { minLength: 1, maxLength: 3 }).map(oneForEachKey),
    end: fc.oneof(
      { weight: saves, arbitrary: fc.constant("save" as const) },
      { weight: Math.ceil(saves / 5), arbitrary: fc.constant("regenerate" as const) },
      { weight: 1, arbitrary: fc.constant("destroy" as const) },
    ),
  });
}

/** Two deeds of one key are one to a merge, which is another question. */
function oneForEachKey(deeds: readonly Deed[]): Deed[] {
  return [...new Map(deeds.map((one) => [one.key, one])).values()];
}
