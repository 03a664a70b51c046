/** A Nest application whose handlers, guards and filters each use the session in a way of their own. */
import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type ArgumentsHost,
  BadRequestException,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpCode,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestModule,
  NotFoundException,
  Post,
  Redirect,
  Req,
  Res,
  Session as NestSession,
  Sse,
  StreamableFile,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from "@nestjs/common";
import type { Response } from "express";
import type { FastifyReply } from "fastify";
import { type Observable, catchError, of, tap } from "rxjs";
import { CurrentSession } from "../../../src/adapters/nest.ts";
import { session as ambient } from "../../../src/core/context.ts";
import type { Visit } from "../fixtures.ts";

/** What the application sends as a file. */
export const FILE = fileURLToPath(import.meta.url);

type AnyRequest = { url: string; session: Visit };
type AnyResponse = Response | FastifyReply;

const contextOf = (host: ArgumentsHost) => ({
  request: host.switchToHttp().getRequest<AnyRequest>(),
  response: host.switchToHttp().getResponse<AnyResponse>(),
});

/** Changes the session, and refuses as the path says. */
class Guard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { request } = contextOf(context);
    request.session["guard"] = true;
    if (request.url.endsWith("throws")) throw new UnauthorizedException();
    return !request.url.endsWith("refuses");
  }
}

class Counting implements NestInterceptor {
  intercept(context: ExecutionContext, next: { handle: () => Observable<unknown> }): Observable<unknown> {
    const { session } = contextOf(context).request;
    return next.handle().pipe(tap(() => void session.update("intercepted", (n) => Number(n ?? 0) + 1)));
  }
}

class Mending implements NestInterceptor {
  intercept(_context: ExecutionContext, next: { handle: () => Observable<unknown> }): Observable<unknown> {
    return next.handle().pipe(catchError(() => of("mended")));
  }
}

/** Sends who is refused to the login, and remembers where to come back to. */
@Catch(UnauthorizedException)
class ToLogin implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    const { request, response } = contextOf(host);
    request.session["back"] = request.url;
    response.status(302).header("Location", "/login").send("");
  }
}

@Controller()
class Pages {
  @Get("data")
  data(@NestSession() session: Visit): string {
    return JSON.stringify(session);
  }

  @Get("key")
  key(@CurrentSession("user") user: string, @CurrentSession() session: Visit): unknown {
    return { user, same: session["user"] === user };
  }

  @Get("set")
  set(@CurrentSession() session: Visit, @Req() request: AnyRequest): string {
    session["user"] = "ada";
    return String(request.session["user"] === "ada" && ambient["user"] === "ada");
  }

  @Post("body")
  @HttpCode(201)
  body(@Req() request: AnyRequest & { body: unknown }): unknown {
    ambient["body"] = request.body;
    return ambient["body"];
  }

  @Get("redirect")
  @Redirect("/data", 303)
  redirect(@CurrentSession() session: Visit): void {
    session["user"] = "ada";
  }

  @Get("by-hand")
  byHand(@CurrentSession() session: Visit, @Res() response: AnyResponse): void {
    session["user"] = "ada";
    response.status(422).send("by hand");
  }

  @Get("raw")
  raw(@CurrentSession() session: Visit, @Res() response: AnyResponse): void {
    session["user"] = "ada";
    const raw = "raw" in response ? (response.hijack(), response.raw) : response;
    raw.writeHead(200, { "Content-Type": "text/plain" });
    raw.end("raw");
  }

  @Get("file")
  file(@CurrentSession() session: Visit): StreamableFile {
    session["user"] = "ada";
    return new StreamableFile(createReadStream(FILE));
  }

  @Sse("events")
  events(@CurrentSession() session: Visit): Observable<{ data: string }> {
    session["user"] = "ada";
    return of({ data: "one" }, { data: "two" });
  }

  @Get("exception")
  exception(@CurrentSession() session: Visit): never {
    session["user"] = "eve";
    throw new NotFoundException();
  }

  @Get("mended")
  @UseInterceptors(Mending)
  mended(@CurrentSession() session: Visit): never {
    session["user"] = "ada";
    throw new BadRequestException();
  }

  @Get("counted")
  @UseInterceptors(Counting)
  counted(): string {
    return "counted";
  }

  @Get(["guarded", "guarded/:how"])
  @UseGuards(Guard)
  guarded(): string {
    return "passed";
  }

  @Get("to-login/throws")
  @UseGuards(Guard)
  @UseFilters(ToLogin)
  toLogin(): string {
    return "passed";
  }
}

/** A middleware of the application's own, which comes after ours. */
@Module({ controllers: [Pages] })
export class PagesModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((request: { session: Visit }, _response: unknown, next: () => void) => {
        if (request.session.get("user") !== undefined) request.session["seen"] = true;
        next();
      })
      .forRoutes("{*path}");
  }
}
