import { sessions } from "../../../src/index.ts";
import { sha256 } from "../../../src/crypto/bytes.ts";
import type { Listable, Store } from "../../../src/store.ts";
import { type Browser, browser } from "../../../src/testing/browser.ts";
import { listen } from "../../adapters/servers.ts";
import { flagon } from "../../cli/flagon.ts";
import { configOver, folderWith, removeFolders } from "../../cli/folder.ts";
import { type Cluster, KEYS, startCluster } from "../../servers/cluster.ts";
import type { Figure, Ground, Row } from "../figure.ts";
import { PLACES, groundOf } from "../places.ts";
import { type Choose, chooseBy, oneOf } from "../schedules/random.ts";

const ADAPTERS = ["express", "express, lazy", "node, lazy", "fetch"] as const;

/** The command line moves sessions while visitors of four server processes use them. */
export const moves: Figure = {
  goals: "moving",
  title: "flagon migrate --delete beside four live processes: each session is used in the middle of its move",
  places: ["postgres"],
  needs: "redis",
  times: { deep: 500, short: 24 },
  columns: ["from", "to", "sessions", "moved by the command", "there already or gone", "as it should be"],
  async run(ground) {
    const old = await groundOf("redis");
    const cluster = await startCluster(ground, ADAPTERS, { from: { place: "redis", address: old.address } });
    const [from, to] = [await PLACES["redis"]?.open(old.address), await PLACES[ground.place]?.open(ground.address)];
    try {
      const site = { cluster, from: from?.store as Store & Listable, to: to?.store as Store };
      return [await rowOf(ground, old.address, site)];
    } finally {
      await cluster.stop();
      for (const opened of [from, to]) await opened?.close();
      await old.stop();
      removeFolders();
    }
  },
};

interface Site {
  readonly cluster: Cluster;
  readonly from: Store & Listable;
  readonly to: Store;
}

async function rowOf({ place, address, times, seed }: Ground, old: string, site: Site): Promise<Row> {
  const choose = chooseBy(seed);
  const visits = sessions<Record<string, unknown>>({ store: site.from, keys: KEYS });
  const visitors: Visitor[] = [];
  for (let n = 0; n < times; n++) visitors.push(await Visitor.begin(visits, site, `${seed}-${n}`, choose));
  const control = await listen((request, response) => {
    const key = new URL(request.url ?? "/", "http://control").searchParams.get("key");
    const visitor = visitors.find((each) => each.key === key);
    void Promise.resolve(visitor?.reached()).then(() => response.end());
  });
  const folder = folderWith(heldConfig(control.url, old, [place, address]));
  const run = async (...more: string[]) => {
    const ran = await flagon(
      folder,
      "migrate",
      "--from",
      "old",
      "--to",
      "fresh",
      "--delete",
      "--json",
      "--quiet",
      ...more,
    );
    if (ran.out === "") throw new Error(`flagon migrate ended with ${ran.code}: ${ran.err}`);
    return JSON.parse(ran.out) as Record<string, number>;
  };
  const [first, second] = [await run(), await run()];
  await control.close();
  const wrong = (await Promise.all(visitors.map((visitor) => visitor.faults(visits)))).flat();
  for await (const [key] of site.from.list()) wrong.push(`the old store still has ${key.slice(0, 8)}`);
  if (second["read"] !== 0) wrong.push(`a second run found ${second["read"]}`);
  const passed = Number(first["there"]) + Number(first["gone"]);
  const cells = ["redis", place, times, Number(first["moved"]), passed, times - Math.min(times, wrong.length)];
  const [failure] = wrong;
  return failure === undefined ? { cells } : { cells, failure: `seed ${seed}: ${failure}` };
}

/** Each verb of the command line asks first whether it may go on. */
const heldConfig = (control: string, old: string, fresh: readonly [place: string, address: string]) => `
${configOver({ from: ["redis", old], to: fresh })}
const held = (store, verbs) => Object.fromEntries(verbs.map((verb) => [verb, async (key, ...rest) => {
  await fetch("${control}?key=" + key);
  return store[verb](key, ...rest);
}]));
export const old = { ...held(from, ["read", "delete"]), list: from.list.bind(from) };
export const fresh = held(to, ["create", "read", "update", "delete"]);
`;

/** What a visitor does in the middle of the move of their session, and what it holds from then on. */
const ACTS: Readonly<
  Record<string, { paths: readonly string[]; held?: true; data?: object; fresh?: true; over?: true }>
