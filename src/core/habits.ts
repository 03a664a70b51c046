import type { Data } from "../codecs/codec.ts";
import { type Timeouts, expiryOf } from "./expiry.ts";
import { newStamp } from "./id.ts";
import { ORIGIN_KEY } from "./adoption.ts";
import { LEASE_KEY } from "./lease.ts";
import { RENEWAL_KEYS } from "./renewal.ts";
import type { DataHabits } from "./state.ts";

/** What is known of a session that is to be saved. Instants are epoch milliseconds. */
export interface Facts {
  now: number;
  isNew: boolean;
  /** Whether its data has to be written. */
  modified: boolean;
  permanent: boolean;
  createdAt: number;
  /** As it was loaded; `undefined` for a new session. */
  expiresAt: number | undefined;
  /** Whether its cookie was made with a previous key. */
  staleCookie: boolean;
}

/** What a save is to do for a session that lives on. */
export interface Plan {
  /** Whether the store is asked at all. */
  write: boolean;
  /** Whether the cookie is set. */
  cookie: boolean;
}

/** What differs between kinds of session: when they begin, are empty, are written, end. */
export interface Habits extends DataHabits {
  /** The data of a new session. */
  begin(now: number): Data;
  /** Whether loaded data is of a session that can still be alive, as far as the data itself tells. */
  isLive(data: Data, now: number): boolean;
  /** When a loaded session began, in epoch milliseconds; `undefined` where nothing tells. */
  createdAt(data: Data): number | undefined;
  isEmpty(data: Data): boolean;
  plan(facts: Facts): Plan;
  /** The instant at which a session that is saved now ends. */
  deadline(facts: Facts): number;
  /** The instant that the cookie tells the browser; `undefined`: it ends with the browser. */
  cookieExpiresAt(facts: Facts): number | undefined;
  /** Whether data is written again on every request, looked at or not. */
  rewrites: boolean;
  /** Whether the changes of a request whose handler threw are saved. */
  savesFailed: boolean;
  /** Whether the cookie of an emptied session is removed although the request had none. */
  removesAlways: boolean;
  /** Whether caches are told to keep away from a response that sets the cookie. */
  guardsCaches: boolean;
}

const PERMANENT = "_permanent";
const CREATED_AT = "_createdAt";
/** No name that an application would choose; short, since it is in every record that `update` was called on. */
const UPDATE = "_u~";
const OURS: ReadonlySet<unknown> = new Set([CREATED_AT, UPDATE, LEASE_KEY, ORIGIN_KEY, ...RENEWAL_KEYS]);
/** By how much the clocks of two machines may differ. */
const SKEW = 5 * 60 * 1000;

/** The habits of our own sessions: nothing is written, sent or renewed before it is due. */
export function ownHabits(timeouts: Timeouts | undefined): Habits & { longest: number } {
  const expiry = expiryOf(timeouts);
  return {
    tracked: false,
    keepsPermanent: false,
    rewrites: false,
    savesFailed: false,
    removesAlways: false,
    guardsCaches: true,
    longest: expiry.longest,
    pair: (category, message) => [category, message],
    isOurs,
    stamp: (bookkeeping) => void bookkeeping.set(UPDATE, newStamp()),
    begin: (now) => new Map([[CREATED_AT, now]]),
    isLive: (data, now) => {
      const createdAt = createdAtOf(data);
      return createdAt !== undefined && createdAt <= now + SKEW && now < expiry.latest(createdAt, isPermanent(data));
    },
    createdAt: createdAtOf,
    isEmpty: (data) => [...data.keys()].every((key) => isOurs(key) || key === PERMANENT),
    deadline: ({ now, createdAt, permanent }) => expiry.deadline(now, createdAt, permanent),
    cookieExpiresAt: ({ now, createdAt, permanent }) => {
      return permanent ? expiry.deadline(now, createdAt, permanent) : undefined;
    },
    plan({ now, isNew, modified, permanent, createdAt, expiresAt, staleCookie }) {
      const due = expiresAt !== undefined && expiry.isDue(now, createdAt, permanent, expiresAt);
      return { write: modified || due, cookie: (isNew && modified) || staleCookie || (permanent && (modified || due)) };
    },
  };
}

function isOurs(key: unknown): boolean {
  return OURS.has(key);
}

/** `undefined` for what is no instant: then the session counts as over, since nothing would ever end it. */
function createdAtOf(data: Data): number | undefined {
  const value = data.get(CREATED_AT);
  return Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : undefined;
}

function isPermanent(data: Data): boolean {
  return data.get(PERMANENT) === true;
}
