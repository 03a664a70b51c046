/** A visitor of the login example without a browser: keeps its cookies and follows nothing. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";

export class Visitor {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();

  constructor(url: string) {
    this.#url = url;
  }

  /** The `Cookie` header of its next request. */
  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return this.#ask(path, init);
  }

  /** Sends a form with the token of the page where it stands. */
  async send(path: string, fields: Record<string, string>, page = "/session"): Promise<Response> {
    const body = new URLSearchParams({ ...fields, csrf: await this.token(page) });
    return this.#ask(path, { method: "POST", body });
  }

  logIn(user = "ada", password = "lovelace"): Promise<Response> {
    return this.send("/login", { user, password }, "/login");
  }

  /** The token in the forms of a page. */
  async token(page: string): Promise<string> {
    const html = await (await this.get(page)).text();
    return /name="csrf" value="(\w+)"/.exec(html)?.[1] ?? "";
  }

  /** The message on a page. */
  async message(page: string): Promise<string | undefined> {
    const html = await (await this.get(page)).text();
    return /class="flash[^>]*>([^<]*)</.exec(html)?.[1];
  }

  /** Sends the head of a form, and the form itself when `finish` is called: its session is opened before that. */
  async begin(path: string, fields: Record<string, string>, page = "/session") {
    const body = new URLSearchParams({ ...fields, csrf: await this.token(page) }).toString();
    const sent = request(`${this.#url}${path}`, {
      method: "POST",
      headers: {
        Cookie: this.cookie,
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": body.length,
        // The server answers to this before it looks at the request.
        Expect: "100-continue",
      },
    });
    sent.flushHeaders();
    await once(sent, "continue");
    return {
      async finish(): Promise<number | undefined> {
        const answered = once(sent, "response");
        sent.end(body);
        const [answer] = (await answered) as [IncomingMessage];
        answer.resume();
        await once(answer, "end");
        return answer.statusCode;
      },
    };
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#cookies.size > 0) headers.set("Cookie", this.cookie);
    const answer = await fetch(`${this.#url}${path}`, { redirect: "manual", ...init, headers });
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    return answer;
  }

  #keep(line: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === "") this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}
