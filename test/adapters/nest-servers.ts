/** Real Nest applications on both hosts. Decorators are called by hand, so that the file needs no compiler of its own. */
import { Readable } from "node:stream";
import { All, Controller, type DynamicModule, Module, Req, Res, StreamableFile, type Type } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter, type NestExpressApplication } from "@nestjs/platform-express";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import type { Response } from "express";
import type { FastifyReply } from "fastify";
import { SessionModule } from "../../src/adapters/nest.ts";
import type { Session } from "../../src/index.ts";
import type { AdapterKit, Answer, KitData, Served } from "../../src/testing/internal/adapter-stage.ts";
import { hint } from "./servers.ts";

/** What Nest runs on. */
export type Host = "Express" | "Fastify";

/** An application of either host. */
export type App = NestExpressApplication | NestFastifyApplication;

/** Makes the adapter of a host. */
export function hostOf(host: Host, trustProxy = false): ExpressAdapter | FastifyAdapter {
  if (host === "Fastify") return new FastifyAdapter({ trustProxy });
  const adapter = new ExpressAdapter();
  adapter.set("trust proxy", trustProxy);
  return adapter;
}

/** Starts an application of a module on a free port. */
export async function start(
  module: Type | DynamicModule,
  adapter: ExpressAdapter | FastifyAdapter,
  prepare: (app: App) => unknown = () => undefined,
): Promise<Served> {
  const app = await NestFactory.create<App>(module, adapter, { logger: false, abortOnError: false });
  await prepare(app);
  await app.listen(0, "127.0.0.1");
  return { url: await app.getUrl(), close: () => app.close() };
}

type Answering = Response | FastifyReply;
type Asking = { url: string };

/** A controller that answers every path as it is told. */
function controllerOf(act: (request: Asking) => Promise<Answer>): Type {
  class KitController {
    async answer(request: Asking, response: Answering): Promise<unknown> {
      const { status = 200, headers = [], body = "", hints } = await act(request);
      hint("raw" in response ? response.raw : response, hints);
      response.status(status);
      for (const [name, value] of headers) {
        if ("append" in response) response.append(name, value);
        else response.header(name, value);
      }
      return bodyOf(body);
    }
  }
  const { prototype } = KitController;
  Controller()(KitController);
  All("*")(prototype, "answer", Object.getOwnPropertyDescriptor(prototype, "answer") as PropertyDescriptor);
  Req()(prototype, "answer", 0);
  Res({ passthrough: true })(prototype, "answer", 1);
  return KitController;
}

function bodyOf(body: Answer["body"] & {}): string | StreamableFile {
  if (typeof body === "string") return body;
  return body instanceof Uint8Array ? new StreamableFile(body) : new StreamableFile(Readable.from(body));
}

/** The kit's pages over a host. `prepare`: before the application listens. */
export function overNest(host: Host, load: "eager" | "lazy", prepare?: (app: App) => unknown): AdapterKit["serve"] {
  return (sessions, act) => {
    const answer = (request: Asking) =>
      act(request.url, () => (request as Asking & { session: Session<KitData> }).session);
    return start(moduleOf([SessionModule.forRoot(sessions, { load })], answer), hostOf(host), prepare);
  };
}

/** An application whose every path is answered as it is told. */
export function moduleOf(imports: DynamicModule[], answer: (request: Asking) => Promise<Answer>): Type {
  // oxlint-disable-next-line typescript/no-extraneous-class -- a module is a class
  class KitModule {}
  Module({ imports, controllers: [controllerOf(answer)] })(KitModule);
  return KitModule;
}
