import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

/** A line to a Redis. It can lose a reply, and breaks then; or say no more, as one does whose cable was pulled. */
export async function startLine(port: number) {
  let loses = false;
  let isSilent = false;
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1").on("close", () => near.destroy());
    near.on("close", () => far.destroy()).on("error", () => {});
    near.pipe(far);
    far.on("data", (reply) => {
      if (loses) far.destroy();
      else if (!isSilent) near.write(reply);
    });
    loses = false;
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseNextReply: () => void (loses = true),
    fallSilent: () => void (isSilent = true),
    stop: () => void server.close(),
  };
}
