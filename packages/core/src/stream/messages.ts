/**
 * Family `stream`: the items of streams, whichever layer's request has asked for one. That request carries a number
 * that the reader has drawn, `stream`, and is answered, after the last item, with how many batches there were; a mesh
 * `cancel` of it says that nobody reads any more.
 *
 * - `items` [op, stream, requestId, items]: producer → reader, protocol lane, no answer. A batch. The window bounds how
 *   many are under way, so they are never refused. One that comes when nobody reads any more is dropped.
 * - `consumed` [op, requestId, batches]: reader → producer, no answer: so many batches have been read. Means nothing
 *   once the request has ended.
 */
export const StreamOp = { items: 176, consumed: 177 } as const;
