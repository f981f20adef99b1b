/**
 * The heap behind virtual time: events ordered by (time, tie, sequence). The sequence makes the order
 * total, so it never depends on the heap's own shape.
 */

/** One thing that will happen at a virtual time. */
export interface QueuedEvent {
  readonly atMs: number;
  readonly tie: number;
  readonly sequence: number;
  readonly label: string;
  readonly run: () => void;
  cancelled: boolean;
}

/** A binary min-heap of events; cancelled ones are skipped when they come up. */
export class EventQueue {
  #heap: QueuedEvent[] = [];
  #cancelledCount = 0;

  /** How many events are still to run. */
  get size(): number {
    return this.#heap.length - this.#cancelledCount;
  }

  push(event: QueuedEvent): void {
    this.#heap.push(event);
    this.#siftUp(this.#heap.length - 1);
  }

  /** Marks an event as not to be run; it must still be in the queue. */
  cancel(event: QueuedEvent): void {
    event.cancelled = true;
    this.#cancelledCount += 1;
    // Timers that are always cancelled (lock timeouts) would otherwise pile up until their time.
    if (this.#cancelledCount > 64 && this.#cancelledCount * 2 > this.#heap.length) this.#compact();
  }

  /** The next event to run, left in the queue. */
  peek(): QueuedEvent | undefined {
    while (this.#heap[0]?.cancelled === true) {
      this.#removeTop();
      this.#cancelledCount -= 1;
    }
    return this.#heap[0];
  }

  /** Takes the next event to run out of the queue. */
  pop(): QueuedEvent | undefined {
    const next = this.peek();
    if (next !== undefined) this.#removeTop();
    return next;
  }

  /** Labels of what is still to run, soonest first, at most `countMax` of them. */
  pendingLabels(countMax: number): string[] {
    const live = this.#heap.filter((event) => !event.cancelled).sort(compareEvents);
    return live.slice(0, countMax).map((event) => event.label);
  }

  #compact(): void {
    this.#heap = this.#heap.filter((event) => !event.cancelled).sort(compareEvents);
    this.#cancelledCount = 0;
  }

  #removeTop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown();
  }

  #siftUp(start: number): void {
    const heap = this.#heap;
    const event = heap[start] as QueuedEvent;
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as QueuedEvent;
      if (compareEvents(parent, event) <= 0) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = event;
  }

  #siftDown(): void {
    const heap = this.#heap;
    const event = heap[0] as QueuedEvent;
    let index = 0;
    for (;;) {
      let childIndex = index * 2 + 1;
      if (childIndex >= heap.length) break;
      const right = heap[childIndex + 1];
      if (right !== undefined && compareEvents(right, heap[childIndex] as QueuedEvent) < 0) childIndex += 1;
      const child = heap[childIndex] as QueuedEvent;
      if (compareEvents(event, child) <= 0) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = event;
  }
}

function compareEvents(left: QueuedEvent, right: QueuedEvent): number {
  return left.atMs - right.atMs || left.tie - right.tie || left.sequence - right.sequence;
}
