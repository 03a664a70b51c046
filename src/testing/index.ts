export { testAdapter } from "./adapter-suite.ts";
export {
  type Act,
  type AdapterKit,
  type Answer,
  type CountingStore,
  type Counts,
  type KitData,
  type Served,
  countingStore,
} from "./internal/adapter-stage.ts";
export { type Browser, type BrowserOptions, type Page, type VisitOptions, browser } from "./browser.ts";
export { type ManualClock, manualClock } from "./clock.ts";
export { type ResponsesKit, testResponses } from "./response-suite.ts";
export { type StoreKit, type Test, testListable, testStore, testSweepable } from "./store-suite.ts";
export { type WritersKit, runWriters, testWriters } from "./store-writers.ts";
