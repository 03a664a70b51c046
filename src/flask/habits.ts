import type { Data } from "../codecs/codec.ts";
import { Tuple } from "../codecs/python.ts";
import type { Facts, Habits } from "../core/habits.ts";
import type { Settings } from "./config.ts";

const PERMANENT = "_permanent";

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
    /** The end of the lifetime by whole seconds, as a store gets it. */
    deadline: ({ now }: Facts) => now + Math.trunc(settings.lifetime) * 1000,
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
