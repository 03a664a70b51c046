import { inflateSync } from "node:zlib";
import { type ResponseHeaders, applyHeaders } from "../../src/core/headers.ts";
import type { SessionInterface } from "../../src/core/interface.ts";
import type { Session } from "../../src/core/session.ts";
import { markFailed, stateOf } from "../../src/core/state.ts";
import { SessionError } from "../../src/errors.ts";
import { type FlaskSessionOptions, flaskSession } from "../../src/flask/flask.ts";
import { type Reason, type Verdict, all, compared, failed } from "./differences.ts";
import { fromNotation, toldLoosely } from "./notation.ts";
import { type Operation, operate } from "./operations.ts";
import type { Case, Suite, TestRedis, Tools } from "./suite.ts";

interface Scenario extends Case {
  config: Readonly<Record<string, unknown>>;
  steps: readonly Step[];
}

interface Step {
  clock: number;
  before?: readonly Operation[];
  ops: readonly Operation[];
  after_request?: readonly Operation[];
  response_headers?: readonly (readonly [string, string])[];
  path?: string;
  method?: string;
  expect: Expected;
}

interface Expected {
  cookie_sent: string | null;
  status: number;
  results: readonly unknown[];
  set_cookie: readonly string[];
  vary: readonly string[];
  ids_generated?: readonly string[];
  store?: Readonly<Record<string, { value_b64: string; ttl: number }>>;
}

interface Startup extends Case {
  config: Readonly<Record<string, unknown>>;
  result: "ok" | "exception";
}

/** Scripted requests with the exact headers of Flask, or of Flask-Session and the whole of its store. */
export function lifecycle(stored: boolean): Suite {
  return {
    ...(stored && { engine: "redis" }),
    groups: {
      scenarios: (example, tools) => scenario(example as Scenario, stored, tools),
      startup: (example) => startup(example as Startup),
    },
  };
}

async function scenario(example: Scenario, stored: boolean, tools: Tools): Promise<Verdict> {
  const reason = differs(example, stored);
  if (reason) return { notApplicable: reason };
  const app = new App(example.config, stored ? await tools.redis() : undefined);
  for (const [index, step] of example.steps.entries()) {
    const verdict = await app.run(step);
    if ("why" in verdict) return failed(`step ${index + 1}: ${verdict.why}`);
    if ("notApplicable" in verdict) return verdict;
  }
  return { passed: true };
}

/** Why a scenario cannot go as in Flask; `undefined` when it must. */
function differs({ config, steps }: Scenario, stored: boolean): Reason | undefined {
  const names = steps.flatMap(({ ops }) => ops.map(([name]) => name));
  const refused = refusedAtCreation(config, stored);
  if (refused) return steps.some(({ expect }) => expect.status >= 500) ? "told at creation" : undefined;
  const refreshes = stored && config["SESSION_REFRESH_EACH_REQUEST"] !== false;
  const nested = steps.some(({ ops }) => changesWithin(ops) && !ops.some(([name]) => name === "set_modified"));
  if (nested && !refreshes) return "nested changes";
  if (stored && names.includes("inner")) return "parallel requests";
  return steps.some(({ expect }) => expect.set_cookie.some(isOversized)) ? "cookie size" : undefined;
}

function refusedAtCreation(config: Scenario["config"], stored: boolean): boolean {
  try {
    sessionsFor(
      config,
      stored ? { callBuffer: () => undefined, on: () => undefined } : undefined,
      () => 0,
      () => "",
    );
    return false;
  } catch (error) {
    return error instanceof SessionError && error.code === "CONFIG";
  }
}

function changesWithin(ops: readonly Operation[]): boolean {
  return ops.some(([name]) => name === "list_append" || name === "nested_set");
}

function isOversized(line: string): boolean {
  return (line.split(";")[0] ?? "").length > 4097;
}

