/**
 * The published dataset.
 * @see Wah, Branson, Welinder, Perona & Belongie, "The Caltech-UCSD Birds-200-2011 Dataset", CNS-TR-2011-001
 */
export const CUB = {
  url: "https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz?download=1",
  archive: "CUB_200_2011.tgz",
  md5: "97eceeb196236b17998738112f37df78",
  terms:
    "CUB-200-2011 (Wah et al., Caltech, 2011): its pictures are for non-commercial research and education only; " +
    "see data.caltech.edu/records/65de6-vp158",
  /** The lab's eight species by their CUB class ids. */
  labClasses: [13, 17, 35, 36, 47, 68, 73, 87],
} as const;
