/** What a visitor does with the login example, in a real browser. */
import { type Browser, type BrowserContext, type Page, chromium } from "playwright-core";
import { engine } from "../engines.ts";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function openBrowser(): Promise<Browser> {
  const { path } = await engine("chromium");
  return chromium.launch({
    executablePath: path,
    headless: true,
    args: ARGUMENTS,
    // The back button does here what it does at home: playwright would turn this cache off.
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  });
}

export interface Credentials {
  user?: string;
  password?: string;
  remember?: boolean;
}

/** Sends the login form of a page. */
export async function sendLogin(page: Page, { user, password, remember = false }: Credentials = {}): Promise<void> {
  await page.getByLabel("User name").fill(user ?? "ada");
  await page.getByLabel("Password").fill(password ?? "lovelace");
  await page.getByLabel("Remember me").setChecked(remember);
  await submit(page, "Log in");
}

/** Opens the login page in a tab of its own, and logs in there. */
export async function logIn(context: BrowserContext, url: string, credentials?: Credentials): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${url}/login`);
  await sendLogin(page, credentials);
  return page;
}

/** Presses a button that sends a form, and waits for the page that answers. */
export async function submit(page: Page, button: string): Promise<void> {
  const answered = page.waitForEvent("load");
  await page.getByRole("button", { name: button, exact: true }).click();
  await answered;
}

export async function setKey(page: Page, key: string, value: string): Promise<void> {
  const form = page.locator("form", { has: page.getByRole("heading", { name: "Set a key" }) });
  await form.getByLabel("Key").fill(key);
  await form.getByLabel("Value").fill(value);
  await submit(page, "Set");
}

export async function readKey(page: Page, key: string): Promise<string> {
  const form = page.locator("form", { has: page.getByRole("heading", { name: "Read a key" }) });
  await form.getByLabel("Key").fill(key);
  await submit(page, "Read");
  return form.locator("output").innerText();
}

/** The keys that the page "Your session" shows, and their values. */
export async function keysOn(page: Page): Promise<Record<string, string>> {
  const rows = await page.locator("tbody tr").all();
  const entries = rows.map(async (row) => {
    return [await row.locator("th").innerText(), await row.locator("td").first().innerText()] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** The messages on a page. */
export function messagesOn(page: Page): Promise<string[]> {
  return page.locator(".flash").allInnerTexts();
}