function sessionsFor(
  config: Readonly<Record<string, unknown>>,
  client: object | undefined,
  now: () => number,
  createId: () => string,
): SessionInterface<Record<string, unknown>> {
  const typed = Object.fromEntries(Object.entries(config).map(([key, value]) => [key, fromNotation(value)]));
  const type = client && { SESSION_TYPE: "redis", SESSION_REDIS: client };
  const options: FlaskSessionOptions = { clock: { now }, createId, migrateFrom: "pickle" };
  return flaskSession<Record<string, unknown>>({ ...typed, ...type }, options);
}

/** An application under test: its configuration, its clock, its store. */
class App {
  readonly #redis: TestRedis | undefined;
  #config: Readonly<Record<string, unknown>>;
  #now = 0;
  #ids: string[] = [];

  constructor(config: Readonly<Record<string, unknown>>, redis: TestRedis | undefined) {
    this.#config = config;
    this.#redis = redis;
  }

  async run(step: Step): Promise<Verdict> {
    this.#now = step.clock * 1000;
    for (const act of step.before ?? []) await this.#prepare(act);
    const response = await this.request(step, step.expect);
    return all(this.#judge(step.expect, response, step), await this.#judgeStore(step.expect));
  }

  async #prepare([act, ...given]: Operation): Promise<void> {
    if (act === "config") this.#config = { ...this.#config, ...(given[0] as object) };
    if (act === "store_delete_all") await this.#redis?.command("FLUSHDB");
    if (act === "store_put") {
      const [key, value, ttl = 1000] = given as [string, string, number?];
      await this.#redis?.command("SET", key, Buffer.from(value, "base64"), "EX", String(ttl));
    }
  }

  /** One request: the session is opened, operated on and saved, whatever the handler did. */
  async request(step: Step, expect: Expected): Promise<Response> {
    this.#ids = [...(expect.ids_generated ?? this.#ids)];
    const sessions = sessionsFor(
      this.#config,
      this.#redis?.client,
      () => this.#now,
      () => this.#ids.shift() ?? "no id left",
    );
    const session = await sessions.open({ cookie: expect.cookie_sent ?? undefined, secure: false });
    // Flask makes a new session's id when it opens it; ours is made when it is first asked for.
    const state = stateOf(session);
    if (state.isNew) void state.id;
    const headers = new Headers(step.response_headers ?? []);
    const response: Response = { status: routed(step), results: [], headers };
    await this.#handle(session, step, response);
    return this.#save(sessions, session, response);
  }

