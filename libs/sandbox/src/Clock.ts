/** The sandbox's time: the present for timestamps, and timers that a speed above 1 shortens. */
export interface Timer {
  cancel(): void;
}

export class Clock {
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopped = false;
  constructor(readonly speed: number) {}

  now(): Date {
    return new Date();
  }
  /** RFC 3339 in whole seconds, as `metav1.Time`. */
  stamp(): string {
    return Clock.format(this.now());
  }
  /** RFC 3339 in microseconds, as `metav1.MicroTime`. */
  microStamp(): string {
    return this.now().toISOString().replace("Z", "000Z");
  }
  static format(date: Date): string {
    return `${date.toISOString().slice(0, 19)}Z`;
  }
  /** Runs it once after so many milliseconds of the sandbox's time. */
  after(ms: number, run: () => void): Timer {
    if (this.stopped) return { cancel: () => undefined };
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        run();
      },
      Math.max(0, ms / this.speed),
    );
    this.timers.add(timer);
    return {
      cancel: () => {
        clearTimeout(timer);
        this.timers.delete(timer);
      },
    };
  }
  stop(): void {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
