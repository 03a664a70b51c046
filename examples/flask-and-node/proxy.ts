// What stands in front of both: nginx or a load balancer, in a real site.
import { type IncomingMessage, type Server, type ServerResponse, createServer, request } from "node:http";

/** Sends `/shop` and what is below it to one port, and all else to another. */
export function createProxy(ports: { shop: number; site: number }): Server {
  return createServer((req, res) => {
    const isShop = /^\/shop(?:[/?]|$)/.test(req.url ?? "");
    forward(req, res, isShop ? ports.shop : ports.site);
  });
}

function forward(req: IncomingMessage, res: ServerResponse, port: number): void {
  const { method, url: path, headers } = req;
  const onward = request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(res);
  });
  onward.on("error", () => (res.headersSent ? res.destroy() : res.writeHead(502).end("Bad gateway")));
  res.on("close", () => onward.destroy());
  req.pipe(onward);
}
