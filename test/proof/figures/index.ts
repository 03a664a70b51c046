import type { Figure } from "../figure.ts";
import { aborts } from "./aborts.ts";
import { clocks } from "./clocks.ts";
import { crashes } from "./crashes.ts";
import { crowds } from "./crowds.ts";
import { diskFaults } from "./disk-faults.ts";
import { fullDisks } from "./full-disks.ts";
import { histories } from "./histories.ts";
import { lifetimes } from "./lifetimes.ts";
import { memory } from "./memory.ts";
import { model } from "./model.ts";
import { races } from "./races.ts";
import { renewals } from "./renewals.ts";
import { revivals } from "./revivals.ts";
import { rotations } from "./rotations.ts";
import { servers } from "./servers.ts";
import { shutdowns } from "./shutdowns.ts";
import { afterwards } from "./afterwards.ts";
import { lines } from "./lines.ts";
import { outages } from "./outages.ts";
import { responses } from "./responses.ts";
import { replies } from "./replies.ts";

/** All figures, in the order of their numbers, by the names they are asked for. */
export const FIGURES: Readonly<Record<string, Figure>> = {
  races,
  revivals,
  rotations,
  renewals,
  servers,
  aborts,
  shutdowns,
  replies,
  responses,
  outages,
  lines,
  afterwards,
  crowds,
  crashes,
  "disk-faults": diskFaults,
  "full-disks": fullDisks,
  model,
  memory,
  histories,
  lifetimes,
  clocks,
};
