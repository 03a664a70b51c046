// Start it from the repository's root: `npm run build && node --import tsx examples/upgrade/server.ts`.
import { randomBytes } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sessions } from "flagon";
import { memoryStore } from "flagon/memory";
import { session } from "flagon/node";
import { fromUpgrade } from "flagon/upgrade";

const keys = { current: process.env["SECRET_KEY"] ?? randomBytes(32) };
const visits = sessions<{ user: string; tabs: number }>({ store: memoryStore(), keys });

/** Log out in one window, and the others know. */
async function tell(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const live = await fromUpgrade(visits, request);
  if (live.session.user === undefined) return void response.writeHead(204).end(); // nothing to tell a stranger
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  live.onRevoked(() => response.end("data: You are logged out.\n\n"));
  response.on("close", () => live.close());
  await live.update((visit) => visit.update("tabs", (n) => (n ?? 0) + 1));
  response.write(`data: Windows so far: ${live.session.tabs}\n\n`);
}

const page = session(visits, ({ method, url, session: visit }, response) => {
  const [path, word] = visit.user === undefined ? ["/login", "Log in"] : ["/logout", "Log out"];
  if (method === "POST") {
    visit.regenerate(); // whoever knew the old id gains nothing from this login
    if (url === "/login") visit.user = "Ada"; // a real one asks for a password
    else visit.destroy();
    response.writeHead(303, { Location: "/" }).end();
  } else {
    response.setHeader("Content-Type", "text/html").end(`<h1>Hello ${visit.get("user", "stranger")}</h1>
<form method="post" action="${path}"><button>${word}</button></form><p id="told"></p>
<script>new EventSource("/events").onmessage = ({ data }) => (told.textContent = data)</script>`);
  }
});
const server = createServer((req, res) => void (req.url === "/events" ? tell(req, res) : page(req, res)));
server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log(`Open http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
