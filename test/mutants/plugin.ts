import { MUTANTS } from "./index.ts";
import { mutate } from "./mutant.ts";

/** A plugin for Vite that plants the mutant whose number `FLAGON_MUTANT` is. */
export function plantMutant(number: string | undefined) {
  const mutant = number === undefined ? undefined : MUTANTS[Number(number)];
  return {
    name: "plant-mutant",
    enforce: "pre" as const,
    transform: (code: string, id: string) =>
      mutant && id.endsWith(`/src/${mutant.file}`) ? mutate(mutant, code) : undefined,
  };
}
