/**
 * `npm run races -- [--seed n]`: the same races against Flagon and against its peers, each in a process of its own, over
 * one Redis. Prints two tables, and exits with 1 if Flagon lost anything.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { createClient } from "redis";
import { startRedis } from "../../scripts/engines/index.mjs";
import { engineFor } from "../../scripts/vectors/engine.ts";
import { type Control, allAnswers } from "./answers.ts";
import { type Shuffle, shuffleBy } from "./dice.ts";
import { frozen } from "./frozen.ts";
import { type Gate, openGate } from "./gate.ts";
import { FLAGON, PEERS, type Peer, startPeer, versions } from "./peers.ts";
import { allRaces } from "./races.ts";
import { type Findings, answersTable, racesTable } from "./report.ts";

const SIZES = { crowd: 50, rounds: 10, sessions: 100 };
/** Milliseconds, for the column in which the Redis client has a limit. */
const CLIENT_TIMEOUT = 2000;

const { values } = parseArgs({ options: { seed: { type: "string", default: `${Date.now() % 1_000_000}` } } });

console.log(
  `Node ${process.version}, ${cpus().length} cores, loopback. Again: npm run races -- --seed ${values.seed}\n`,
);
console.log(versions().join("\n"));
await engineFor("flask");
const gate = await openGate();
try {
  const findings = await allFindings(gate, shuffleBy(Number(values.seed)));
  console.log(`\n${racesTable(findings)}\n\n${answersTable(findings)}`);
  process.exitCode = findings.some(isOursAndLost) ? 1 : 0;
} finally {
  gate.stop();
}

async function allFindings(at: Gate, shuffle: Shuffle): Promise<Findings[]> {
  const redis = await startRedis();
  const control = await createClient({ url: redis.url }).connect();
  const found: Omit<Findings, "frozen" | "frozenWithLimit">[] = [];
  for (const peer of PEERS) found.push({ title: peer.title, ...(await visit(peer, redis.url, control, at, shuffle)) });
  control.destroy();
  await redis.stop();
  const asTheyCome = await frozen(PEERS, at);
  const limited = await frozen(PEERS, at, CLIENT_TIMEOUT);
  return found.map((each, n) => ({ ...each, frozen: asTheyCome[n] ?? "", frozenWithLimit: limited[n] ?? "" }));
}

async function visit(
  peer: Peer,
  redisUrl: string,
  control: Control,
  at: Gate,
  shuffle: Shuffle,
): Promise<Pick<Findings, "races" | "answers">> {
  const host = await startPeer(peer, { redisUrl, gateUrl: at.url });
  try {
    const place = { host, gate: at, shuffle };
    return { races: await allRaces(place, SIZES), answers: await allAnswers(place, control) };
  } finally {
    await host.stop();
  }
}

function isOursAndLost({ title, races }: Findings): boolean {
  return title === FLAGON.title && Object.values(races).some(({ wrong, refused }) => wrong + refused > 0);
}
