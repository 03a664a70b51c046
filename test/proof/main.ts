/**
 * `npm run proof -- [figures] [places] [--times n] [--seed n] [--short]`: shows the figures of the security page, each at
 * every place. Prints a table for each, and exits with 1 if any was not reached.
 */
import { parseArgs } from "node:util";
import { type Figure, shortOf, tell } from "./figure.ts";
import { FIGURES } from "./figures/index.ts";
import { PLACES, groundOf } from "./places.ts";

const { values, positionals } = parseArgs({
  options: { times: { type: "string" }, seed: { type: "string" }, short: { type: "boolean", default: false } },
  allowPositionals: true,
});
const known = [...Object.keys(FIGURES), ...Object.keys(PLACES)];
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`nothing is named ${unknown.join(" or ")}; there are: ${known.join(" ")}`);

const seed = Number(values.seed ?? Date.now() % 1_000_000);
const failures: string[] = [];
console.log(`seed ${seed}`);
for (const [name, figure] of Object.entries(FIGURES)) if (isAsked(name, FIGURES)) await show(figure);
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;

/** Whether a name is among those given, or none of its kind was. */
function isAsked(name: string, kind: object): boolean {
  return positionals.includes(name) || !positionals.some((given) => given in kind);
}

async function show(figure: Figure): Promise<void> {
  console.log(`\n## ${figure.goals}: ${figure.title}\n`);
  tell(figure.columns);
  tell(figure.columns.map(() => "---"));
  const shown = values.short ? (figure.shortPlaces ?? figure.places) : figure.places;
  const places = figure.places.length > 0 ? shown.filter((place) => isAsked(place, PLACES)) : [""];
  for (const place of places) {
    const { address, stop } = await groundOf(place);
    const times = Number(values.times ?? (values.short ? shortOf(figure, place) : figure.times.deep));
    const rows = await figure.run({ place, address, times, seed }).finally(stop);
    for (const { cells } of rows) tell(cells);
    failures.push(...rows.flatMap(({ failure = [] }) => failure));
  }
}
