/** Four processes on one place, with different adapters, behind a balancer. */
import type { Ground } from "../proof/figure.ts";
import type { AdapterName } from "./adapters.ts";
import { startBalancer } from "./balancer.ts";
import { type Plan, ServerProcess } from "./process.ts";

const ADAPTERS: readonly AdapterName[] = ["express", "node", "fetch", "express"];
/** What all processes sign by. */
export const KEYS = { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" };

export interface Cluster {
  /** Where the balancer is. */
  readonly url: string;
  readonly servers: readonly ServerProcess[];
  /** Resolves when a request waits at the gate, whichever process has it. */
  held(gate: string): Promise<unknown>;
  letThrough(gate: string): void;
  stop(): Promise<void>;
}

export async function startCluster(
  { place, address }: Pick<Ground, "place" | "address">,
  adapters: readonly AdapterName[] = ADAPTERS,
  more: Pick<Plan, "adopts" | "from"> = {},
): Promise<Cluster> {
  const plans = adapters.map((adapter) => ({ place, address, adapter, keys: KEYS, ...more }));
  const servers = await Promise.all(plans.map((plan) => ServerProcess.start(plan)));
  const balancer = await startBalancer(servers.map(({ url }) => url));
  return {
    url: balancer.url,
    servers,
    held: (gate) => Promise.any(servers.map((server) => server.held(gate))),
    letThrough(gate) {
      for (const server of servers) server.letThrough(gate);
    },
    async stop() {
      await balancer.close();
      for (const server of servers) await server.stop();
    },
  };
}
