// Clicks through the board as a person does, in both themes and widths, and has axe look at each page.
// `npm test`; the screenshots go to docs/images.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "./rehearsal.js";

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
// In the folder of the workspace that IMAGES names, if it does.
const images = fileURLToPath(new URL(`../../${process.env.IMAGES ?? "docs/images"}/`, import.meta.url));
mkdirSync(images, { recursive: true });

// Simulated minutes are seconds here; a deployment takes some of them.
const PATIENCE = 45_000;

const rehearsal = serve("--speed", "60");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-background-networking"],
});
let checks = 0;

try {
  const url = await rehearsal.url;
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  page.setDefaultTimeout(PATIENCE);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  const widget = page.locator("#widget");

  // CloudWatch has answered, and the answer is shown.
  const settled = () => page.waitForSelector('#widget[aria-busy="false"]');
  const click = async (name) => {
    await widget.getByRole("button", { name, exact: true }).first().click();
    await settled();
  };
  const confirm = async (name, answer = "Confirm") => {
    await widget.getByRole("button", { name, exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: answer }).click();
    await settled();
  };
  // Looks again until it is there.
  const until = async (text) => {
    const by = Date.now() + PATIENCE;
    while (!(await widget.textContent()).includes(text)) {
      assert(Date.now() < by, `"${text}" is not shown: ${await widget.innerText()}`);
      await page.waitForTimeout(500);
      await click("Refresh");
    }
  };
  const accessible = async (what) => {
    // Not as a script of the page: its policy would not let that in.
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run("#widget"));
    const serious = found.violations.filter((it) => ["serious", "critical"].includes(it.impact));
    const told = serious.map((it) => `${it.id}: ${it.nodes.map((node) => node.html).join(" ")}`);
    assert.deepEqual(told, [], what);
    checks += 1;
  };
  const picture = async (name) => {
    await widget.screenshot({ path: `${images}board-${name}.png` });
  };
  const open = async (theme, width) => {
    await page.goto(`${url}?theme=${theme}&width=${width}`);
    await settled();
    const box = await widget.evaluate((it) => ({ inner: it.scrollWidth, outer: it.clientWidth }));
    assert(box.inner <= box.outer, `${theme}, ${width}: ${box.inner} of ${box.outer} pixels`);
    await accessible(`overview, ${theme}, ${width}`);
  };

  await open("light", 1000);
  await until("✓ live");
  // One image goes through, the next one does not.
  await page.locator("#version").fill("v2");
  await page.getByRole("button", { name: "Push one that works" }).click();
  await until("deploying");
  await click("api-test");
  await accessible("target, deploying");
  await until("succeeded");
  await page.locator("#version").fill("v3");
  await page.getByRole("button", { name: "Push one that does not" }).click();
  await until("last one failed");
  await widget.getByText("Gates and evidence").first().click();
  await accessible("target, failed");
  await picture("target-light");

  await click("All targets");
  await until("last one failed");
  await picture("overview-light");
  await open("dark", 1000);
  await picture("overview-dark");
  await click("api-test");
  await accessible("target, dark");
  await open("dark", 400);
  await picture("overview-narrow");
  await open("light", 400);
  await click("api-test");
  await accessible("target, narrow");
  await picture("target-narrow");

  // By hand: hold, look at it, release, promote what is live, and go back to what was there before.
  await open("light", 1000);
  await click("api-test");
  await confirm("Hold");
  await until("your name is empty");
  await accessible("target, refused");
  await widget.getByLabel("Your name").fill("alice");
  await widget.getByLabel("Reason").fill("<b>ticket 7</b>");
  await widget.getByLabel("Hold for").selectOption({ label: "8 hours" });
  await confirm("Hold", "Cancel");
  assert(!(await widget.textContent()).includes("alice (by the board)"), "what was cancelled is not done");
  await confirm("Hold");
  await until("is held by alice (by the board) (<b>ticket 7</b>)");
  await accessible("target, held");
  assert.equal(await widget.locator("b").count(), 0);
  assert.equal(await widget.getByLabel("Your name").inputValue(), "alice");
  await confirm("Release");
  await until("is released by alice");
  await confirm("Promote");
  await until("Say to which tag: the field is empty.");
  await widget.getByLabel("Promote to the tag").fill("staging");
  await confirm("Promote");
  await until("(promoted by alice");
  await accessible("target, promoted");
  await widget.getByLabel("Roll back to").selectOption({ index: 1 });
  await confirm("Roll back");
  await until("goes back to");
  await picture("target-by-hand");

  assert.deepEqual(complaints, []);
  console.log(`${checks} pages looked at, the pictures are in ${images}`);
} finally {
  await browser.close();
  rehearsal.end();
}
