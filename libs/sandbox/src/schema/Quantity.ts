/** Kubernetes quantities (`500m`, `1.5Gi`, `1e3`): their value, and their canonical form. */
const FORM = /^([+-]?)(\d+\.?\d*|\.\d+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d+)?$/;
const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
export const QUANTITY_FORM =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

interface Quantity {
  /** In billionths. */
  readonly nano: bigint;
  readonly form: "decimal" | "binary" | "exponent";
}

const parse = (text: string): Quantity | undefined => {
  const [whole, sign, figure = "", suffix = ""] = FORM.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const [int = "", fraction = ""] = figure.split(".");
  const binary = suffix.endsWith("i");
  const exponent = /^[eE][+-]?\d+$/.test(suffix);
  const power = exponent ? Number(suffix.slice(1)) : binary ? 0 : (DECIMAL.indexOf(suffix) - 3) * 3;
  const digits = BigInt(int + fraction || "0");
  const shift = 9 + power - fraction.length;
  let nano = shift >= 0 ? digits * 10n ** BigInt(shift) : roundUp(digits, 10n ** BigInt(-shift));
  if (binary) nano *= 1024n ** BigInt(BINARY.indexOf(suffix));
  return {
    nano: sign === "-" ? -nano : nano,
    form: exponent ? "exponent" : binary ? "binary" : "decimal",
  };
};
const roundUp = (a: bigint, b: bigint): bigint => (a % b === 0n ? a / b : a / b + 1n);

const write = ({ nano, form }: Quantity): string => {
  if (nano === 0n) return "0";
  const sign = nano < 0n ? "-" : "";
  let value = nano < 0n ? -nano : nano;
  const whole = value % 1_000_000_000n === 0n;
  if (form === "binary" && whole && value / 1_000_000_000n >= 1024n) {
    value /= 1_000_000_000n;
    let i = 0;
    while (value % 1024n === 0n && i < BINARY.length - 1) {
      value /= 1024n;
      i++;
    }
    return `${sign}${value}${BINARY[i] ?? ""}`;
  }
  let i = 0;
  while (value % 1000n === 0n && i < DECIMAL.length - 1) {
    value /= 1000n;
    i++;
  }
  const suffix = form === "exponent" && i !== 3 ? `e${(i - 3) * 3}` : (DECIMAL[i] ?? "");
  return `${sign}${value}${suffix}`;
};

/** The canonical form, or undefined where it is no quantity. */
export const canonical = (value: string | number): string | undefined => {
  const parsed = parse(String(value));
  return parsed && write(parsed);
};
/** In thousandths, rounded up: enough for CPU, exact for bytes and counts. */
export const millis = (value: string | number | undefined): bigint => {
  const parsed = value === undefined ? undefined : parse(String(value));
  return parsed ? roundUp(parsed.nano, 1_000_000n) : 0n;
};
/** A sum in the form of the first one that has a suffix. */
export const sum = (values: readonly (string | number)[]): string => {
  const parsed = values.map((v) => parse(String(v))).filter((q) => q !== undefined);
  const form = parsed.find((q) => q.nano !== 0n)?.form ?? "decimal";
  return write({ nano: parsed.reduce((total, q) => total + q.nano, 0n), form });
};
