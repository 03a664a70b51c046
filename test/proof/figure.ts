/** What a figure of the security page is shown by, so that all are asked for and told in one way. */

import type { EngineName } from "../../scripts/engines/index.mjs";

/** Where and how a figure is to be shown. */
export interface Ground {
  /** One of `PLACES`; an empty text for a figure that brings its own. */
  readonly place: string;
  /** Where the place's engine is, or the folder that it may use. */
  readonly address: string;
  /** How many of whatever the figure counts. */
  readonly times: number;
  /** What all that is random begins with: the same seed, the same run. */
  readonly seed: number;
}

/** A line of what came out. */
export interface Row {
  readonly cells: readonly (string | number)[];
  /** Why the figure was not reached: with all that is needed to see it again. */
  readonly failure?: string;
}

/** A figure to reach, and how it is measured. */
export interface Figure {
  /** Its numbers in the list of goals: `G1 G2`. */
  readonly goals: string;
  readonly title: string;
  /** Names of `PLACES` where it is shown; none: once, in a folder of its own. */
  readonly places: readonly string[];
  /** What has to be there besides the place. */
  readonly needs?: EngineName;
  /** Those of them where the short run shows it. Default: all. */
  readonly shortPlaces?: readonly string[];
  /** How many in a deep run, and in the short one that CI makes; `slow`: in that one, at places that take their time. */
  readonly times: {
    readonly deep: number;
    readonly short: number;
    readonly slow?: Readonly<Record<string, number>>;
  };
  readonly columns: readonly string[];
  run(ground: Ground): Promise<Row[]>;
}

/** How many in the short run at a place. */
export function shortOf({ times }: Pick<Figure, "times">, place: string): number {
  return times.slow?.[place] ?? times.short;
}

/** The figure as a table in Markdown, line by line as it comes. */
export function tell(line: Figure["columns"] | Row["cells"]): void {
  console.log(`| ${line.join(" | ")} |`);
}
