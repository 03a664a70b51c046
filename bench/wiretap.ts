/** Hears what Redis is told, by its own MONITOR: exact, and with names. */
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";

export interface Wiretap {
  /** The commands since this was asked last; those that a script ran stand in brackets behind it. */
  heard(): Promise<string[]>;
  stop(): void;
}

/** `1732233600.123456 [0 127.0.0.1:50000] "get" "…"`, or `[0 lua]` for what a script does. */
const LINE = /^\S+ \[\d+ (?<from>[^\]]+)\] "(?<command>[^"]+)"/;

export async function tap(url: string): Promise<Wiretap> {
  const [ear, mouth] = await Promise.all([createClient({ url }).connect(), createClient({ url }).connect()]);
  let lines: string[] = [];
  await ear.monitor((line: string) => lines.push(line));

  return {
    async heard() {
      // What is on its way from a contender gets a moment; the ECHO comes behind whatever Redis was told before.
      await sleep(5);
      await mouth.echo(END);
      while (!lines.some((line) => line.includes(END))) await sleep(1);
      const told = lines.filter((line) => !line.includes(END));
      lines = [];
      return commandsIn(told);
    },
    stop() {
      ear.destroy();
      mouth.destroy();
    },
  };
}

const END = "that is all";

function commandsIn(lines: readonly string[]): string[] {
  const commands: { name: string; inner: string[] }[] = [];
  for (const line of lines) {
    const { from = "", command = "" } = LINE.exec(line)?.groups ?? {};
    if (from === "lua") commands.at(-1)?.inner.push(command.toLowerCase());
    else commands.push({ name: command.toLowerCase(), inner: [] });
  }
  return commands.map(({ name, inner }) => (inner.length > 0 ? `${name}(${inner.join(" ")})` : name));
}
