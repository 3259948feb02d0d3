/** A point between events of one stream; compared number by number. Output: [byte offset, 0]; put events: [time, number]. */
export type Place = readonly [number, number];

export interface LogEvent {
  /** epoch ms */
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly message: string;
  readonly start: Place;
  readonly end: Place;
}

/**
 * Events of one stream in the order of time, as far as they were there when it was opened. Nothing is held for its whole
 * length: a walk reads as it goes.
 */
export interface EventSource extends AsyncDisposable {
  readonly first: Place;
  /** After the last event. */
  readonly last: Place;
  /** Before the first event whose timestamp is ≥ `time` (epoch ms). */
  placeAt(time: number): Promise<Place>;
  forward(from: Place): AsyncGenerator<LogEvent>;
  /** From the event that ends at `from` to the first. */
  backward(from: Place): AsyncGenerator<LogEvent>;
}

export function comparePlaces(a: Place, b: Place): number {
  return a[0] - b[0] || a[1] - b[1];
}
