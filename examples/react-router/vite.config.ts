import { reactRouter } from "@react-router/dev/vite";
import { defineConfig } from "vite";

/** What is built for the server begins at the handler, so that it and the routes share one module of the session. */
export default defineConfig(({ isSsrBuild }) => ({
  build: isSsrBuild ? { rollupOptions: { input: "./server/app.ts" } } : {},
  plugins: [reactRouter()],
}));
