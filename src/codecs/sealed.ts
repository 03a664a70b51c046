import { fromBase64Url, toBase64Url } from "../crypto/bytes.ts";
import type { Sealer } from "../crypto/sealer.ts";
import type { Envelope } from "./envelope.ts";

const TIME_BYTES = 8;

/** Encrypted bytes in URL-safe base64, the instant of sealing under the seal with them. */
export function sealed(sealer: Sealer): Envelope {
  return {
    wrap(bytes, at) {
      const time = Buffer.alloc(TIME_BYTES);
      time.writeBigUInt64BE(BigInt(at));
      return toBase64Url(sealer.seal(Buffer.concat([time, bytes])));
    },
    unwrap(text, now, lifetime) {
      const bytes = fromBase64Url(text);
      const unsealed = bytes && sealer.unseal(bytes);
      if (!unsealed || unsealed.bytes.byteLength < TIME_BYTES) return "forged";
      const content = Buffer.from(unsealed.bytes);
      const wrappedAt = Number(content.readBigUInt64BE());
      if (now < wrappedAt || now - wrappedAt > lifetime) return "expired";
      return { bytes: content.subarray(TIME_BYTES), wrappedAt, current: unsealed.current };
    },
  };
}
