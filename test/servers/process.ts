/** Server processes, and what is said to them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { AdapterName } from "./adapters.ts";

export interface Plan {
  place: string;
  address: string;
  adapter: AdapterName;
  keys: { current: string };
  /** Where sessions still are that are to move to the place. Default: nowhere. */
  from?: { place: string; address: string };
  /** Whether it reads what an old application left in browsers. Default: false. */
  adopts?: boolean;
}

/** How a process is while nothing is under way. */
export interface State {
  /** What keeps it alive, as `process.getActiveResourcesInfo` has it. */
  resources: string[];
  /** Rejections that nobody handled, and warnings of ours. */
  failures: number;
  /** Bytes that are in use. */
  heap: number;
}

/** What a process says. */
export type Heard = { url: string } | { held: string } | { state: State } | { ending: true };

const WORKER = fileURLToPath(new URL("server-worker.ts", import.meta.url));

/** A process that serves sessions. */
export class ServerProcess {
  url = "";
  readonly #child: ChildProcess;
  readonly #held = new Map<string, { reached: Promise<void>; reach: () => void }>();
  readonly #answers: ((heard: Heard) => void)[] = [];
  readonly #end: Promise<unknown[]>;

  private constructor(plan: Plan) {
    const args = ["--expose-gc", "--import", "tsx", WORKER, JSON.stringify(plan)];
    // Otherwise Express prints every error.
    const env = { ...process.env, NODE_ENV: "test" };
    this.#child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"], env });
    this.#end = once(this.#child, "exit");
    if (this.#child.stdout) createInterface({ input: this.#child.stdout }).on("line", (line) => this.#hear(line));
  }

  static async start(plan: Plan): Promise<ServerProcess> {
    const server = new ServerProcess(plan);
    const heard = await server.#next();
    if ("url" in heard) server.url = heard.url;
    return server;
  }

  /** Resolves when a request waits at the gate. */
  held(gate: string): Promise<void> {
    return this.#gate(gate).reached;
  }

  letThrough(gate: string): void {
    this.#say(`let ${gate}`);
    this.#held.delete(gate);
  }

  async state(): Promise<State> {
    this.#say("state");
    const heard = await this.#next();
    if (!("state" in heard)) throw new Error("the process answered something else");
    return heard.state;
  }

  /** Asks it to end as an operator would, and resolves when it has begun to. */
  async terminate(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#next();
  }

  /** Its exit code and the signal that ended it. */
  over(): Promise<unknown[]> {
    return this.#end;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#end;
  }

  #say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  #next(): Promise<Heard> {
    const ended = this.#end.then(() => Promise.reject(new Error("the process has ended")));
    return Promise.race([new Promise<Heard>((answer) => this.#answers.push(answer)), ended]);
  }

  #hear(line: string): void {
    const heard = JSON.parse(line) as Heard;
    if ("held" in heard) this.#gate(heard.held).reach();
    else this.#answers.shift()?.(heard);
  }

  #gate(name: string): { reached: Promise<void>; reach: () => void } {
    let gate = this.#held.get(name);
    if (!gate) {
      let reach = () => undefined as void;
      const reached = new Promise<void>((resolve) => (reach = resolve));
      gate = { reached, reach };
      this.#held.set(name, gate);
    }
    return gate;
  }
}
