import { ADOPTING } from "./adopting.ts";
import { CORE } from "./core.ts";
import type { Mutant } from "./mutant.ts";
import { STORES } from "./stores.ts";

/** All planted faults. */
export const MUTANTS: readonly Mutant[] = [...CORE, ...ADOPTING, ...STORES];
