import { msgpack } from "../../../src/codecs/msgpack.ts";
import { asExpressStore } from "../../../src/compat/express-session/as-express-store.ts";
import type { Listable, Store } from "../../../src/store.ts";
import { type Browser, type Page, browser } from "../../../src/testing/browser.ts";
import { listen } from "../../adapters/servers.ts";
import { expressSessionApp, ironSessionApp } from "../../compat/applications.ts";
import { type Cluster, startCluster } from "../../servers/cluster.ts";
import { OLD_SECRET } from "../../servers/formers.ts";
import type { Figure, Ground, Row } from "../figure.ts";
import { PLACES } from "../places.ts";
import { type Choose, chooseBy, shuffled } from "../schedules/random.ts";

const ADAPTERS = ["express", "express, lazy", "node, lazy", "fetch"] as const;
/** Requests of one browser that come with its old cookie at once. */
const AT_ONCE = 8;

/** The old applications, each over the real library. */
const OLD = {
  "iron-session": () => ironSessionApp({ password: OLD_SECRET }),
  "express-session": (store: Store) => expressSessionApp({ secret: OLD_SECRET, store: asExpressStore(store) }),
};

/** Old cookies that come to four server processes at once, and again after the logout. */
export const adoptions: Figure = {
  goals: "adopting",
  title:
    "an old cookie at four processes at once, eager and lazy, in random order: one session, and none after its end",
  places: ["file", "sqlite", "redis", "postgres", "mariadb", "mongo", "dynamo"],
  shortPlaces: ["redis", "postgres"],
  times: { deep: 200, short: 4 },
  columns: ["store", "cookies of", "old logins", "requests", "as it should be"],
  async run(ground) {
    const cluster = await startCluster(ground, ADAPTERS, { adopts: true });
    const opened = await PLACES[ground.place]?.open(ground.address);
    const store = opened?.store as Store & Listable;
    try {
      const rows: Row[] = [];
      for (const library of Object.keys(OLD) as (keyof typeof OLD)[]) {
        rows.push(await rowOf(ground, { cluster, store, library, choose: chooseBy(ground.seed) }));
      }
      return rows;
    } finally {
      await cluster.stop();
      await opened?.close();
    }
  },
};

interface Site {
  readonly cluster: Cluster;
  readonly store: Store & Listable;
  readonly library: keyof typeof OLD;
  readonly choose: Choose;
}

async function rowOf({ place, times, seed }: Ground, site: Site): Promise<Row> {
  const [failures, requests] = [[] as string[], { count: 0 }];
  let wrong = 0;
  const old = await listen(OLD[site.library](site.store));
  for (let round = 0; round < times; round++) {
    const login = await new Login(site, old.url, `${site.library}${round}`, requests).begin();
    const found = [...(await login.adopted()), ...(await login.ended())];
    if (found.length > 0) wrong++;
    failures.push(...found);
  }
  await old.close();
  const cells = [place, site.library, times, requests.count, times - wrong];
  const [failure] = failures;
  return failure === undefined ? { cells } : { cells, failure: `${place}, seed ${seed}: ${failure}` };
}

/** Somebody who was logged in at the old application when the servers changed. */
class Login {
  readonly #site: Site;
  readonly #old: Browser;
  readonly #name: string;
  readonly #requests: { count: number };
  #former = "";
  #ours = "";
  /** What is under way until the session has ended: it found no session of ours yet, or it has that one. */
  #late: Promise<Page>[] = [];

