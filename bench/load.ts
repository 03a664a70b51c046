/** Many requests at once, by autocannon, over the loopback. */
import autocannon from "autocannon";

/** How many connections ask at the same time; each has a session of its own. */
export const CONNECTIONS = 32;

/** Milliseconds between two looks at whether all are answered. */
const LOOK = 5;

/** Sends so many requests, each connection with its own cookie; gives the seconds from the first to the last answer. */
export async function load(url: string, cookies: readonly (string | undefined)[], amount: number): Promise<number> {
  const next = cookies.values();
  const answered: number[] = [];
  const run = autocannon({
    url,
    amount,
    connections: CONNECTIONS,
    sampleInt: LOOK,
    setupClient(client) {
      const cookie = next.next().value;
      if (cookie !== undefined) client.setHeaders({ cookie });
    },
  });
  run.on("response", () => answered.push(performance.now()));
  const { non2xx, errors } = await run;
  if (non2xx + errors > 0) throw new Error(`${url}: ${non2xx} answers were no success, ${errors} requests failed`);
  return ((answered.at(-1) ?? 0) - (answered[0] ?? 0)) / 1000;
}
