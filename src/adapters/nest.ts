/** Sessions for Nest 12, on Express and on Fastify. */
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type CallHandler,
  type DynamicModule,
  type ExecutionContext,
  type FactoryProvider,
  Inject,
  Module,
  type ModuleMetadata,
  type NestInterceptor,
  type NestModule,
  UseGuards,
  createParamDecorator,
} from "@nestjs/common";
import { APP_INTERCEPTOR, HttpAdapterHost } from "@nestjs/core";
import { type Observable, tap } from "rxjs";
import type { SessionInterface } from "../core/interface.ts";
import { type LockOptions, checkedLock } from "../core/lease.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { SessionError } from "../errors.ts";
import { type FastifyInstance, joinFastify, refuserOf } from "./internal/fastify-host.ts";
import { middlewareOf } from "./internal/middleware.ts";
import { checkedNodeProperty } from "./internal/node-property.ts";
import { type Named, checkedProperty } from "./internal/property.ts";
import { cameByHttps, isEncrypted } from "./internal/secure.ts";
import { checkSessions } from "./internal/sessions.ts";
import { type Load, checkedLoad } from "./internal/load.ts";
import { visitOf } from "./internal/visit.ts";

/** Options of `SessionModule`. */
export interface NestOptions extends Named {
  /**
   * `'eager'`: the session is loaded before guards and handlers. `'lazy'`: it is loaded when somebody asks, `req.session`
   * is a promise, and `@CurrentSession()` waits for it. Default: `'eager'`.
   */
  load?: Load;
}

/** Options of `SessionModule.forRootAsync`. */
export interface NestAsyncOptions<T extends object> extends NestOptions, Pick<ModuleMetadata, "imports"> {
  /** What `useFactory` is given. Default: nothing. */
  inject?: FactoryProvider["inject"];
  /** Makes the sessions when the application starts. */
  useFactory: (...given: never[]) => SessionInterface<T> | Promise<SessionInterface<T>>;
}

/** Under what the sessions of `session` can be injected: `@Inject(SESSIONS) visits: SessionInterface<Visit>`. */
export const SESSIONS: unique symbol = Symbol("flagon.sessions");

/** The options of a module, checked. */
interface Setup {
  readonly load: Load;
  readonly property: string;
}

const SETUP = Symbol("flagon.setup");

/**
 * Gives each request of the application its session, and holds the response until that is saved.
 *
 * A session that cannot be loaded or saved goes to the exception filters as a `SessionError`. What was answered with 400
 * or more because something threw, and whatever was answered with 500 or more, saves nothing but a `regenerate` or
 * `destroy`.
 */
export class SessionModule implements NestModule {
  readonly #sessions: SessionInterface<object>;
  readonly #setup: Setup;
  readonly #host: HttpAdapterHost;

  constructor(sessions: SessionInterface<object>, setup: Setup, host: HttpAdapterHost) {
    checkSessions(sessions, "SessionModule.forRoot(visits)");
    this.#sessions = sessions;
    this.#setup = setup;
    this.#host = host;
  }

  /** The module for sessions that are there. Throws `CONFIG` for a wrong option. */
  static forRoot<T extends object>(sessions: SessionInterface<T>, options: NestOptions = {}): DynamicModule {
    checkOptions("SessionModule.forRoot", options, ["load", "property"]);
    return moduleOf(options, { provide: SESSIONS, useFactory: () => sessions });
  }

  /** The module for sessions that are made of what Nest provides. Throws `CONFIG` for a wrong option. */
  static forRootAsync<T extends object>(options: NestAsyncOptions<T>): DynamicModule {
    checkOptions("SessionModule.forRootAsync", options, ["load", "property", "imports", "inject", "useFactory"]);
    const { imports = [], inject = [], useFactory } = options;
    return { ...moduleOf(options, { provide: SESSIONS, inject, useFactory }), imports };
  }

