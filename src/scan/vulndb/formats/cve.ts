const cve = /^CVE-\d{4}-\d{4,}$/;

export function isCve(id: string): boolean {
  return cve.test(id);
}

/** All CVEs that a text names, however they are written: `CVE_2019-2426`, `CVE 2018-16859`, `CVE-2017-17434-1`. */
export function cvesIn(text: string): readonly string[] {
  const found = text.matchAll(/\bCVE[-_ ](\d{4})-(\d{4,19})/gi);
  return [...new Set(Array.from(found, ([, year, number]) => `CVE-${year}-${number}`))];
}
