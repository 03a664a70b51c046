/**
 * Whether a request may wait for what another request began. Not in workerd: it cancels one that has nothing under way of
 * its own, and drops what a request began when that is over.
 */
export const requestsMayMeet: boolean = agent() !== "Cloudflare-Workers";

function agent(): unknown {
  const { navigator } = globalThis as { navigator?: { userAgent?: unknown } };
  return navigator?.userAgent;
}
