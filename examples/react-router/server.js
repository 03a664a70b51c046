import { createServer } from "node:http";
import { createRequestListener } from "@remix-run/node-fetch-server";
import { handler } from "./build/server/index.js";

const port = Number(process.env["PORT"] ?? 3000);
const server = createServer(createRequestListener(handler));
server.listen(port, "127.0.0.1", () => console.log(`Open http://127.0.0.1:${server.address().port}`));
