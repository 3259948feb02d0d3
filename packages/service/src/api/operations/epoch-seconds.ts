/** Times of AWS JSON: seconds since 1970, with milliseconds as their fraction. */
export const toEpochSeconds = (milliseconds: number): number => milliseconds / 1000;

export const fromEpochSeconds = (seconds: number): number => Math.round(seconds * 1000);
