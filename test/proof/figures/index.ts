import type { Figure } from "../figure.ts";
import { crashes } from "./crashes.ts";
import { crowds } from "./crowds.ts";
import { diskFaults } from "./disk-faults.ts";
import { fullDisks } from "./full-disks.ts";
import { races } from "./races.ts";

/** All figures, in the order of their numbers, by the names they are asked for. */
export const FIGURES: Readonly<Record<string, Figure>> = {
  races,
  crowds,
  crashes,
  "disk-faults": diskFaults,
  "full-disks": fullDisks,
};
