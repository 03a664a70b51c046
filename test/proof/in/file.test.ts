import { proveIn } from "../prove.ts";

proveIn("file");
