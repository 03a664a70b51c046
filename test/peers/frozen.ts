/** What a visitor is told when Redis is stopped as it stands: nothing is closed, nothing answers. */
import { kill } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { startRedis } from "../../scripts/engines/index.mjs";
import { shuffleBy } from "./dice.ts";
import type { Gate } from "./gate.ts";
import { type Peer, startPeer } from "./peers.ts";
import { type Visitor, logIn } from "./place.ts";

/** How many seconds a visitor waits for an answer. */
const PATIENCE = 6;

/** The answer to a page that reads its session, for each of these peers; one freeze for all of them. */
export async function frozen(peers: readonly Peer[], gate: Gate, clientTimeout?: number): Promise<string[]> {
  const redis = await startRedis();
  const means = { redisUrl: redis.url, gateUrl: gate.url, ...(clientTimeout && { clientTimeout }) };
  const hosts = await Promise.all(peers.map((peer) => startPeer(peer, means)));
  try {
    const visitors = await Promise.all(hosts.map((host) => logIn({ host, gate, shuffle: shuffleBy(0) })));
    kill(redis.pid, "SIGSTOP");
    return await Promise.all(visitors.map(answerTo));
  } finally {
    kill(redis.pid, "SIGCONT");
    await Promise.all(hosts.map((host) => host.stop()));
    await redis.stop();
  }
}

async function answerTo({ browser, cookie }: Visitor): Promise<string> {
  const start = performance.now();
  const answer = browser.visit("/read", { cookie }).then(
    ({ status }) => `${status} after ${((performance.now() - start) / 1000).toFixed(1)} s`,
    () => "connection closed",
  );
  return Promise.race([answer, sleep(PATIENCE * 1000, `none in ${PATIENCE} s`)]);
}
