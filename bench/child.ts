/** The parent's hand on a contender's process: starts it, asks it, ends it. */
import { fork } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Contender } from "./contenders.ts";

/** What a contender's process can be asked. */
export interface Answers {
  /** Microseconds of CPU that it has used, all its threads together. */
  cpu: number;
  /** Which methods of its store were called since this was asked last; only where they are counted. */
  calls: string[];
}

export interface Child {
  readonly contender: Contender;
  readonly url: string;
  ask<Question extends keyof Answers>(question: Question): Promise<Answers[Question]>;
  stop(): Promise<void>;
}

/** Starts a contender; with `counts` the calls to a store in its memory are counted. It ends with this process. */
export async function start(contender: Contender, redisUrl: string, counts = false): Promise<Child> {
  const child = fork(new URL("server.ts", import.meta.url), [contender.title, redisUrl, counts ? "counts" : "runs"], {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, NODE_ENV: "production" },
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  const said: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const died = new AbortController();
  const gone = once(child, "exit").finally(() =>
    died.abort(new Error(`${contender.title} has ended:\n${said.join("")}`)),
  );
  const answer = async (): Promise<unknown> => {
    const [message] = (await once(child, "message", { signal: died.signal })) as [unknown];
    return message;
  };
  const { port } = (await answer()) as AddressInfo;

  return {
    contender,
    url: `http://127.0.0.1:${port}`,
    async ask<Question extends keyof Answers>(question: Question) {
      const reply = answer();
      child.send(question);
      return (await reply) as Answers[Question];
    },
    async stop() {
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}
