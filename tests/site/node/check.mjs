// Checks files with html-validate: prints each problem as a line, ends with 1 if there is any.

import { HtmlValidate, StaticConfigLoader } from "html-validate";

const rules = {
  extends: ["html-validate:standard"],
  rules: {
    // Style, and no question of validity: the templates decide these.
    "no-trailing-whitespace": "off",
    "no-inline-style": "off",
    "long-title": "off",
    "void-style": "off",
    "doctype-style": "off",
    "attribute-boolean-style": "off",
    "no-raw-characters": "off",
    "tel-non-breaking": "off",
  },
};

const validator = new HtmlValidate(new StaticConfigLoader({ root: true, ...rules }));
let count = 0;
for (const path of process.argv.slice(2)) {
  const report = await validator.validateFile(path);
  for (const result of report.results) {
    for (const { line, column, message, ruleId } of result.messages) {
      console.log(`${path}:${line}:${column}: ${message} (${ruleId})`);
      count += 1;
    }
  }
}
process.exit(count ? 1 : 0);
