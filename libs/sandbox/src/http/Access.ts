/** Who may do what: bearer tokens, and what is denied to the users that a test has added. */
import { ApiError, forbidden } from "../ApiError.js";
import type { Target } from "./Route.js";

/** What is denied; a list that is missing means all. `resources` are plurals or `pods/log`. */
export interface Deny {
  readonly verbs?: readonly string[];
  readonly resources?: readonly string[];
  readonly namespaces?: readonly string[];
}
export interface User {
  readonly name: string;
  readonly deny: readonly Deny[];
}

const ANONYMOUS: User = { name: "system:anonymous", deny: [{}] };
const OPEN: User = { name: "admin", deny: [] };

export class Access {
  private readonly users = new Map<string, User>();

  /** `open`: a caller without a token is the administrator, since kubectl sends none over plain HTTP. */
  constructor(private readonly open: boolean) {}

  add(token: string, user: User): void {
    this.users.set(token, user);
  }

  /** Fails with 401 for a token that nobody has; without one the caller is anonymous. */
  userOf(authorization: string | undefined): User {
    if (authorization === undefined) return this.open ? OPEN : ANONYMOUS;
    const user = this.users.get(authorization.replace(/^Bearer\s+/i, ""));
    if (!user) throw new ApiError(401, "Unauthorized", "Unauthorized");
    return user;
  }

  check(user: User, { verb, resource, namespace: inside, name, subresource }: Target): void {
    // A namespace itself counts as being in it.
    const namespace = resource.qualified === "namespaces" ? name : inside;
    const plural = subresource ? `${resource.plural}/${subresource}` : resource.plural;
    const hit = (list: readonly string[] | undefined, value: string): boolean =>
      list === undefined || list.includes(value) || list.includes("*");
    const denied = user.deny.some(
      (d) =>
        hit(d.verbs, verb) &&
        (hit(d.resources, plural) ||
          (subresource === undefined && hit(d.resources, resource.qualified))) &&
        (d.namespaces === undefined || hit(d.namespaces, namespace ?? "")),
    );
    if (!denied) return;
    const where =
      namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
    throw forbidden(
      resource,
      name ?? "",
      `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(plural)} in API group ${JSON.stringify(resource.group)} ${where}`,
    );
  }

  checkPath(user: User, method: string, path: string): void {
    if (user !== ANONYMOUS || /^\/(version|readyz|livez|healthz)/.test(path)) return;
    throw new ApiError(
      403,
      "Forbidden",
      `forbidden: User "system:anonymous" cannot ${method.toLowerCase()} path ${JSON.stringify(path)}`,
      {},
    );
  }
}