> = {
  read: { paths: ["/read"] },
  set: { paths: ["/set/pen"], data: { pen: 1 } },
  count: { paths: ["/count/n"], data: { count: 1 } },
  "three at once": { paths: ["/count/n", "/count/n", "/set/ink"], data: { count: 2, ink: 1 } },
  "a count by who had it loaded before": { paths: ["/count/n"], held: true, data: { count: 1 } },
  "a new id": { paths: ["/regenerate"], fresh: true },
  login: { paths: ["/login/bob"], fresh: true, data: { left: "bob", right: "bob" } },
  logout: { paths: ["/destroy"], over: true },
  "a logout beside a count": { paths: ["/destroy", "/count/n"], over: true },
};

/** So many calls of stores are the most that a move takes. */
const STEPS = 7;

/** Somebody with a session in the old store. */
class Visitor {
  readonly #site: Site;
  readonly #name: string;
  readonly #cookie: string;
  readonly #tab: Browser;
  readonly #act: string;
  readonly #step: number;
  #reached = 0;
  #late: Promise<unknown> | undefined;
  readonly key: string;

  private constructor(site: Site, name: string, id: string, cookie: string, choose: Choose) {
    [this.#site, this.#name, this.#cookie, this.key] = [site, name, cookie, sha256(id)];
    this.#tab = browser(site.cluster.url);
    [this.#act, this.#step] = [oneOf(Object.keys(ACTS), choose), 1 + choose(STEPS)];
  }

  static async begin(visits: Visits, site: Site, name: string, choose: Choose): Promise<Visitor> {
    const session = await visits.open({ cookie: undefined, secure: false });
    session["owner"] = name;
    const { headers } = await visits.save(session);
    const cookie = headers.find(([field]) => field === "Set-Cookie")?.[1].split(";")[0] ?? "";
    const visitor = new Visitor(site, name, session.id, cookie, choose);
    if (ACTS[visitor.#act]?.held) {
      visitor.#late = visitor.#tab.visit(`/count/n/load/${name}`, { cookie });
      await site.cluster.held(name);
    }
    return visitor;
  }

  /** The command line has reached another step of this session's move, and waits. */
  async reached(): Promise<void> {
    if (++this.#reached === this.#step) await this.#go();
  }

  async #go(): Promise<void> {
    this.#site.cluster.letThrough(this.#name);
    if (this.#late) await this.#late;
    else await Promise.all(ACTS[this.#act]?.paths.map((path) => this.#visit(path)) ?? []);
  }

  async #visit(path: string): Promise<void> {
    const { status, text } = await this.#tab.visit(path, { cookie: this.#cookie });
    if (status !== 200) throw new Error(`${path} was answered with ${status}: ${text}`);
  }

  /** What is not as the visitor left it, at the servers and by the new store alone. */
  async faults(visits: Visits): Promise<string[]> {
    // Some moves take fewer steps.
    if (this.#reached < this.#step) await this.#go();
    const { data = {}, fresh, over } = ACTS[this.#act] ?? {};
    const alone = sessions<Record<string, unknown>>({ store: this.#site.to, keys: KEYS });
    const whole = { owner: this.#name, ...data };
    const cookies = fresh ? [[this.#cookie, {}] as const, [this.#tab.cookies() ?? "", whole] as const] : [];
    const expected = cookies.length > 0 ? cookies : [[this.#cookie, over ? {} : whole] as const];
    const faults: string[] = [];
    for (const [cookie, wanted] of expected) {
      const { isNew: _isNew, ...seen } = JSON.parse((await this.#tab.visit("/read", { cookie })).text) as object & {
        isNew: boolean;
      };
      const left = { ...(await alone.open({ cookie, secure: false })) };
      const had = { ...(await visits.open({ cookie, secure: false })) };
      const found = [sorted(seen), sorted(left), sorted(had)];
      if (found[0] === sorted(wanted) && found[1] === sorted(wanted) && found[2] === "[]") continue;
      faults.push(`${this.#act} at step ${this.#step}: ${found.join(" ")}, not ${sorted(wanted)}`);
    }
    return faults;
  }
}

type Visits = ReturnType<typeof sessions<Record<string, unknown>>>;

function sorted(data: object): string {
  return JSON.stringify(Object.entries(data).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
