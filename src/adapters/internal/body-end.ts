/**
 * A body that does something at its end, once: when all of it was read, or when its reader has left. Bytes pass through
 * unchanged and none is read before it is asked for. A body that breaks off breaks off here, and has no end.
 */
export function withEnd<Chunk>(body: ReadableStream<Chunk>, atEnd: () => Promise<void>): ReadableStream<Chunk> {
  const reader = body.getReader();
  let hasLeft = false;
  let ending: Promise<void> | undefined;
  return new ReadableStream<Chunk>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        // What is read while the reader leaves is not the end: the source may go on until it has cleaned up.
        if (hasLeft) return;
        if (!done) return controller.enqueue(value);
        await (ending ??= atEnd());
        controller.close();
      },
      async cancel(reason) {
        hasLeft = true;
        try {
          await reader.cancel(reason);
        } finally {
          await (ending ??= atEnd());
        }
      },
    },
    { highWaterMark: 0 },
  );
}
