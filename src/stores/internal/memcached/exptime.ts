/** The longest life that memcached takes for a number of seconds, 30 days. A larger number is a Unix time. */
const LONGEST_LIFE = 30 * 24 * 3600;

/** The last instant that memcached can count to, in Unix seconds. */
const LAST = 2 ** 31 - 1;

/**
 * A deadline as memcached is told it: in whole seconds, or as a Unix time where it is more than 30 days away.
 * `undefined`: it has passed. It is never 0, by which an item would live on without an end.
 */
export function exptimeOf(expiresAt: number, now: number): number | undefined {
  // By whole milliseconds: below them is what floating point leaves of a difference.
  const life = Math.ceil(Math.round(expiresAt - now) / 1000);
  if (!(life > 0)) return undefined;
  if (life <= LONGEST_LIFE) return life;
  const end = Math.min(Math.floor(expiresAt / 1000), LAST);
  return end - now / 1000 > LONGEST_LIFE ? end : LONGEST_LIFE;
}