  async #handle(session: Session<Record<string, unknown>>, step: Step, response: Response): Promise<void> {
    const inner = async ([, cookie, ops]: Operation): Promise<unknown> => {
      const expected = step.expect.results[response.results.length] as Expected;
      const sent = cookie === "jar" ? step.expect.cookie_sent : (cookie as string | null);
      const nested = { clock: step.clock, ops: ops as Operation[], expect: { ...expected, cookie_sent: sent } };
      const answer = await this.request(nested, nested.expect);
      return { ...expected, ...shown(answer), results: answer.results };
    };
    try {
      await operate(session, step.ops, response, inner);
    } catch {
      response.status = 500;
      markFailed(session);
    }
    await operate(session, step.after_request ?? [], { ...response, results: [] }, inner);
  }

  async #save(
    sessions: SessionInterface<Record<string, unknown>>,
    session: Session<Record<string, unknown>>,
    response: Response,
  ): Promise<Response> {
    try {
      applyHeaders((await sessions.save(session)).headers, response.headers);
      return response;
    } catch (error) {
      const headers = new Headers([["Vary", "Cookie"]]);
      return { ...response, headers, status: error instanceof SessionError ? error.status : 500 };
    }
  }

  #judge(expect: Expected, response: Response, step: Step): Verdict {
    const { status, set_cookie, vary } = shown(response);
    return all(
      compared("status", status, expect.status),
      compared("results", response.results.map(toldLoosely), expect.results.map(fromNotation).map(toldLoosely)),
      compared("Set-Cookie", withoutAdditions(set_cookie, expect.set_cookie), expect.set_cookie.map(inflated)),
      compared("Vary", vary, varyOf(expect, step)),
    );
  }

  async #judgeStore({ store }: Expected): Promise<Verdict> {
    if (!store || !this.#redis) return { passed: true };
    const keys = ((await this.#redis.command("KEYS", "*")) as Buffer[]).map(String).toSorted();
    const found: unknown[] = [];
    for (const key of keys) {
      const value = (await this.#redis.command("GET", key)) as Buffer | null;
      found.push([key, value?.toString("base64"), Math.ceil(Number(await this.#redis.command("PTTL", key)) / 1000)]);
    }
    const wanted = Object.entries(store).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return compared(
      "store",
      found,
      wanted.map(([key, { value_b64, ttl }]) => [key, value_b64, ttl]),
    );
  }
}

/** What the framework makes of a path or a method is none of a session's business. */
function routed({ path = "/", method = "GET", expect }: Step): number {
  return path === "/" && ["GET", "HEAD", "POST"].includes(method) ? 200 : expect.status;
}

/** A response as far as these files look at one. */
export interface Response {
  status: number;
  results: unknown[];
  headers: Headers;
}

class Headers implements ResponseHeaders {
  readonly fields: [string, string][];

  constructor(fields: readonly (readonly [string, string])[]) {
    this.fields = fields.map(([name, value]) => [name.toLowerCase(), value]);
  }
  get(name: string): string | undefined {
    const values = this.fields.filter(([field]) => field === name).map(([, value]) => value);
    return values.length === 0 ? undefined : values.join(", ");
  }
  set(name: string, value: string): void {
    const others = this.fields.filter(([field]) => field !== name);
    this.fields.splice(0, this.fields.length, ...others, [name, value]);
  }
  append(name: string, value: string): void {
    this.fields.push([name, value]);
  }
}

function shown({ status, headers }: Response): { status: number; set_cookie: string[]; vary: string[] } {
  const of = (name: string) => headers.fields.filter(([field]) => field === name).map(([, value]) => value);
  return { status, set_cookie: of("set-cookie"), vary: of("vary") };
}

/** Flask keeps only the first of several Vary lines; we keep what all of them say. */
function varyOf({ vary }: Expected, { response_headers = [] }: Step): readonly string[] {
  const given = response_headers.filter(([name]) => name === "Vary").map(([, value]) => value);
  return given.length < 2 ? vary : [`${given.join(", ")}, Cookie`];
}

/** Flask-Session removes its cookie without the attributes that set it, so browsers may keep it; we name them. */
function withoutAdditions(lines: readonly string[], wanted: readonly string[]): string[] {
  return lines.map((line, index) => {
    const theirs = wanted[index] ?? "";
    const bare = line.replaceAll(/; (?:Secure|HttpOnly|SameSite=\w+|Partitioned)(?=;|$)/g, "");
    return isRemoval(theirs) && bare === theirs ? theirs : inflated(line);
  });
}

function isRemoval(line: string): boolean {
  return /^[^=]+=; .*Max-Age=0/.test(line);
}

/** The zlib of another build may give other bytes of the same meaning: a signed value is compared by its content. */
function inflated(line: string): string {
  const [, name = "", dot = "", payload = "", time = "", rest = ""] = SIGNED.exec(line) ?? [];
  if (payload === "") return line;
  const bytes = Buffer.from(payload, "base64url");
  return `${name}=${(dot === "" ? bytes : inflateSync(bytes)).toString()} signed at ${time}${rest}`;
}

const SIGNED = /^([^=]+)=(\.?)([\w-]+)\.([\w-]+)\.[\w-]{27}(;.*)$/;

function startup({ config, result }: Startup): Verdict {
  const refused = refusedAtCreation(config, false);
  if (config["SESSION_TYPE"] === undefined || config["SESSION_TYPE"] === null || config["SESSION_TYPE"] === "null") {
    return { notApplicable: "null type" };
  }
  if (config["SESSION_ID_LENGTH"] === 0) return { notApplicable: "empty id" };
  return compared("start", refused ? "exception" : "ok", result);
}
