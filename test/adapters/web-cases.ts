/** What applications of web standards are asked without a server. */

/** An application as Hono and h3 make it. */
interface App {
  request(path: string, init?: RequestInit): Response | Promise<Response>;
}

/** Visits by one browser. */
export function visitor(app: App): (path: string) => Promise<Response> {
  let cookie = "";
  return async (path) => {
    const response = await app.request(path, { headers: { cookie } });
    const line = response.headers.getSetCookie().find((field) => field.startsWith("sid="));
    if (line !== undefined) cookie = String(line.split(";", 1));
    return response;
  };
}

type Login = (options: { trustProxy?: boolean }, url: string, init: RequestInit) => Response | Promise<Response>;

/** Whether a login's cookie is Secure: behind a proxy, behind one that is trusted, and over https. */
export async function secureCookies(login: Login): Promise<boolean[]> {
  const proxied = { headers: { "X-Forwarded-Proto": "https" } };
  const answers = [
    await login({}, "http://example.test/login", proxied),
    await login({ trustProxy: true }, "http://example.test/login", proxied),
    await login({}, "https://example.test/login", {}),
  ];
  return answers.map(({ headers }) => headers.getSetCookie().join("").includes("Secure"));
}

/**
 * What somebody who has logged in is answered while the store is down: by a page that asks for its session, by one that does
 * not, and by that where sessions are eager. Of an error also what caches, browsers and the cookie are told.
 */
export async function answersToOutage(login: Response, lazy: App, eager: App): Promise<unknown[]> {
  const visit = { headers: { cookie: String(login.headers.get("set-cookie")?.split(";", 1)) } };
  const answers = [
    await lazy.request("/who", visit),
    await lazy.request("/plain", visit),
    await eager.request("/plain", visit),
  ];
  return answers.map(({ status, headers }) => {
    const told = ["cache-control", "vary", "retry-after"].map((name) => headers.get(name));
    return status === 200 ? status : [status, ...told, headers.getSetCookie()];
  });
}

/** What is expected of them. */
export const OUTAGE = [[503, "no-store", "Cookie", "1", []], 200, [503, "no-store", "Cookie", "1", []]];
