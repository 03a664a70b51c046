import type { Figure } from "../figure.ts";
import { histories } from "./histories.ts";
import { lifetimes } from "./lifetimes.ts";
import { memory } from "./memory.ts";
import { model } from "./model.ts";
import { races } from "./races.ts";

/** All figures, in the order of their numbers, by the names they are asked for. */
export const FIGURES: Readonly<Record<string, Figure>> = {
  races,
  model,
  memory,
  histories,
  lifetimes,
};
