import type { Data } from "../codecs/codec.ts";
import { Tuple } from "../codecs/python.ts";
import type { Facts, Habits } from "../core/habits.ts";
import type { Settings } from "./config.ts";

const PERMANENT = "_permanent";

/** The types whose records end to the microsecond. Where the others keep theirs, whole seconds are counted. */
const EXACT = new Set(["mongodb", "sqlalchemy", "postgresql", "dynamodb"]);

/** The shortest lifetime that a record of the type can have, in seconds. */
export function shortestLifetime(type: string | undefined): number {
  return isExact(type) ? 0.001 : 1;
}

function isExact(type: string | undefined): boolean {
  return type !== undefined && EXACT.has(type);
}

/** The end of the lifetime, as a store gets it: with the microseconds of a Python `timedelta`, or by whole seconds. */
function deadlineOf({ type, lifetime }: Settings, now: number): number {
  return now + (isExact(type) ? Math.round(lifetime * 1_000_000) / 1000 : Math.trunc(lifetime) * 1000);
}

/** What both of Flask's kinds of session do alike: assignments are tracked, and the headers are Flask's. */
function flaskHabits(settings: Settings) {
  return {
    tracked: true,
    rewrites: settings.refreshEachRequest,
    savesFailed: true,
    removesAlways: true,
    guardsCaches: false,
    pair: (category: string, message: unknown) => Tuple.of<unknown>(category, message),
    isOurs: () => false,
    isLive: () => true,
    createdAt: () => undefined,
    deadline: ({ now }: Facts) => deadlineOf(settings, now),
    cookieExpiresAt: ({ now, permanent }: Facts) => (permanent ? now + settings.lifetime * 1000 : undefined),
  };
}

/** `SecureCookieSessionInterface.save_session` of Flask 3.1. */
export function signedCookieHabits(settings: Settings): Habits {
  return {
    ...flaskHabits(settings),
    keepsPermanent: false,
    begin: () => new Map(),
    isEmpty: (data) => data.size === 0,
    plan: ({ modified, permanent }) => ({
      write: false,
      cookie: modified || (permanent && settings.refreshEachRequest),
    }),
  };
}

/** `ServerSideSessionInterface.save_session` of Flask-Session 0.8. */
export function storedHabits(settings: Settings): Habits {
  return {
    ...flaskHabits(settings),
    keepsPermanent: true,
    begin: (): Data => new Map(settings.permanent ? [[PERMANENT, true]] : []),
    isEmpty: (data) => [...data.keys()].every((key) => key === PERMANENT),
    plan: ({ modified, permanent }) => ({
      write: modified || settings.refreshEachRequest,
      cookie: modified || (permanent && settings.refreshEachRequest),
    }),
  };
}
