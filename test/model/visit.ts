/** One request to the site, held against what the world says at each step. */
import assert from "node:assert/strict";
import { holdBack } from "../../src/core/state.ts";
import { type Saved, type Session, SessionError } from "../../src/index.ts";
import type { Act } from "./acts.ts";
import { type Jar, type Site, cookieOf, dataIn, headerOf, lineOf } from "./site.ts";
import { type Answer, type Request, type Step, type Token, type World, goesOn, named, opened, saved } from "./world.ts";

/** A cookie that a request brings. */
export type Brought = Token & { readonly text: string };

/** What came of a save. */
export type Reply = { readonly saved: Saved; readonly error?: undefined } | { readonly error: SessionError };

export class Visit {
  readonly #site: Site;
  readonly #process: number;
  #session: Session<Record<string, unknown>> | undefined;
  #request: Request | undefined;

  constructor(site: Site, process: number) {
    this.#site = site;
    this.#process = process;
  }

  get request(): Request {
    assert.ok(this.#request, "the request was not opened");
    return this.#request;
  }

  get session(): Session<Record<string, unknown>> {
    assert.ok(this.#session, "the session was not opened");
    return this.#session;
  }

  get #sessions() {
    const sessions = this.#site.processes[this.#process];
    assert.ok(sessions);
    return sessions;
  }

  /** Opens the session that these cookies stand for; it has to be the one that the world has. */
  async open(cookies: readonly Brought[]): Promise<this> {
    const { world, keys, ground, store } = this.#site;
    this.#request = opened(world, cookies, keys, ground.time);
    store.take();
    this.#session = await this.#sessions.open({ cookie: headerOf(cookies), secure: false });
    const { reads, data, loaded, createdAt } = this.request;
    assert.deepEqual(store.take(), reads === 0 ? {} : { read: reads }, "what an open asks of the store");
    assert.deepEqual(dataIn(this.session), data, "the data of the session");
    assert.equal(this.session.isNew, loaded === undefined, "whether the session is new");
    assert.equal(this.session.createdAt, createdAt, "when the session began");
    if (loaded) assert.equal(this.session.id, loaded.id, "the id of the session");
    return this;
  }

  /** Nobody looks at the session. */
  unused(): this {
    holdBack(this.session);
    this.request.looked = false;
    return this;
  }

  act(acts: readonly Act[]): this {
    for (const act of acts) {
      act.real(this.session);
      act.model(this.request);
    }
    assert.deepEqual(dataIn(this.session), this.request.data, "what the handler sees of its own changes");
    return this;
  }

  async ask(): Promise<Reply> {
    return this.#sessions.save(this.session).then(
      (reply) => ({ saved: reply }),
      (error: unknown) => {
        assert.ok(error instanceof SessionError, String(error));
        return { error };
      },
    );
  }

  /** Saves the session, as the world says that it goes. */
  async save(jar: Jar): Promise<void> {
    const { store } = this.#site;
    store.take();
    const step = this.expected(this.#site.world);
    const reply = await this.ask();
    this.compare(step.answer, reply);
    if (step.answer.asked) assert.deepEqual(store.take(), step.answer.asked, "what a save asks of the store");
    this.accept(this.after(step, reply), step, reply, jar);
    await this.#site.settle();
  }

  /** What a save would make of a world. */
  expected(world: World): Step {
    return saved(world, this.request, this.#site.ground.time);
  }

  /** Fails unless a save was answered so. */
  compare(answer: Answer, reply: Reply): void {
    const { result, error, conflicts } = answer;
    if (reply.error) return assert.equal(reply.error.code, error, reply.error.message);
    const { headers, ...outcome } = reply.saved;
    assert.equal(error, undefined, `answered ${outcome.result}`);
    const told = result === "written" && ["saved", "merged"].includes(outcome.result) ? "written" : outcome.result;
    assert.equal(told, result, "the outcome");
    assert.deepEqual(outcome.conflicts.toSorted(), conflicts.toSorted(), "the conflicts");
    this.#compareHeaders(answer, headers);
  }

  /**
   * As `compare`, where others were there at the same time or the store failed once: a merge tells of them or not. Where
   * another one wrote the very bytes, a save cannot know who did, and may tell of the conflict that both had.
   */
  compareLoosely(answer: Answer, reply: Reply): void {
    const wrote = answer.result === "saved" || answer.result === "merged";
    const told = answer.alike?.filter((key) => reply.error === undefined && reply.saved.conflicts.includes(key)) ?? [];
    const loose = { ...answer, conflicts: [...answer.conflicts, ...told] };
    this.compare(wrote ? { ...loose, result: "written" } : loose, reply);
  }

  #compareHeaders({ cookie, lasting }: Answer, headers: Saved["headers"]): void {
    const line = lineOf(headers);
    assert.equal(line === undefined ? "none" : line.includes("Max-Age=0") ? "removed" : "set", cookie, "the cookie");
    const names = new Set(headers.map(([name]) => name));
    assert.equal(names.has("Cache-Control"), line !== undefined, "a cookie is for no cache");
    assert.equal(names.has("Vary"), line !== undefined || this.request.looked, "who looked varies");
    if (line === undefined || cookie !== "set") return;
    assert.equal(line.includes("Expires="), lasting, "who outlives the browser");
  }

  /** The world after a step, in which a new id has its name. */
  after({ world, newId }: Step, reply: Reply): World {
    return reply.error ? world : named(world, this.#idAfter(newId, reply.saved));
  }

  /** Takes a reply for true: the browser keeps its cookie, and the request goes on from there. */
  accept(world: World, { answer, newId }: Step, reply: Reply, jar: Jar): void {
    this.#site.world = world;
    if (reply.error) return;
    const id = this.#idAfter(newId, reply.saved);
    this.#site.receive(jar, reply.saved);
    if (reply.saved.result !== "gone") goesOn(this.request, answer, world, id);
  }

  #idAfter(newId: true | undefined, { headers }: Saved): string {
    const { loaded } = this.request;
    const line = lineOf(headers);
    const told = line === undefined || line.includes("Max-Age=0") ? undefined : cookieOf(line, 0).id;
    if (newId) assert.ok(told !== undefined && !this.#site.ids.has(told), "an id that nobody had");
    else if (told !== undefined) assert.equal(told, loaded?.id, "the id in the cookie");
    return told ?? loaded?.id ?? "";
  }
}
