import { describe, expect, it } from "vitest";
import { proxyFor } from "../src/connection/proxy.js";

const proxies = { https: "http://secure:3128", http: "plain:3128", none: undefined };

describe("the proxy", () => {
  it.each([
    ["of the scheme", "https://k8s.example:6443", undefined, "http://secure:3128"],
    [
      "of the other scheme, without its http://",
      "http://k8s.example",
      undefined,
      "http://plain:3128",
    ],
    ["none to this machine", "https://localhost:6443", undefined, undefined],
    ["none to this machine by address", "https://127.0.0.2:6443", undefined, undefined],
    ["none to this machine by its IPv6 address", "https://[::1]:6443", undefined, undefined],
    ["none to a host that is exempt", "https://k8s.example:6443", "other,k8s.example", undefined],
    ["none below a domain that is exempt", "https://a.k8s.example:6443", "k8s.example", undefined],
    ["a dot means below alone", "https://k8s.example", ".k8s.example", "http://secure:3128"],
    ["an end that is no domain's", "https://notk8s.example", "k8s.example", "http://secure:3128"],
    ["another port", "https://k8s.example:6443", "k8s.example:443", "http://secure:3128"],
    ["none in a network that is exempt", "https://10.1.2.3:6443", "10.0.0.0/8", undefined],
    ["another network", "https://11.1.2.3:6443", "10.0.0.0/8", "http://secure:3128"],
    ["none at all", "https://k8s.example", "*", undefined],
  ])("%s", (_, server, none, expected) => {
    expect(proxyFor(server, undefined, { ...proxies, none })).toBe(expected);
  });

  it("of the kubeconfig comes before all", () => {
    const settings = { ...proxies, none: "*" };
    expect(proxyFor("https://k8s.example", "socks5://p:1080", settings)).toBe("socks5://p:1080");
  });
});
