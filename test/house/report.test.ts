import { expect, test } from "bun:test";
import { parseReport } from "../support/junit.ts";

test("the runner counts passed, failed and skipped tests, with the names of the skipped", () => {
  const xml = `<testsuites tests="4" failures="1" skipped="2"><testsuite name="a">
    <testcase name="one &lt;x&gt;" classname="" time="0" />
    <testcase name="two" classname=""><failure type="Error" message="&lt;skipped&gt;">x</failure></testcase>
    <testsuite name="group"><testcase name="three" classname="group [no &quot;Go&quot; here]"><skipped /></testcase></testsuite>
    <testcase name="four" classname=""><skipped message="TODO" /></testcase>
  </testsuite></testsuites>`;
  expect(parseReport(xml)).toEqual({
    passed: 1,
    failed: 1,
    skipped: ['group [no "Go" here] > three', "four"],
  });
});

test("a report that was never written counts as no test at all", () => {
  expect(parseReport("")).toEqual({ passed: 0, failed: 0, skipped: [] });
});
