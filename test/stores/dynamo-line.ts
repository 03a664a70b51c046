import { once } from "node:events";
import { type Server, createServer, request as ask } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to a request on its way: it arrives, its reply is lost, or it is refused as one too many. */
type Fate = "arrives" | "replyLost" | "throttled";

/** A line to a DynamoDB that can break. */
export interface Line {
  readonly url: string;
  /** Says what happens to the next requests; those after them arrive. */
  next(...fates: Fate[]): void;
  stop(): unknown;
}

const THROTTLED = {
  __type: "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
  message: "The level of configured provisioned throughput for the table was exceeded.",
};

/** Opens a line to the server at a URL. */
export async function startLine(far: string): Promise<Line> {
  const fates: Fate[] = [];
  const server = createServer((request, response) => {
    const fate = fates.shift() ?? "arrives";
    if (fate === "throttled") {
      request.resume();
      return response.writeHead(400, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(THROTTLED));
    }
    const { method = "POST", headers } = request;
    const asked = ask(far, { method, headers }, (reply) => {
      if (fate === "replyLost") return response.destroy();
      return reply.pipe(response.writeHead(reply.statusCode ?? 500, reply.headers));
    });
    return request.pipe(asked);
  });
  const url = await listen(server);
  return { url, next: (...next) => void fates.push(...next), stop: () => server.close() };
}

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
