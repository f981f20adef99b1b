/**
 * Family `metrics`: questions of metrics, asked of every member that is connected. An ordinary request, but on the protocol
 * lane: they are few, and grids in trouble must answer them.
 *
 * - `read` [op, requestId]. Answer: what the thread says of itself, as `RawThreadMetrics`.
 */
export const MetricsOp = { read: 240 } as const;
