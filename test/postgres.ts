import pg from "pg";

/**
 * A pool whose broken connections do not end the process, whether somebody uses them or not: `end()` resolves before
 * they are closed, so that a server which stops next tells them of it.
 */
export function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(config);
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}
