import { type FlaskConfig, flaskSession } from "../../src/flask/flask.ts";
import type { Data } from "../core/helpers.ts";

/** Sessions as an application has them, but with time for an engine that starts cold on a busy machine. */
export function patientSession(config: FlaskConfig) {
  return flaskSession<Data>(config, { storeTimeout: 10 });
}
