import type { XmlEntry } from "./xml.ts";

/** The account in ARNs; it owns every bucket. */
export const ACCOUNT_ID = "123456789012";

/** Canonical user ids are 64 hexadecimal digits on AWS too. */
const OWNER_ID = "f1e1d0a4c".padEnd(52, "0") + ACCOUNT_ID;

export const ownerXml = (name: "Owner" | "Initiator"): XmlEntry => [
  name,
  [
    ["ID", OWNER_ID],
    ["DisplayName", "fieldmark"],
  ],
];

/** The only grant there is where buckets allow no ACLs. */
export const accessControlXml: readonly XmlEntry[] = [
  ownerXml("Owner"),
  [
    "AccessControlList",
    [
      [
        "Grant",
        [
          [
            'Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"',
            [
              ["ID", OWNER_ID],
              ["DisplayName", "fieldmark"],
            ],
          ],
          ["Permission", "FULL_CONTROL"],
        ],
      ],
    ],
  ],
];
