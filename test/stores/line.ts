import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/** A line to a server that can lose a reply, and breaks then. */
export async function startLine(to: number): Promise<{ port: number; loseNextReply(): void; stop(): unknown }> {
  let loses = false;
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1").on("close", () => near.destroy());
    near.on("close", () => far.destroy()).on("error", () => {});
    near.pipe(far);
    far.on("data", (reply) => (loses ? far.destroy() : near.write(reply)));
    loses = false;
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return { port, loseNextReply: () => (loses = true), stop: () => server.close() };
}
