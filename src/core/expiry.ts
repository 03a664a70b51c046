import { SessionError } from "../errors.ts";
import { checkOptions } from "./options.ts";

/** How long a session lives, in seconds. */
export interface Timeouts {
  /** Since the last request that was counted. Default: 1800 (30 minutes). */
  idle?: number;
  /** Since the session began, whatever happens. Default: 86400 (24 hours). */
  absolute?: number;
  /** Takes the place of both for sessions with `permanent` set ("remember me"). Default: `idle` and `absolute` hold. */
  permanent?: number;
}

/** Turns seconds into instants: the only place that does. All instants are epoch milliseconds. */
export interface Expiry {
  /** The instant at which both timeouts say that the end has come. */
  deadline(now: number, createdAt: number, permanent: boolean): number;
  /** The instant at which the session ends whatever happens. */
  latest(createdAt: number, permanent: boolean): number;
  /** Whether the deadline should be moved: a tenth of the idle time has passed since it was. */
  isDue(now: number, createdAt: number, permanent: boolean, expiresAt: number): boolean;
  /** The longest that a session can live, in seconds. */
  longest: number;
}

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
/** The share of the idle time that passes before a session is counted as used again. */
const TOUCH_SHARE = 10;

/** Checks the timeouts and does their sums. Throws `CONFIG` for what is no positive number of seconds. */
export function expiryOf(timeouts: Timeouts = {}): Expiry {
  checkOptions("timeouts", timeouts, ["idle", "absolute", "permanent"]);
  const idle = millisecondsOf("timeouts.idle", timeouts.idle ?? 30 * MINUTE);
  const absolute = millisecondsOf("timeouts.absolute", timeouts.absolute ?? DAY);
  const permanentSpan =
    timeouts.permanent === undefined ? undefined : millisecondsOf("timeouts.permanent", timeouts.permanent);
  const idleFor = (permanent: boolean) => (permanent ? (permanentSpan ?? idle) : idle);
  const absoluteFor = (permanent: boolean) => (permanent ? (permanentSpan ?? absolute) : absolute);
  const latest: Expiry["latest"] = (createdAt, permanent) => createdAt + absoluteFor(permanent);
  const deadline: Expiry["deadline"] = (now, createdAt, permanent) => {
    return Math.min(now + idleFor(permanent), latest(createdAt, permanent));
  };

  return {
    latest,
    deadline,
    isDue(now, createdAt, permanent, expiresAt) {
      return deadline(now, createdAt, permanent) - expiresAt >= idleFor(permanent) / TOUCH_SHARE;
    },
    longest: Math.ceil(Math.max(idle, absolute, permanentSpan ?? 0) / 1000),
  };
}

/** Milliseconds of an option in seconds. Throws `CONFIG` for what is no positive number of them. */
export function millisecondsOf(option: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value * 1000;
  throw new SessionError("CONFIG", `${option} is ${String(value)}; give a positive number of seconds`);
}
