import type { JobRecord, JobStore, Move } from "../store/job-store.ts";
import { isFinal, PHASES, type Phase } from "./status.ts";

/** ms between two notes of one phase; progress in between is left out */
const NOTE_PAUSE = 250;

type Step = Omit<Move, "id" | "owner" | "at">;

export interface JobLifeOptions {
  readonly store: JobStore;
  /** Who leases it. */
  readonly owner: string;
  /** epoch milliseconds */
  readonly now: () => number;
}

/**
 * One job's record while it is worked on. Steps are recorded in order and without waiting; `recorded` waits for them, and
 * throws what became of them: the work goes on while the disk is written, but nothing irrevocable does.
 */
export class JobLife {
  readonly #options: JobLifeOptions;
  #record: JobRecord;
  #phase: Phase;
  #writing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;

  constructor(record: JobRecord, options: JobLifeOptions) {
    this.#options = options;
    this.#record = record;
    this.#phase = record.phase;
  }

  /** As it was last written or read. */
  get record(): JobRecord {
    return this.#record;
  }

  /** false once the store refused a step: what goes wrong then says nothing of the job. */
  get isRecordable(): boolean {
    return this.#failure === null;
  }

  /** true once the job was in this phase or a later one, also before a crash. */
  hasReached(phase: Phase): boolean {
    return PHASES.indexOf(this.#phase) >= PHASES.indexOf(phase);
  }

  /** Moves on to a phase; does nothing where the job is there or further already. */
  advance(phase: Phase, step: Omit<Step, "phase"> = {}): void {
    if (this.hasReached(phase)) return;
    this.#phase = phase;
    this.#write({ ...step, phase });
  }

  /** Records something else in the phase that the job is in. */
  add(step: Omit<Step, "phase">): void {
    this.#write({ ...step, phase: this.#phase });
  }

  /** @throws what the store threw; after that nothing more is written */
  async recorded(): Promise<JobRecord> {
    await this.#writing;
    if (this.#failure !== null) throw this.#failure.error;
    return this.#record;
  }

  /** The record as it is now, with a stop that was asked for meanwhile. */
  async read(): Promise<JobRecord> {
    await this.recorded();
    this.#record = (await this.#options.store.getById(this.#record.id)) ?? this.#record;
    return this.#record;
  }

  async end(step: Omit<Step, "phase"> & Required<Pick<Step, "status">>): Promise<void> {
    await this.recorded();
    if (isFinal(this.#record.status)) return;
    this.#phase = "ended";
    this.#write({ ...step, phase: "ended" });
    await this.recorded();
  }

  /** Takes lines of progress as they come and records now and then the last one; its end records what is left. */
  notes(): { readonly note: (line: string) => void } & Disposable {
    let latest: string | null = null;
    let pause: NodeJS.Timeout | null = null;
    const record = () => {
      if (latest !== null) this.add({ note: latest });
      latest = null;
    };
    const recordInTurn = () => {
      pause = latest === null ? null : setTimeout(recordInTurn, NOTE_PAUSE);
      record();
    };
    return {
      note: (line) => {
        latest = line;
        if (pause === null) recordInTurn();
      },
      [Symbol.dispose]: () => {
        clearTimeout(pause ?? undefined);
        record();
      },
    };
  }

  #write(step: Step): void {
    const { store, owner, now } = this.#options;
    const move = { ...step, id: this.#record.id, owner, at: now() };
    this.#writing = this.#writing.then(async () => {
      if (this.#failure !== null) return;
      try {
        this.#record = await store.move(move);
      } catch (error) {
        this.#failure = { error };
      }
    });
  }
}
