/**
 * `npm run proof -- [places] [--changes n]`: four processes change one session at once, on every store that several
 * processes can share. Prints a line for each, and exits with 1 if anything was lost or counted twice.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { engineFor } from "../../scripts/vectors/engine.ts";
import { PLACES } from "./places.ts";
import { race } from "./race.ts";

const { values, positionals } = parseArgs({
  options: { changes: { type: "string", default: "5000" } },
  allowPositionals: true,
});
const total = Number(values.changes);
const names = positionals.length > 0 ? positionals : Object.keys(PLACES);
let failed = false;

console.log("| store | changes | acknowledged | found | refused once | tries for a change | most tries |");
console.log("| --- | --- | --: | --: | --: | --: | --: |");
for (const name of names) {
  const { address, stop } = await placeOf(name);
  await PLACES[name]?.prepare?.(address);
  for (const [kind, title] of [
    ["keys", "a key of its own"],
    ["count", "`update` of one number"],
  ] as const) {
    const { acknowledged, found, refused, tries, mostTries } = await race(name, address, kind, total);
    failed ||= acknowledged !== total || found !== total;
    const each = (tries / total).toFixed(1);
    console.log(
      `| ${name} | ${title} | ${acknowledged} of ${total} | ${found} | ${refused} | ${each} | ${mostTries} |`,
    );
  }
  await stop();
}
process.exitCode = failed ? 1 : 0;

async function placeOf(name: string): Promise<{ address: string; stop(): unknown }> {
  const place = PLACES[name];
  if (!place) throw new Error(`there is no place of the name ${name}; there are: ${Object.keys(PLACES).join(" ")}`);
  if (place.engine === undefined) {
    const address = mkdtempSync(join(tmpdir(), "flagon-proof-"));
    return { address, stop: () => rmSync(address, { recursive: true, force: true }) };
  }
  const access: { url?: string; server?: string; stop(): unknown } = await engineFor(place.engine);
  return { address: access.url ?? access.server ?? "", stop: () => access.stop() };
}
