// The HTML report as people use it: read without scripts, filtered, on a phone, in the dark, with a hostile target in it.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [broken, green, shots] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
let passed = 0;
let failed = 0;

async function test(name, options, act) {
  const { file = broken, ...context } = options;
  const opened = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...context });
  const page = await opened.newPage();
  const requests = [];
  const complaints = [];
  page.on("request", request => requests.push(request.url()));
  page.on("console", message => complaints.push(message.text()));
  page.on("pageerror", error => complaints.push(String(error)));
  try {
    await page.goto(`file://${file}`);
    await act(page, { requests, complaints });
    passed += 1;
    console.log(`pass ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}\n${error.stack}`);
  }
  await opened.close();
}

const visible = (page, selector) => page.locator(`${selector}:visible`).count();
const chip = (page, word) => page.locator(`.chips [data-word="${word}"]`);
const chipCount = async (page, word) => Number(await chip(page, word).locator("b").textContent());
const tally = async (page, word) => Number(await page.locator(`.tally .${word} b`).first().textContent());

await test("a hostile target stays text", {}, async (page, { requests, complaints }) => {
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.match(await page.locator("#findings").textContent(), /<script>window\.pwned=1<\/script><img src=x onerror=/);
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.locator("script").count(), 1);
  assert.deepEqual(requests, [`file://${broken}`]);
  assert.deepEqual(complaints, []);
});

await test("the policy lets no other script run", {}, async page => {
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.pwned = 3";
    document.body.append(script);
  }).catch(() => {});
  assert.equal(await page.evaluate(() => window.pwned), undefined);
});

await test("without scripts everything can be read", { javaScriptEnabled: false }, async page => {
  assert.equal(await visible(page, "#filters"), 0);
  assert.equal(await visible(page, "h1"), 1);
  const fails = await page.locator("details.case[data-verdict=fail]").count();
  assert.ok(fails > 1);
  // The causes are there at once, their cases below them when unfolded.
  assert.equal(await visible(page, "details.case[data-verdict=fail]"), 0);
  for (const group of await page.locator("#findings details.group > summary").all()) await group.click();
  assert.equal(await visible(page, "details.case[data-verdict=fail]"), fails);
  const folded = page.locator("#findings details.case").nth(1);
  assert.equal(await folded.getAttribute("open"), null);
  await folded.locator("> summary").click();
  assert.ok(await folded.locator(".reproduce pre").isVisible());
  assert.match(await folded.locator(".reproduce pre").textContent(), /^wabizspec run '.+' --target .+\ncurl /);
  await folded.locator(".exchanges > summary").click();
  assert.match(await folded.locator(".exchange").first().textContent(), /^> [A-Z]+ .*[^]*< HTTP\/1/);
});

await test("every finding has its rule, its source and a diff", {}, async page => {
  const groups = page.locator(".rule-group");
  for (let index = 0; index < await groups.count(); index += 1) {
    assert.ok(await groups.nth(index).locator("> header cite").textContent());
  }
  const findings = await page.locator(".finding").count();
  assert.ok(findings > 50);
  assert.equal(await page.locator(".finding:has(.wanted):has(.got)").count(), findings);
});

await test("a verdict's chip leaves only its cases", {}, async page => {
  const fails = await chipCount(page, "fail");
  assert.equal(fails, await tally(page, "fail"));
  await chip(page, "fail").click();
  assert.equal(await chip(page, "fail").getAttribute("aria-pressed"), "true");
  assert.equal(await visible(page, ".rows .item"), fails);
  assert.equal(await visible(page, ".rows .item:not([data-verdict=fail])"), 0);
  assert.match(await page.locator("#shown").textContent(), new RegExp(`^${fails} of \\d+ cases$`));
  assert.equal(await page.locator("#findings .case:not([hidden]):not([data-verdict=fail])").count(), 0);
  assert.ok(!await page.locator("#findings .nothing").isVisible());
  await chip(page, "skipped").click();
  assert.equal(await visible(page, ".rows .item"), fails + await chipCount(page, "skipped"));
  await page.locator("#reset").click();
  await page.waitForFunction(() => document.getElementById("reset").disabled);
  assert.equal(await page.locator(".item[hidden], .group[hidden], .tile.faded").count(), 0);
  assert.equal(await page.locator("#shown").textContent(), "");
});

await test("unproven shows requirements, and the map fades the others", {}, async page => {
  const all = await page.locator(".tile").count();
  const unproven = await chipCount(page, "unproven");
  await chip(page, "unproven").click();
  assert.equal(await visible(page, "#requirements .item"), unproven);
  assert.equal(await page.locator(".tile.faded").count(), all - unproven);
  assert.equal(await visible(page, ".rows .item"), 0);
  assert.ok(await page.locator("#scenarios .nothing").isVisible());
});

