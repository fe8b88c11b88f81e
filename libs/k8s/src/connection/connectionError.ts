/** Why no answer came, in words: one table over the operating system's and TLS's codes. */

export interface NoAnswer {
  /** `nothing listens there (ECONNREFUSED)`. */
  readonly words: string;
  readonly code: string;
  /**
   * - `refused`: it never got there
   * - `broken`: it may have got there
   * - `trust`: the two ends don't trust each other; trying again is no use
   */
  readonly kind: "refused" | "broken" | "trust";
  readonly advice: string | undefined;
}

const REFUSED: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "its name can't be resolved",
  EAI_AGAIN: "its name can't be resolved: the name server does not answer",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no network to it",
  ENETDOWN: "the network is down",
  EADDRNOTAVAIL: "there is no network to it",
  ETIMEDOUT: "it does not answer",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  NGHTTP2_REFUSED_STREAM: "it did not take the request",
  ERR_HTTP2_GOAWAY_SESSION: "the connection is closing",
  ERR_HTTP2_INVALID_SESSION: "the connection was closed",
  EINVAL: "its address is not one that can be connected to",
  ERR_SOCKET_BAD_PORT: "its port is not a port",
};

const BROKEN: Readonly<Record<string, string>> = {
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  UND_ERR_SOCKET: "the connection was cut",
  UND_ERR_CLOSED: "the connection was closed",
  UND_ERR_DESTROYED: "the connection was closed",
  UND_ERR_HEADERS_TIMEOUT: "it took the request and never answered",
  UND_ERR_BODY_TIMEOUT: "its answer stopped half-way",
  ERR_HTTP2_NO_ANSWER: "it took the request and never answered",
  ERR_HTTP2_SESSION_ERROR: "the connection was cut",
  ERR_HTTP2_STREAM_ERROR: "the connection was cut",
  ERR_HTTP2_STREAM_CANCEL: "the connection was cut",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "its answer was cut off",
};

const TRUST: Readonly<Record<string, readonly [words: string, advice: string]>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "its certificate is for another host name",
    "Check the server's address, or set tls-server-name in the kubeconfig.",
  ],
  CERT_HAS_EXPIRED: ["its certificate has expired", "Have the cluster's certificates renewed."],
  CERT_NOT_YET_VALID: ["its certificate is not valid yet", "Check this machine's clock."],
  CERT_REVOKED: ["its certificate was revoked", "Have the cluster's certificates renewed."],
};

const CERTIFICATE =
  /SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_SIGNATURE|CERT_UNTRUSTED|INVALID_CA|CERT_CHAIN/;

/** OpenSSL's alerts: the server refused our side of the handshake. */
const CLIENT_CERTIFICATE = /ALERT_(BAD_CERTIFICATE|CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;

const codeOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return "";
  // Several addresses were tried (::1 and 127.0.0.1): the first one's code speaks for all.
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  return typeof code === "string" ? code : codeOf(cause);
};

export const explain = (error: unknown): NoAnswer => {
  const code = codeOf(error);
  const withCode = (words: string) => `${words} (${code})`;
  const trust = TRUST[code];
  if (trust !== undefined) {
    return { code, kind: "trust", words: withCode(trust[0]), advice: trust[1] };
  }
  if (CERTIFICATE.test(code)) {
    return {
      code,
      kind: "trust",
      words: withCode("its certificate is not signed by the CA that the kubeconfig trusts"),
      advice:
        "Fetch a new kubeconfig: the cluster's CA differs from certificate-authority. If a proxy stands between, add its CA there.",
    };
  }
  if (CLIENT_CERTIFICATE.test(code)) {
    return {
      code,
      kind: "trust",
      words: withCode("it did not accept our client certificate"),
      advice:
        "The client certificate has expired or is of another cluster: fetch a new kubeconfig.",
    };
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_") || code.startsWith("ERR_OSSL_")) {
    const words = code.includes("WRONG_VERSION")
      ? "it does not speak TLS there"
      : "the TLS handshake failed";
    return {
      code,
      kind: "trust",
      words: withCode(words),
      advice: "Check the server's address and port, and the certificates in the kubeconfig.",
    };
  }
  const refused = REFUSED[code];
  if (refused !== undefined) {
    return { code, kind: "refused", words: withCode(refused), advice: undefined };
  }
  const broken = BROKEN[code];
  if (broken !== undefined)
    return { code, kind: "broken", words: withCode(broken), advice: undefined };
  const message = error instanceof Error ? error.message : String(error);
  return {
    code,
    kind: code.startsWith("HPE_") ? "trust" : "broken",
    words: code.startsWith("HPE_") ? withCode("it does not answer in HTTP") : message,
    advice: undefined,
  };
};
