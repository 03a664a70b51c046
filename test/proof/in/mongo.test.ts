import { proveIn } from "../prove.ts";

proveIn("mongo");
