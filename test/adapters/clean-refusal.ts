import type { Browser, Page } from "../../src/testing/browser.ts";
import { eventsOf } from "./fixtures.ts";

/** What a page shows whose save fails, where who stands in front of it answers that: nothing that the page had set. */
export const CLEAN = {
  told: ["failed"],
  status: 503,
  text: "STORE 503",
  setCookies: [],
  before: "1",
  cacheControl: "no-store",
  etag: undefined,
  location: undefined,
};

/** What is left of a page, and what events were told of it. */
export async function leftOf(tab: Browser) {
  let page: Page | undefined;
  const told = await eventsOf(async () => (page = await tab.visit("/")));
  const { status, text, setCookies, headers } = page as Page;
  const { "x-before": before, "cache-control": cacheControl, vary, etag, location } = headers;
  return { told, status, text, setCookies, before, cacheControl, vary, etag, location };
}