await test("area and level narrow each other", {}, async page => {
  await page.locator("#area").selectOption("tokens");
  assert.equal(await visible(page, ".rows .item:not([data-area=tokens])"), 0);
  const tokens = await visible(page, "#requirements .item");
  await page.locator("#level").selectOption("must");
  const musts = await visible(page, "#requirements .item");
  assert.ok(musts > 0 && musts < tokens, `${musts} of ${tokens}`);
  assert.equal(await visible(page, "#requirements .item[data-levels=should]"), 0);
});

await test("searching finds ids and what was answered", {}, async page => {
  await page.locator("#search").fill("ONERROR=window");
  assert.ok(await visible(page, ".case") > 0);
  assert.equal(await visible(page, ".rows .item"), 0);
  await page.locator("#search").fill("tokens/each-without-a-token::log-out");
  assert.equal(await visible(page, ".rows .item"), 1);
  await page.locator("#search").fill("no such thing anywhere");
  assert.equal(await visible(page, ".item:not(.tile)"), 0);
  assert.equal(await visible(page, ".nothing"), await page.locator(".nothing").count());
});

await test("a tile leads to its requirement, and that to the case", {}, async page => {
  await page.locator(".tile.fail").first().click();
  const requirement = page.locator("#requirements .item:target");
  await requirement.waitFor({ state: "visible" });
  await requirement.locator(".proof a").first().click();
  await page.locator("[id^='c-']:target .finding").first().waitFor({ state: "visible" });
});

await test("the commands can be copied", { permissions: ["clipboard-read", "clipboard-write"] }, async page => {
  await page.locator("#findings details.group > summary").first().click();
  await page.locator("#findings .case > summary").first().click();
  const reproduce = page.locator("#findings .case[open] .reproduce").first();
  await reproduce.locator(".copy").click();
  await page.waitForFunction(() => document.querySelector(".copy").textContent !== "copy");
  assert.match(await reproduce.locator(".copy").textContent(), /^(copied|selected)$/);
});

for (const colorScheme of ["light", "dark"]) {
  await test(`${colorScheme}: every text stands out from what is behind it`, { colorScheme }, async page => {
    const weak = await page.evaluate(() => {
      for (const details of document.querySelectorAll("#findings details")) details.open = true;
      const channels = colour => colour.match(/[\d.]+/g).map(Number);
      const luminance = ([r, g, b]) => {
        const linear = [r, g, b].map(value => value / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
      };
      const behind = element => {
        for (let at = element; at; at = at.parentElement) {
          const colour = channels(getComputedStyle(at).backgroundColor);
          if (colour.length === 3 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
      };
      const weak = new Set();
      for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim() !== "");
        if (!own || element.matches("script, :disabled, option")) continue;
        const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5) weak.add(`${element.tagName}.${element.className} ${contrast.toFixed(2)}`);
      }
      return [...weak];
    });
    assert.deepEqual(weak, []);
  });
}

await test("dark is dark", { colorScheme: "dark" }, async page => {
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(13, 17, 23)");
});

for (const width of [390, 768, 1280]) {
  for (const file of [broken, green]) {
    const name = file === broken ? "broken" : "green";
    await test(`nothing is wider than ${width} pixels (${name})`, { file, viewport: { width, height: 844 } }, async page => {
      await page.evaluate(() => { for (const details of document.querySelectorAll("details")) details.open = true; });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= width);
      await page.locator("h1").waitFor();
    });
  }
}

await test("a phone's finger hits a tile", { viewport: { width: 390, height: 844 }, hasTouch: true }, async page => {
  const box = await page.locator(".tile").first().boundingBox();
  assert.ok(box.width >= 24 && box.height >= 24);
  await page.locator(".tile").first().tap();
  await page.locator("#requirements .item:target").waitFor({ state: "visible" });
});

await test("a run that conforms says so, and of whom", { file: green }, async page => {
  assert.match(await page.locator("h1").textContent(), /Everything that ran conforms/);
  assert.match(await page.locator(".embedded").textContent(), /not on your server/);
  assert.match(await page.locator("#findings").textContent(), /No case failed/);
  assert.equal(await page.locator(".tile.fail, .tile.unproven").count(), 0);
});

if (shots) {
  for (const [name, file] of Object.entries({ broken, green })) {
    for (const width of [390, 1280]) {
      for (const colorScheme of ["light", "dark"]) {
        const page = await browser.newPage({ viewport: { width, height: 2400 }, colorScheme });
        await page.goto(`file://${file}`);
        await page.screenshot({ path: `${shots}/${name}-${width}-${colorScheme}.png` });
        await page.close();
      }
    }
  }
}

await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
