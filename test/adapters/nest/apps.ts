/** Real Nest applications on both hosts, for the adapter kit and for the tests beside it. */
import { Readable } from "node:stream";
import {
  All,
  Controller,
  type DynamicModule,
  Inject,
  Module,
  Req,
  Res,
  StreamableFile,
  type Type,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter, type NestExpressApplication } from "@nestjs/platform-express";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import type { Response } from "express";
import type { FastifyReply } from "fastify";
import { SessionModule } from "../../../src/adapters/nest.ts";
import type { Session } from "../../../src/index.ts";
import type { Act, AdapterKit, Answer, KitData, Served } from "../../../src/testing/internal/adapter-stage.ts";

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

const ACT = Symbol("act");

@Controller()
class KitController {
  readonly #act: Act;

  constructor(@Inject(ACT) act: Act) {
    this.#act = act;
  }

  @All("*")
  async answer(
    @Req() request: { url: string; session: Session<KitData> },
    @Res({ passthrough: true }) response: Answering,
  ): Promise<unknown> {
    const { status = 200, headers = [], body = "" } = await this.#act(request.url, () => request.session);
    response.status(status);
    for (const [name, value] of headers) {
      if ("append" in response) response.append(name, value);
      else response.header(name, value);
    }
    return bodyOf(body);
  }
}

function bodyOf(body: Answer["body"] & {}): string | StreamableFile {
  if (typeof body === "string") return body;
  return body instanceof Uint8Array ? new StreamableFile(body) : new StreamableFile(Readable.from(body));
}

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- a module is a class
class KitModule {}

/** The kit's pages over a host. */
export function overNest(host: Host, load: "eager" | "lazy"): AdapterKit["serve"] {
  return (sessions, act) => {
    const kit = {
      module: KitModule,
      imports: [SessionModule.forRoot(sessions, { load })],
      controllers: [KitController],
      providers: [{ provide: ACT, useValue: act }],
    };
    return start(kit, hostOf(host));
  };
}
