declare module "cloudflare:node" {
  /** Hands a request to the `node:http` server that listens at a port. */
  export function handleAsNodeRequest(port: number, request: Request): Promise<Response>;
}
