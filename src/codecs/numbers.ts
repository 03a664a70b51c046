/** How a format spells a float. All use the shortest digits that read back as the same number. */
export interface FloatStyle {
  /** The decimal exponent below which the form with an exponent is used; from 16 on it always is. */
  smallest: number;
  /** Writes an exponent, which JavaScript would spell `-6`. */
  exponent(value: number): string;
}

/** Python's `repr`: `1.0`, `1e-05`, `1e+16`. */
export const PYTHON_FLOAT: FloatStyle = {
  smallest: -4,
  exponent: (value) => `${value < 0 ? "-" : "+"}${String(Math.abs(value)).padStart(2, "0")}`,
};

/** msgspec's JSON: `1.0`, `0.00001`, `1e-6`, `1e16`. */
export const MSGSPEC_FLOAT: FloatStyle = { smallest: -5, exponent: String };

/** A finite number as a float: it always has a point or an exponent. */
export function formatFloat(value: number, style: FloatStyle): string {
  const [mantissa = "", power = ""] = value.toExponential().split("e");
  const exponent = Number(power);
  const sign = Object.is(value, -0) ? "-" : "";
  if (exponent < style.smallest || exponent >= 16) return `${mantissa}e${style.exponent(exponent)}`;
  return sign + plainDigits(mantissa, exponent);
}

function plainDigits(mantissa: string, exponent: number): string {
  const negative = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace("-", "").replace(".", "");
  if (exponent < 0) return `${negative}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${negative}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

/** Whether a number is written as an integer unless something says otherwise. */
export function isInteger(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

/** An integer in its smallest JavaScript type: a number as far as it is exact, else a bigint. */
export function integerOf(value: bigint): number | bigint {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}
