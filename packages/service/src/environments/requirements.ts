/** What the built-in environments hold: pip requirements, pinned; markers choose by Python version and system. */
export const BUILT_IN_REQUIREMENTS = {
  /** Stands in for `sagemaker-scikit-learn`. */
  sklearn: [
    'numpy==2.0.2; python_version < "3.13"',
    'numpy==2.2.6; python_version >= "3.13"',
    'scipy==1.13.1; python_version < "3.13"',
    'scipy==1.15.3; python_version >= "3.13"',
    "scikit-learn==1.6.1",
    "pandas==2.2.3",
    "joblib==1.4.2",
    "boto3==1.40.76",
    "pillow==11.3.0",
    "requests==2.32.5",
  ],
  /** Stands in for `tensorflow-training` and `tensorflow-inference`; Keras 2, which loads SavedModels as they were written. */
  tensorflow: [
    'tensorflow-cpu==2.15.1; sys_platform != "darwin" and python_version < "3.12"',
    'tensorflow==2.15.1; sys_platform == "darwin" and python_version < "3.12"',
    'tensorflow-cpu==2.18.1; sys_platform != "darwin" and python_version >= "3.12"',
    'tensorflow==2.18.1; sys_platform == "darwin" and python_version >= "3.12"',
    'tf-keras==2.18.0; python_version >= "3.12"',
    "numpy==1.26.4",
    "scipy==1.13.1",
    "scikit-learn==1.6.1",
    "pandas==2.2.3",
    "boto3==1.40.76",
    "pillow==11.3.0",
    "requests==2.32.5",
  ],
} as const satisfies Record<string, readonly string[]>;

export type BuiltInName = keyof typeof BUILT_IN_REQUIREMENTS;

export function isBuiltInName(name: string): name is BuiltInName {
  return Object.hasOwn(BUILT_IN_REQUIREMENTS, name);
}
