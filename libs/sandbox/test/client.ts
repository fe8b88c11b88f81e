/** Plain HTTP to a sandbox, for its tests. */
import { startSandbox, type Sandbox, type SandboxOptions } from "@nopea/sandbox";

// Answers of the API are looked into freely.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Answer = any;

export const APPLY = "application/apply-patch+yaml";
export const MERGE = "application/merge-patch+json";

export interface Client {
  readonly sandbox: Sandbox;
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
    type?: string,
  ) => Promise<{ status: number; body: Answer }>;
  readonly apply: (
    path: string,
    object: object,
    manager?: string,
    force?: boolean,
  ) => Promise<{ status: number; body: Answer }>;
  readonly until: (path: string, holds: (body: Answer) => boolean) => Promise<Answer>;
  /** Events of a watch until so many have come, or it ends. */
  readonly watch: (path: string, count: number) => Promise<Answer[]>;
}

export const client = async (options?: SandboxOptions): Promise<Client> => {
  const sandbox = await startSandbox(options);
  const headers = { authorization: `Bearer ${sandbox.token}`, "user-agent": "test/1" };
  const call: Client["call"] = async (method, path, body, type = "application/json") => {
    const response = await fetch(sandbox.url + path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": type }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
  };
  return {
    sandbox,
    call,
    apply: (path, object, manager = "mine", force = false) =>
      call("PATCH", `${path}?fieldManager=${manager}&force=${force}`, object, APPLY),
    until: async (path, holds) => {
      for (let i = 0; i < 500; i++) {
        const { body } = await call("GET", path);
        if (holds(body)) return body;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error(
        `${path} did not become what was awaited: ${JSON.stringify((await call("GET", path)).body)}`,
      );
    },
    watch: async (path, count) => {
      const response = await fetch(sandbox.url + path, { headers });
      const events: Answer[] = [];
      let rest = "";
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) {
        const lines = (rest + decoder.decode(chunk as Uint8Array)).split("\n");
        rest = lines.pop() ?? "";
        events.push(...lines.map((line) => JSON.parse(line)));
        if (events.length >= count) break;
      }
      return events;
    },
  };
};

export const deployment = (name: string, image: string, spec: object = {}): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "main", image }] },
    },
    ...spec,
  },
});
export const configMap = (name: string, data: object, metadata: object = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});
