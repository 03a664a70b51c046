import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FaultProxy, startFaultProxy } from "./proxy.ts";

/** Answers every line with its echo, and counts them. */
let heard = 0;
const engine = createServer((socket) => {
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

  test("swallows, and passes on again when it is healed", async () => {
    const client = dial();
    proxy.faults.swallows = true;
    client.write("lost");
    await expect.poll(() => proxy.faults.swallowed).toBe(4);
    proxy.heal();
    expect(await ask(client, "heard")).toBe("heard");
    expect(heard).toBe(1);
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
