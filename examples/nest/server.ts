// Start it from the repository's root: `npm run build && npx tsx --tsconfig examples/nest/tsconfig.json examples/nest/server.ts`.
import { randomBytes } from "node:crypto";
import { Controller, Get, Module, Post, Redirect } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { type Session, sessions } from "flagon";
import { memoryStore } from "flagon/memory";
import { CurrentSession, SessionModule } from "flagon/nest";

interface Visit {
  user: string;
}

const visits = sessions<Visit>({
  store: memoryStore(),
  keys: { current: process.env["SECRET_KEY"] ?? randomBytes(32) },
});

@Controller()
class Home {
  @Get()
  home(@CurrentSession("user") user = "stranger"): string {
    const [path, word] = user === "stranger" ? ["/login", "Log in"] : ["/logout", "Log out"];
    return `<h1>Hello ${user}</h1>
<form method="post" action="${path}"><button>${word}</button></form>`;
  }

  @Post("login")
  @Redirect("/", 303)
  login(@CurrentSession() session: Session<Visit>): void {
    session.regenerate(); // whoever knew the old id gains nothing from this login
    session.user = "Ada"; // a real one asks for a password
  }

  @Post("logout")
  @Redirect("/", 303)
  logout(@CurrentSession() session: Session<Visit>): void {
    session.destroy();
  }
}

@Module({ imports: [SessionModule.forRoot(visits)], controllers: [Home] })
// oxlint-disable-next-line typescript/no-extraneous-class -- a module is a class
class App {}

const app = await NestFactory.create(App, { logger: ["error", "warn"] });
await app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1");
console.log(`Open ${await app.getUrl()}`);
