import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { fileURLToPath } from "node:url";
import { peer } from "../../../src/testing/internal/peer.ts";
import type { Figure, Row } from "../figure.ts";
import { HOSTS } from "../hosts.ts";

const WORKER = fileURLToPath(new URL("../after-worker.ts", import.meta.url));

/** A session is used when its response is over: in a timer, by someone who waits for nothing. */
export const afterwards: Figure = {
  goals: "F16 G33",
  title: "whatever is called after the response: the process lives, and the connection's bytes are the same",
  places: [],
  times: { deep: 20, short: 1 },
  columns: ["adapter", "calls", "other bytes", "process"],
  async run({ times }) {
    const rows: Row[] = [];
    for (const name of Object.keys(HOSTS)) rows.push(await rowOf(name, times));
    return rows;
  },
};

async function rowOf(name: string, times: number): Promise<Row> {
  const args = ["--import", "tsx", WORKER, name];
  const worker = peer(spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] }));
  const { url, methods } = JSON.parse(await worker.hear()) as { url: string; methods: string[] };
  const use = async (method: string) => {
    worker.say(method);
    await worker.hear();
  };
  const untouched = await bytesOf(url, () => use("nothing"));
  const other: string[] = [];
  try {
    for (let n = 0; n < times * methods.length; n++) {
      const method = methods[n % methods.length] ?? "";
      if ((await bytesOf(url, () => use(method))) !== untouched) other.push(method);
    }
    worker.say("over");
    await worker.over();
  } catch (error) {
    const cells = [name, times * methods.length, other.length, "ended"];
    return { cells, failure: `${cells.join(" ")}: ${String(error)}` };
  }
  const cells = [name, times * methods.length, other.length, "lives"];
  return other.length > 0 ? { cells, failure: `${cells.join(" ")}: ${other.join(" ")}` } : { cells };
}

/** All bytes of two answers over one connection, between which something happens; without what differs in any two. */
async function bytesOf(url: string, between: () => Promise<void>): Promise<string> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = "";
  socket.setEncoding("latin1").on("data", (text: string) => (received += text));
  const closed = once(socket, "close");
  ask(socket, host, "/text/login", "keep-alive");
  while (!/one(?:\r\n0\r\n\r\n)?$/.test(received)) await once(socket, "data");
  await between();
  ask(socket, host, "/plain", "close");
  await closed;
  return received.replaceAll(/^(?:Date|Keep-Alive): .*$/gim, "").replaceAll(/sid=[^;]*/g, "sid=");
}

function ask(socket: Socket, host: string, path: string, connection: string): void {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: ${connection}\r\n\r\n`);
}
