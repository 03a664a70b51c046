import { type RouteConfig, index, route } from "@react-router/dev/routes";

export default [
  index("routes/home.tsx"),
  route("login", "routes/login.ts"),
  route("logout", "routes/logout.ts"),
  route("ends", "routes/ends.tsx"),
] satisfies RouteConfig;
