import type { EvaluationEvent } from "@fieldmark/evaluation";
import pc from "picocolors";
import { type CliContext, printable, writeLine } from "./context.ts";

/** Notes and warnings on stderr; notes are left out when quiet, warnings never. */
export class Words {
  readonly #context: CliContext;
  readonly #quiet: boolean;

  constructor(context: CliContext, { quiet }: { readonly quiet?: boolean }) {
    this.#context = context;
    this.#quiet = quiet === true;
  }

  note(label: string, text: string): void {
    const { dim } = pc.createColors(this.#context.color);
    if (!this.#quiet) writeLine(this.#context.stderr, `${dim(label.padEnd(13))} ${printable(text)}`);
  }

  warn(text: string): void {
    const { yellow, bold } = pc.createColors(this.#context.color);
    writeLine(this.#context.stderr, `${yellow(bold("warning"))}       ${printable(text)}`);
  }

  event(event: EvaluationEvent): void {
    switch (event.kind) {
      case "model": {
        const { description, output, cached } = event;
        this.note(
          "model",
          `${description.format} by ${description.producer}, ${description.digest.slice(0, 19)}…${cached ? ", import cached" : ""}`,
        );
        for (const text of description.notes) this.note("", text);
        this.note("output", `${output.name}: ${output.classes} classes, ${output.kind} (${output.reason})`);
        return;
      }
      case "dataset":
        this.note(
          "dataset",
          `${event.dataset.source}; class names from the ${event.dataset.classNameSource}`,
        );
        for (const text of event.dataset.notes) this.note("", text);
        return;
      case "preprocessing": {
        const { name, resize, size } = event.recipe;
        this.note(
          "preprocessing",
          `${name}, ${resize.filter} ${resize.fit} to ${size.height} × ${size.width}; ${event.chosenBy}`,
        );
        return;
      }
      case "recipe-check":
        this.#recipeCheck(event.check);
        return;
      case "waiting":
        this.note(
          "waiting",
          `for the ${event.hosts.length === 1 ? "share" : "shares"} of ${event.hosts.join(", ")}`,
        );
        return;
      default:
        return;
    }
  }

  #recipeCheck({
    recipe,
    examples,
    accuracy,
    better,
  }: Extract<EvaluationEvent, { kind: "recipe-check" }>["check"]): void {
    const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
    if (better === null) {
      this.note(
        "recipe check",
        `${recipe} is right on ${percent(accuracy)} of ${examples} pictures; no other recipe is clearly better`,
      );
      return;
    }
    this.warn(
      `the recipe may be wrong: on ${examples} pictures ${recipe} is right on ${percent(accuracy)}, ` +
        `${better.recipe} on ${percent(better.accuracy)}; try --recipe ${better.recipe}`,
    );
  }
}
