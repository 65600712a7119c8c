import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { text } from "node:stream/consumers";

/** Serves one page, and what it is made of, from an origin of its own; and waits for what the page tells. */
export interface PageServer {
  readonly origin: string;
  /** What the page of this origin found, once it has told. */
  readonly results: Promise<Record<string, unknown>>;
  close(): void;
}

const packages = ["@bufbuild/protobuf", "@connectrpc/connect", "@connectrpc/connect-web"];

/** Where a browser finds the modules of packages: as their package.json says it. */
function importMap(): Record<string, string> {
  const imports: Record<string, string> = {};
  for (const name of packages) {
    const { exports } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")) as {
      exports: Record<string, { import?: string | { default: string } }>;
    };
    for (const [path, { import: file }] of Object.entries(exports)) {
      const target = typeof file === "string" ? file : file?.default;
      if (target) imports[join(name, path)] = `/node_modules/${join(name, target)}`;
    }
  }
  return imports;
}

const page = () => `<!doctype html>
<script type="importmap">${JSON.stringify({ imports: importMap() })}</script>
<script type="module" src="/page.js"></script>`;

const types: Readonly<Record<string, string>> = { ".js": "text/javascript", ".html": "text/html" };

export async function startPageServer(): Promise<
  PageServer & { serve(setting: object, descriptors: Uint8Array): void }
> {
  let told: (results: Record<string, unknown>) => void = () => undefined;
  const results = new Promise<Record<string, unknown>>((resolve) => {
    told = resolve;
  });
  const files = new Map<string, string | Uint8Array>([["/", page()]]);
  const server = createServer(async (request, response) => {
    const path = normalize(request.url ?? "/");
    if (path === "/results") {
      told(JSON.parse(await text(request)));
      response.end();
      return;
    }
    try {
      const file = files.get(path) ?? readFileSync(path === "/page.js" ? "test/browser/page.js" : path.slice(1));
      response.setHeader("content-type", types[extname(path) || ".html"] ?? "application/octet-stream");
      response.end(file);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    results,
    serve(setting, descriptors) {
      files.set("/setting", JSON.stringify(setting));
      files.set("/descriptors", descriptors);
    },
    close: () => void server.close(),
  };
}