  constructor(site: Site, old: string, name: string, requests: { count: number }) {
    [this.#site, this.#old, this.#name, this.#requests] = [site, browser(old), name, requests];
  }

  async begin(): Promise<this> {
    await this.#old.visit("/login");
    this.#former = this.#old.cookies() ?? "";
    return this;
  }

  /** All find no session of ours, and go on in two groups: the second begins to adopt when the first is through. */
  async adopted(): Promise<string[]> {
    const { cluster, choose } = this.#site;
    const gates = Array.from({ length: AT_ONCE }, (_, n) => `${this.#name}-${n}`);
    const answers = gates.map((gate) => this.#visit("/count/n", `${this.#former}; gate=${gate}`));
    this.#late = [this.#visit("/read", `${this.#former}; gate=${this.#name}-slow`)];
    await this.#held([...gates, `${this.#name}-slow`].map((gate) => `${gate}-1`));
    const order = shuffled(gates, choose);
    const first = 1 + choose(AT_ONCE);
    for (const group of [order.slice(0, first), order.slice(first)]) {
      for (const gate of group) cluster.letThrough(`${gate}-1`);
      await this.#held(group.map((gate) => `${gate}-2`));
      for (const gate of shuffled(group, choose)) cluster.letThrough(`${gate}-2`);
      await Promise.all(group.map(async (gate) => answers[gates.indexOf(gate)]));
    }
    return this.#faultsOf(await Promise.all(answers));
  }

  async #faultsOf(pages: readonly Page[]): Promise<string[]> {
    const ids = new Set(
      pages.map(({ setCookies }) => setCookies.find((line) => line.startsWith("sid="))?.split(";")[0]),
    );
    const isRemoved = pages.every(({ setCookies }) => setCookies.some((line) => line.includes("Max-Age=0")));
    this.#ours = [...ids].join("; ");
    const data = parsed(await this.#visit("/read", this.#ours));
    const found = {
      ids: ids.size,
      isRemoved,
      user: data["user"],
      count: data["count"],
      records: await this.#records(),
    };
    return this.#unlike(found, { ids: 1, isRemoved: true, user: "ada", count: AT_ONCE, records: "1 live, 0 old" });
  }

  /** The session ends while others are on their way: with the session, and with the old cookie alone. */
  async ended(): Promise<string[]> {
    const { cluster, choose } = this.#site;
    const held = `${this.#name}-held`;
    this.#late.push(this.#visit(`/set/late/load/${held}`, this.#former));
    await cluster.held(held);
    await this.#visit("/destroy", [this.#ours, this.#former][choose(2)] ?? "");
    cluster.letThrough(held);
    cluster.letThrough(`${this.#name}-slow-1`);
    await this.#held([`${this.#name}-slow-2`]);
    cluster.letThrough(`${this.#name}-slow-2`);
    const late = await Promise.all(this.#late);
    const again = await Promise.all([this.#former, this.#ours].flatMap((cookie) => this.#everywhere(cookie)));
    const isOver = again.every((page) => parsed(page)["isNew"] === true && parsed(page)["user"] === undefined);
    const given = [...late, ...again].flatMap(({ setCookies }) => setCookies).filter((line) => /^sid=[^;]/.test(line));
    const [slow] = late;
    const found = { slow: slow && parsed(slow)["user"], isOver, given: given.length, records: await this.#records() };
    return this.#unlike(found, { slow: undefined, isOver: true, given: 0, records: "0 live, 0 old" });
  }

  #everywhere(cookie: string): Promise<Page>[] {
    return this.#site.cluster.servers.map(() => this.#visit("/read", cookie));
  }

  async #visit(path: string, cookie: string): Promise<Page> {
    this.#requests.count++;
    const page = await browser(this.#site.cluster.url).visit(path, { cookie });
    if (page.status !== 200) throw new Error(`${path} was answered with ${page.status}: ${page.text}`);
    return page;
  }

  async #held(gates: readonly string[]): Promise<void> {
    await Promise.all(gates.map((gate) => this.#site.cluster.held(gate)));
  }

  /** What the store holds of logins: nobody else is logged in. */
  async #records(): Promise<string> {
    const count = { live: 0, old: 0 };
    for await (const [, { value }] of this.#site.store.list()) {
      if (Buffer.from(value).toString().startsWith('{"cookie"')) count.old++;
      else if (userIn(value) === "ada") count.live++;
    }
    return `${count.live} live, ${count.old} old`;
  }

  #unlike(found: object, expected: object): string[] {
    const [is, should] = [JSON.stringify(found), JSON.stringify(expected)];
    return is === should ? [] : [`${this.#name}: ${is}, not ${should}`];
  }
}

function parsed({ text }: Page): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

/** Whose a record is; other figures may have left anything. */
function userIn(value: Uint8Array): unknown {
  try {
    return msgpack().decode(value)?.get("user");
  } catch {
    return undefined;
  }
}
