/** A line to a memcached: tells what is said there, and can break in the middle of a reply. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

export interface Line {
  readonly server: string;
  /** What the client sent, a text for each piece that arrived. */
  readonly said: string[];
  /** Breaks the line when so many bytes of the next reply have come through. */
  cutAfter(bytes: number): void;
  stop(): unknown;
}

export async function startLine(server: string): Promise<Line> {
  const [host, port] = server.split(":");
  const said: string[] = [];
  let left = Infinity;
  const line = createServer((near) => {
    const far = connect(Number(port), host).on("close", () => near.destroy());
    near.on("close", () => far.destroy()).on("error", () => {});
    far.on("error", () => {});
    near.on("data", (piece) => {
      said.push(piece.toString("latin1"));
      far.write(piece);
    });
    far.on("data", (reply) => {
      near.write(reply.subarray(0, Math.min(left, reply.length)));
      if (reply.length >= left) near.destroySoon();
      left = reply.length >= left ? Infinity : left - reply.length;
    });
  });
  await once(line.listen(0, "127.0.0.1"), "listening");
  return {
    server: `127.0.0.1:${(line.address() as AddressInfo).port}`,
    said,
    cutAfter: (bytes) => (left = bytes),
    stop: () => line.close(),
  };
}
