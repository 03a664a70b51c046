/** A cookie's value as the package `cookie` decodes it: what has no sound percent-encoding stays as it is. */
export function decodeValue(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
