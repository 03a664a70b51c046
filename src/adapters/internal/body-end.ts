/**
 * A body that does something at its end: when all of it was read, and when its reader gave up. Bytes pass through
 * unchanged and none is read before it is asked for. A body that breaks off breaks off here, and has no end.
 */
export function withEnd<Chunk>(body: ReadableStream<Chunk>, atEnd: () => Promise<void>): ReadableStream<Chunk> {
  const reader = body.getReader();
  return new ReadableStream<Chunk>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        await atEnd();
        controller.close();
      },
      async cancel(reason) {
        try {
          await reader.cancel(reason);
        } finally {
          await atEnd();
        }
      },
    },
    { highWaterMark: 0 },
  );
}
