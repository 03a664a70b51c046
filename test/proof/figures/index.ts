import type { Figure } from "../figure.ts";
import { afterwards } from "./afterwards.ts";
import { lines } from "./lines.ts";
import { outages } from "./outages.ts";
import { responses } from "./responses.ts";
import { races } from "./races.ts";
import { replies } from "./replies.ts";

/** All figures, in the order of their numbers, by the names they are asked for. */
export const FIGURES: Readonly<Record<string, Figure>> = {
  races,
  replies,
  responses,
  outages,
  lines,
  afterwards,
};
