"use strict";
// Filters, and a button that copies what repeats a finding. Without this, everything is shown.
(() => {
  const form = document.getElementById("filters");
  const search = document.getElementById("search");
  const area = document.getElementById("area");
  const level = document.getElementById("level");
  const reset = document.getElementById("reset");
  const shown = document.getElementById("shown");
  const chips = [...form.querySelectorAll("[data-word]")];
  const items = [...document.querySelectorAll(".item")].map(element => ({
    element,
    area: element.dataset.area,
    levels: element.dataset.levels.split(" "),
    verdict: element.dataset.verdict,
    text: (element.textContent + " " + element.title).toLowerCase(),
  }));
  const groups = [...document.querySelectorAll(".group")].map(element => ({ element, open: element.open }));
  // A tile of the map fades and keeps its place; everything else goes.
  const mark = (element, wanted) =>
    element.classList.contains("tile") ? element.classList.toggle("faded", !wanted) : (element.hidden = !wanted);
  const apply = () => {
    const words = chips.filter(chip => chip.ariaPressed === "true").map(chip => chip.dataset.word);
    const sought = search.value.trim().toLowerCase();
    const active = words.length > 0 || sought !== "" || area.value !== "" || level.value !== "";
    for (const item of items) {
      mark(item.element,
        (words.length === 0 || words.includes(item.verdict)) &&
        (area.value === "" || area.value === item.area) &&
        (level.value === "" || item.levels.includes(level.value)) &&
        (sought === "" || item.text.includes(sought)));
    }
    for (const { element, open } of groups) {
      element.hidden = element.querySelector(".item:not([hidden])") === null;
      // What was sought is not to be unfolded by hand.
      if (element.matches("details")) element.open = active || open;
    }
    for (const nothing of document.querySelectorAll(".nothing")) {
      const section = nothing.parentElement;
      const listed = section.querySelectorAll(".item:not(.tile)");
      nothing.hidden = listed.length === 0 || [...listed].some(item => !item.hidden);
    }
    const rows = [...document.querySelectorAll(".rows .item")];
    const visible = rows.filter(row => !row.hidden).length;
    shown.value = active ? `${visible} of ${rows.length} cases` : "";
    reset.disabled = !active;
  };
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.ariaPressed = chip.ariaPressed === "true" ? "false" : "true";
      apply();
    });
  }
  form.addEventListener("input", apply);
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("reset", () => {
    for (const chip of chips) chip.ariaPressed = "false";
    setTimeout(apply);
  });
  for (const pre of document.querySelectorAll(".reproduce pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "copy";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(pre.textContent);
        button.textContent = "copied";
      } catch {
        getSelection().selectAllChildren(pre);
        button.textContent = "selected";
      }
    });
    pre.before(button);
  }
  // A link into what is folded unfolds it.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let folded = target?.closest("details"); folded; folded = folded.parentElement.closest("details")) {
      folded.open = true;
    }
    target?.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash !== "") reveal();
  form.hidden = false;
  apply();
})();
