/** What is asked of every contender: the kinds of request that a site gets. */

/** One kind of request. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly path: string;
  /** `valid`: of a session that is logged in; `forged`: the same with another signature. */
  readonly cookie: "none" | "valid" | "forged";
  /** Whether one cookie is good for many requests, so that it can be timed. Default: true. */
  readonly repeats?: false;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: "S0", title: "no cookie, session not used", path: "/", cookie: "none" },
  { name: "S1", title: "no cookie, one key read", path: "/read", cookie: "none" },
  { name: "S2", title: "valid cookie, session not used", path: "/", cookie: "valid" },
  { name: "S3", title: "valid cookie, one key read", path: "/read", cookie: "valid" },
  { name: "S4", title: "valid cookie, a counter raised", path: "/count", cookie: "valid" },
  { name: "S5", title: "login without a cookie", path: "/login", cookie: "none" },
  { name: "S5b", title: "login with a session of before", path: "/login", cookie: "valid", repeats: false },
  { name: "S6", title: "forged signature, session not used", path: "/", cookie: "forged" },
];

/** What is in a session that is logged in: about 245 bytes of JSON. */
export const USER = {
  id: "5f2b1c7e-8d34-4a90-b6e1-0c9d7a3f4e52",
  name: "Ada Lovelace",
  email: "ada.lovelace@example.com",
  roles: ["reader", "author", "editor"],
  locale: "en-GB",
  team: { id: 4711, name: "Analytical Engines" },
  signedInAt: "2026-11-21T08:15:30.000Z",
};

/** The data of a session here. */
export interface Visit {
  user: typeof USER;
  visits: number;
}
