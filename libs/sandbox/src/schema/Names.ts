/** What Kubernetes takes as a name, and the words it refuses others with. */
import { randomUUID } from "node:crypto";

export const LABEL_1123 =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
export const SUBDOMAIN_1123 =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
export const LABEL_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
export const QUALIFIED_NAME =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

export const dnsLabel = (name: string): boolean => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name);

const tooLong = (max: number): string => `must be no more than ${max} bytes`;

/** Why a name is refused; empty where it is well. */
export const nameFaults = (name: string, form: "subdomain" | "label" | "path"): string[] => {
  if (form === "path") {
    if (name === "." || name === "..") return [`may not be '${name}'`];
    return ["/", "%"].filter((c) => name.includes(c)).map((c) => `may not contain '${c}'`);
  }
  const out: string[] = [];
  const max = form === "subdomain" ? 253 : 63;
  if (name.length > max) out.push(`must be no more than ${max} characters`);
  if (form === "label" && name.includes(".")) return [...out, "must not contain dots"];
  if (form === "label" && !dnsLabel(name)) out.push(LABEL_1123);
  if (
    form === "subdomain" &&
    !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)
  )
    out.push(SUBDOMAIN_1123);
  return out;
};

export const labelValueFaults = (value: string): string[] => [
  ...(value.length > 63 ? [tooLong(63)] : []),
  ...(/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(value) ? [] : [LABEL_VALUE]),
];

export const qualifiedNameFaults = (key: string): string[] => {
  const parts = key.split("/");
  const name = parts[parts.length - 1] ?? "";
  const out: string[] = [];
  if (parts.length > 2)
    return [
      `${QUALIFIED_NAME.replace("name part must", "a valid label key must")} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  if (parts.length === 2) {
    if (!parts[0]) out.push("prefix part must be non-empty");
    else out.push(...nameFaults(parts[0], "subdomain").map((f) => `prefix part ${f}`));
  }
  if (!name) out.push("name part must be non-empty");
  else if (name.length > 63) out.push(`name part ${tooLong(63)}`);
  if (!/^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name)) out.push(QUALIFIED_NAME);
  return out;
};

/** The letters that generated names end in. */
const SUFFIX = "bcdfghjklmnpqrstvwxz2456789";
export const suffix = (length = 5): string => {
  const bytes = randomUUID().replaceAll("-", "");
  let out = "";
  for (let i = 0; i < length; i++)
    out += SUFFIX[parseInt(bytes.slice(i * 2, i * 2 + 2), 16) % SUFFIX.length] ?? "b";
  return out;
};
