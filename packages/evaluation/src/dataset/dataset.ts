/** One labelled picture. */
export interface Example {
  /** As the annotations name it, relative to the images folder, with "/" between folders. */
  readonly imageFileName: string;
  /** Where the file is. */
  readonly path: string;
  /** 0-based index of the true class. */
  readonly label: number;
}

/** Where the class names came from; "index" stands for `class_<index>` made up for outputs nobody named. */
export type ClassNameSource = "annotations" | "labels file" | "model archive" | "folders" | "classes.txt";

/** A labelled test set, checked: every file exists (but those of `absent`), every label is in range, no row is doubled. */
export interface Dataset {
  /** For people: "manifest/test.csv, 180 pictures". */
  readonly source: string;
  readonly examples: readonly Example[];
  /** Rows of `examples` whose files are not here, ascending; empty unless `DatasetOptions.shard` allows it. */
  readonly absent: readonly number[];
  /** [classes], in the order of the model's outputs. */
  readonly classNames: readonly string[];
  readonly classNameSource: ClassNameSource;
  /** "sha256:<hex>" over every row's file name and label, in order, and the class names. */
  readonly annotationsDigest: string;
  /** Decisions that a reader of the report should know of. */
  readonly notes: readonly string[];
}

/** How a label column is read. */
export type LabelForm = "one-based" | "zero-based" | "name";

export interface DatasetOptions {
  /** Folder of the pictures, of class folders, or of a CUB-200-2011 tree. */
  readonly images: string;
  /** CSV file, or a folder that holds test.csv. Without it: manifest/test.csv beside `images`, a CUB tree, or class folders. */
  readonly annotations?: string;
  readonly imageColumn?: string;
  readonly labelColumn?: string;
  readonly nameColumn?: string;
  readonly labelForm?: LabelForm;
  /** Text file with one class name a line, or a JSON array of names, in the order of the model's outputs. */
  readonly labels?: string;
  /** `images` holds a part of the annotated pictures only: S3 gave the others to other instances. */
  readonly shard?: boolean;
  /** Part of a CUB-200-2011 tree, by its own split file. */
  readonly split?: "test" | "train" | "all";
}

/** What the model knows of its classes. */
export interface ModelClasses {
  /** Columns of the probabilities. */
  readonly count: number;
  /** Names carried by the archive, in output order; null when it has none. */
  readonly names: readonly string[] | null;
}
