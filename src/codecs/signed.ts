import { deflateSync, inflateSync } from "node:zlib";
import { fromBase64Url, toBase64Url } from "../crypto/bytes.ts";
import type { Signer } from "../crypto/signer.ts";
import type { Envelope } from "./envelope.ts";

/** More than this is not inflated: no cookie holds it. */
const MAX_INFLATED = 1 << 20;

/**
 * Flask's signed cookie: `payload.timestamp.signature` in URL-safe base64, the payload compressed where that is shorter
 * (itsdangerous' `URLSafeTimedSerializer`).
 */
export function signed(signer: Signer): Envelope {
  return {
    wrap: (bytes, at) => signer.sign(`${writePayload(bytes)}.${toBase64Url(secondsBytes(at))}`),
    unwrap(text, now, lifetime) {
      const unsigned = signer.unsign(text);
      if (!unsigned) return "forged";
      const dot = unsigned.text.lastIndexOf(".");
      const wrappedAt = dot < 0 ? undefined : secondsOf(unsigned.text.slice(dot + 1));
      if (wrappedAt === undefined) return "forged";
      if (now < wrappedAt || now - wrappedAt > lifetime) return "expired";
      const bytes = readPayload(unsigned.text.slice(0, dot));
      return bytes === undefined ? "unreadable" : { bytes, wrappedAt, current: unsigned.current };
    },
  };
}

function writePayload(bytes: Uint8Array): string {
  const packed = deflateSync(bytes);
  return packed.byteLength < bytes.byteLength - 1 ? `.${toBase64Url(packed)}` : toBase64Url(bytes);
}

function readPayload(payload: string): Uint8Array | undefined {
  const packed = payload.startsWith(".");
  const bytes = fromBase64Url(packed ? payload.slice(1) : payload);
  if (!packed || bytes === undefined) return bytes;
  try {
    return inflateSync(bytes, { maxOutputLength: MAX_INFLATED });
  } catch {
    return undefined;
  }
}

/** Whole seconds, unsigned big-endian, without leading zero bytes. */
function secondsBytes(seconds: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(seconds));
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? Buffer.alloc(0) : bytes.subarray(first);
}

/** The last second that Python can tell: the end of the year 9999. */
const LAST_SECOND = 253_402_300_799n;

function secondsOf(text: string): number | undefined {
  const bytes = fromBase64Url(text);
  if (!bytes || bytes.byteLength > 8) return undefined;
  const seconds = BigInt(`0x0${Buffer.from(bytes).toString("hex")}`);
  return seconds > LAST_SECOND ? undefined : Number(seconds);
}
