/** namespace_terminating: the namespace is being deleted, and takes nothing new. */
export const says = (text: string): boolean =>
  /because it is being terminated|namespace \S+ is (?:being )?terminat/i.test(text);