  /** Called by Nest, before it mounts the middleware of other modules. */
  configure(): void {
    const { httpAdapter } = this.#host;
    const { property } = this.#setup;
    if (httpAdapter.getType() === "fastify") joinFastify(httpAdapter.getInstance<FastifyInstance>(), property);
    else checkedProperty(property, "", httpAdapter.getInstance<{ request: object }>().request);
    httpAdapter.use(
      middlewareOf(this.#sessions, {
        ...this.#setup,
        use: "SessionModule",
        mend: "import it",
        isSecure,
        hasFailed,
        refuse: (error, request, next) => (refuserOf(request) ?? next)(error),
      }),
    );
  }
}

Module({})(SessionModule);
Inject(SESSIONS)(SessionModule, undefined, 0);
Inject(SETUP)(SessionModule, undefined, 1);
Inject(HttpAdapterHost)(SessionModule, undefined, 2);

function moduleOf(options: NestOptions, sessions: FactoryProvider): DynamicModule {
  const setup: Setup = { load: checkedLoad(options.load), property: checkedNodeProperty(options.property) };
  return {
    module: SessionModule,
    global: true,
    providers: [sessions, { provide: SETUP, useValue: setup }, { provide: APP_INTERCEPTOR, useValue: WATCH }],
    exports: setup.property === "session" ? [SESSIONS] : [],
  };
}

/** A request of Express, of Node, or of Fastify around one of Node. */
type HostRequest = IncomingMessage & { raw?: IncomingMessage; protocol?: string };

/** What `@CurrentSession` gives: the value under a key, or of a session that is not `session`. */
export interface PartOfRequest extends Named {
  /** Default: the session itself. */
  key?: string;
}

/**
 * A parameter of a handler: the request's session, or the value under a key of it. Whichever host serves it, and with
 * `load: 'lazy'` when it is loaded.
 */
export const CurrentSession: (part?: string | PartOfRequest) => ParameterDecorator = createParamDecorator(
  async (part: string | PartOfRequest = {}, context: ExecutionContext): Promise<unknown> => {
    const { property = "session", key }: PartOfRequest = typeof part === "string" ? { key: part } : part;
    const request = context.switchToHttp().getRequest<HostRequest>();
    const session = (await Reflect.get(request, property)) as Session | undefined;
    return key === undefined ? session : session?.get(key);
  },
);

/** Has the session for the request alone, for a handler or a controller; others that ask for the same wait. */
export function LockSession(options: LockOptions & Named = {}): MethodDecorator & ClassDecorator {
  const { property = "session", ...lock } = options;
  checkedLock(lock);
  return UseGuards({
    async canActivate(context: ExecutionContext): Promise<boolean> {
      const request = context.switchToHttp().getRequest<HostRequest>();
      const visit = visitOf(request.raw ?? request, property);
      if (!visit) throw new SessionError("CONFIG", `no SessionModule gives requests a ${property} to lock`);
      await visit.lock(lock);
      return true;
    },
  });
}

/** How far Nest came with a request: to its handler, and to an exception there. */
const progress = new WeakMap<IncomingMessage, "handled" | "threw">();

/** Notes whether a handler threw: its filters may answer that as they like. */
const WATCH: NestInterceptor = {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== "http") return next.handle();
    const request = context.switchToHttp().getRequest<HostRequest>();
    const raw = request.raw ?? request;
    progress.set(raw, "handled");
    return next.handle().pipe(tap({ error: () => progress.set(raw, "threw") }));
  },
};

/** What comes before the handler, guards above all, answers with an error when it threw. */
function hasFailed(request: IncomingMessage, { statusCode }: ServerResponse): boolean {
  return statusCode >= 500 || (statusCode >= 400 && progress.get(request) !== "handled");
}

/** Both hosts tell the `protocol`, by their own setting for proxies. */
function isSecure(request: HostRequest): boolean {
  const { protocol } = request;
  return cameByHttps({
    secure: protocol === undefined ? isEncrypted(request) : protocol === "https",
    forwardedProto: request.headers["x-forwarded-proto"]?.toString(),
    trustProxy: false,
    mend: "on Express call app.set('trust proxy', 1), on Fastify give new FastifyAdapter({ trustProxy: true })",
  });
}
