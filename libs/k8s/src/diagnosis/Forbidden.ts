/** forbidden: an account lacks a permission, by RBAC's words and those of the checks beside it. */
export const says = (text: string): boolean =>
  /\buser "[^"]*"(?: \(groups=.*\))? (?:cannot|is attempting)|cannot set blockOwnerDeletion|not allowed to (?:bind|escalate)/i.test(
    text,
  );
