import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FaultProxy, only, share, startFaultProxy } from "./proxy.ts";

/** Answers every line with its echo, and counts them. */
let heard = 0;
const engineSockets = new Set<Socket>();
const engine = createServer((socket) => {
  engineSockets.add(socket.on("close", () => engineSockets.delete(socket)));
  socket.on("data", (bytes) => {
    heard++;
    socket.write(bytes);
  });
  socket.on("error", () => undefined);
});
let proxy: FaultProxy;
const clients: Socket[] = [];

beforeEach(async () => {
  heard = 0;
  await once(engine.listen(0, "127.0.0.1"), "listening");
  proxy = await startFaultProxy((engine.address() as AddressInfo).port);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.stop();
  engine.close();
});

function dial(): Socket {
  const client = connect(proxy.port, "127.0.0.1").on("error", () => undefined);
  clients.push(client);
  return client;
}

function closed(client: Socket): Promise<void> {
  return new Promise((resolve) => {
    client.on("close", () => resolve());
  });
}

async function ask(client: Socket, text: string): Promise<string> {
  client.write(text);
  const [bytes] = (await once(client, "data")) as [Buffer];
  return bytes.toString();
}

/** What becomes of so many questions, one after the other, each over a connection of its own. */
async function fates(count: number): Promise<string[]> {
  const told: string[] = [];
  while (told.length < count) {
    const client = dial();
    const fate = new Promise<string>((resolve) => {
      client.on("data", () => resolve("heard")).on("close", () => resolve("lost"));
    });
    client.write("hello");
    told.push(await fate);
    client.destroy();
  }
  return told;
}

describe("a fault proxy", () => {
  test("does no harm at first, and counts connections", async () => {
    const client = dial();
    expect(await ask(client, "hello")).toBe("hello");
    expect(proxy.connections).toBe(1);
  });

  test("loses a reply after the engine has heard, and resets that connection", async () => {
    const client = dial();
    proxy.faults.lostReplies = 1;
    client.write("hello");
    await closed(client);
    expect(heard).toBe(1);
    expect(await ask(dial(), "again")).toBe("again");
  });

  test("cuts what passes into slices", async () => {
    const client = dial();
    proxy.faults.slice = 1;
    client.write("abc");
    let text = "";
    for await (const bytes of client as AsyncIterable<Buffer>) {
      expect(bytes.length).toBeLessThanOrEqual(3);
      if ((text += bytes.toString()).length === 3) break;
    }
    expect(text).toBe("abc");
    expect(heard).toBeGreaterThan(0);
  });

  test("holds what passes for a while, also by the bytes", async () => {
    const client = dial();
    expect(await ask(client, "hello")).toBe("hello");
    // Both ways of a chunk: it cannot be there before the timers of both have run.
    for (const slow of [{ latency: 20 }, { bandwidth: 50 }]) {
      Object.assign(proxy.faults, slow);
      let turns = 0;
      const timer = setInterval(() => turns++, 10);
      expect(await ask(client, "a")).toBe("a");
      clearInterval(timer);
      expect(turns).toBeGreaterThan(1);
      proxy.heal();
    }
  });

  test("loses the replies of some numbers, and those alone", async () => {
    proxy.faults.loses = only(1, 3);
    expect(await fates(5)).toEqual(["heard", "lost", "heard", "lost", "heard"]);
    expect(heard).toBe(5);
    expect(proxy.tally).toMatchObject({ replies: 5, lost: 2 });
  });

  test("loses a share of the replies, the same for the same seed", async () => {
    proxy.faults.loses = share(0.2, 7);
    const first = await fates(50);
    const lost = first.filter((fate) => fate === "lost").length;
    expect(lost).toBe(proxy.tally.lost);
    expect(lost).toBeGreaterThan(4);
    expect(lost).toBeLessThan(16);
    proxy.faults.loses = share(0.2, 7);
    expect(await fates(50)).toEqual(first);
    proxy.faults.loses = share(0.2, 8);
    expect(await fates(50)).not.toEqual(first);
  });

  test("takes for one reply what the engine says until it is asked again, and for none what it says unasked", async () => {
    const client = dial();
    await expect.poll(() => proxy.connections).toBe(1);
    for (const socket of engineSockets) socket.write("welcome");
    await once(client, "data");
    expect(proxy.tally.replies).toBe(0);
    await ask(client, "hello");
    for (const socket of engineSockets) socket.write("more");
    await once(client, "data");
    expect(proxy.tally.replies).toBe(1);
  });

  test("swallows, and resets what has a gap when it is healed", async () => {
    const client = dial();
    proxy.faults.swallows = true;
    client.write("lost");
    await expect.poll(() => proxy.tally.swallowed).toBe(4);
    const end = closed(client);
    proxy.heal();
    await end;
    expect(await ask(dial(), "heard")).toBe("heard");
    expect(heard).toBe(1);
  });

  test("freezes, and lets all arrive when it is healed", async () => {
    const [client, witness] = [dial(), dial()];
    expect(await ask(witness, "hello")).toBe("hello");
    proxy.faults.freezes = true;
    client.write("late");
    await expect.poll(() => proxy.connections).toBe(2);
    expect(heard).toBe(1);
    const answer = once(client, "data");
    proxy.heal();
    expect(String((await answer)[0])).toBe("late");
    expect(heard).toBe(2);
  });

  test("refuses new connections, and cuts those there are", async () => {
    const client = dial();
    await ask(client, "hello");
    proxy.cut();
    await closed(client);
    proxy.faults.refuses = true;
    const refused = dial();
    await closed(refused);
    proxy.heal();
    expect(await ask(dial(), "hello")).toBe("hello");
  });
});
