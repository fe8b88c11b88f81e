/** Which proxy, if any, stands between us and a server: the kubeconfig's, else the environment's by Go's rules. */
import { BlockList, isIP } from "node:net";

export interface ProxySettings {
  /** HTTPS_PROXY and HTTP_PROXY, in either case of letters. */
  readonly https: string | undefined;
  readonly http: string | undefined;
  /** NO_PROXY: hosts, domains, addresses and CIDRs, parted by commas; `*` for all. */
  readonly none: string | undefined;
}

const inCidr = (host: string, cidr: string): boolean => {
  const [address = "", bits = ""] = cidr.split("/");
  const family = isIP(address);
  if (family === 0 || family !== isIP(host) || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const kind = family === 4 ? "ipv4" : "ipv6";
  list.addSubnet(address, Number(bits), kind);
  return list.check(host, kind);
};

const isExempt = (url: URL, none: string): boolean => {
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  // Go never takes a proxy to this machine itself.
  if (host === "localhost" || host === "::1" || inCidr(host, "127.0.0.0/8")) return true;
  return none.split(",").some((word) => {
    const entry = word.trim().toLowerCase();
    if (entry === "") return false;
    if (entry === "*") return true;
    if (entry.includes("/")) return inCidr(host, entry);
    const [, name = entry, only = port] = /^([^:]+):(\d+)$/.exec(entry) ?? [];
    if (only !== port) return false;
    const domain = name.replace(/^\*?\./, "");
    return host.endsWith(`.${domain}`) || (host === domain && !name.startsWith("."));
  });
};

export const proxyFor = (
  server: string,
  proxyUrl: string | null | undefined,
  settings: ProxySettings,
): string | undefined => {
  if (proxyUrl) return proxyUrl;
  const url = new URL(server);
  const proxy = url.protocol === "https:" ? settings.https : settings.http;
  if (proxy === undefined || proxy === "" || isExempt(url, settings.none ?? "")) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
};
