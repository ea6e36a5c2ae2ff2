"use strict";
// Live updates: fetches this page again and changes only what differs, so that scroll, focus, open parts and typed text stay.
(() => {
  const live = () => document.getElementById("live");
  const period = Number(document.body.dataset.live || 0);
  const pulse = document.getElementById("pulse");
  let paused = false, busy = false, timer = 0, last = "";

  const keyOf = node => node.nodeType === 1 ? node.dataset.key : undefined;
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

  function syncAttributes(from, to) {
    for (const { name, value } of [...to.attributes])
      if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    for (const { name } of [...from.attributes])
      if (!to.hasAttribute(name)) from.removeAttribute(name);
  }

  function sync(from, to) {
    if (from.nodeType !== 1) {
      if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
      return;
    }
    if (from.nodeName === "SELECT" || from.nodeName === "TEXTAREA" || (from.nodeName === "INPUT" && from.type !== "hidden")) return; // What a person is filling in stays as it is.
    if (from.nodeName === "DETAILS") to.toggleAttribute("open", from.open);
    if (from.isEqualNode(to)) return;
    syncAttributes(from, to);
    const waiting = new Map();
    for (const child of from.childNodes) if (keyOf(child) !== undefined) waiting.set(keyOf(child), child);
    let place = from.firstChild;
    for (const wanted of [...to.childNodes]) {
      const key = keyOf(wanted);
      const known = key !== undefined ? waiting.get(key) : place && keyOf(place) === undefined && alike(place, wanted) ? place : undefined;
      if (!known) {
        from.insertBefore(document.importNode(wanted, true), place);
        continue;
      }
      if (known === place) place = place.nextSibling;
      else from.insertBefore(known, place);
      sync(known, wanted);
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  }

  // Who reads the end of a stream goes on reading its end.
  const streams = () => [...document.querySelectorAll("pre.stream")];
  const isAtEnd = stream => stream.scrollHeight - stream.scrollTop - stream.clientHeight < 8;
  const toEnd = stream => stream.scrollTop = stream.scrollHeight;
  streams().forEach(toEnd);

  async function refresh() {
    if (busy || paused || document.hidden) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (answer.status === 401) throw new Error("ended");
      const text = await answer.text();
      if (text !== last) {
        last = text;
        const followed = streams().filter(isAtEnd);
        const page = new DOMParser().parseFromString(text, "text/html"), fresh = page.getElementById("live");
        if (fresh) sync(live(), fresh);
        followed.forEach(toEnd);
        const links = page.querySelector(".top nav");
        if (links) sync(document.querySelector(".top nav"), links);
      }
      say("live", "");
    } catch {
      say("not connected", "bad");
    } finally {
      busy = false;
      schedule();
    }
  }

  function say(text, tone) {
    if (!pulse) return;
    pulse.textContent = text;
    pulse.className = "pulse quiet " + tone;
  }

  function schedule() {
    clearTimeout(timer);
    if (period && !paused && !document.hidden) timer = setTimeout(refresh, period);
  }

  function pause() {
    if (!period) return;
    paused = !paused;
    say(paused ? "paused" : "live", paused ? "off" : "");
    if (paused) clearTimeout(timer); else refresh();
  }

  document.addEventListener("visibilitychange", () => document.hidden ? clearTimeout(timer) : refresh());
  schedule();

  // Only one sheet of an action is open at a time; a click elsewhere closes it.
  document.addEventListener("toggle", event => {
    const sheet = event.target;
    if (!sheet.matches?.("details.action") || !sheet.open) return;
    for (const other of document.querySelectorAll("details.action[open]")) if (other !== sheet) other.open = false;
    sheet.querySelector("input:not([type=hidden]), button")?.focus();
  }, true);

  document.addEventListener("click", async event => {
    for (const sheet of document.querySelectorAll("details.action[open]")) if (!sheet.contains(event.target)) sheet.open = false;
    const copy = event.target.closest?.("[data-copy]");
    if (!copy) return;
    try {
      await navigator.clipboard.writeText(copy.dataset.copy);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(copy.previousElementSibling);
      copy.textContent = "Selected";
    }
    setTimeout(() => copy.textContent = "Copy", 1500);
  });

  const help = document.getElementById("help");
  document.getElementById("help-open")?.addEventListener("click", () => help.showModal());
  pulse?.addEventListener("click", pause);

  const places = { o: "/", w: "/work", i: "/inbox", d: "/dead-letters", e: "/events", r: "/resources", a: "/artifacts", n: "/engines", s: "/system" };
  let going = 0;
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      for (const sheet of document.querySelectorAll("details.action[open]")) { sheet.open = false; sheet.querySelector("summary").focus(); }
      if (event.target.matches("input, textarea")) event.target.blur();
      return;
    }
    if (event.target.matches("input, select, textarea") || help.open) return;
    if (event.key === "/") { event.preventDefault(); document.getElementById("search").focus(); }
    else if (event.key === "?") help.showModal();
    else if (event.key === "p") pause();
    else if (event.key === "g") going = Date.now();
    else if (Date.now() - going < 1500 && places[event.key]) location.href = (document.body.dataset.root ?? "") + places[event.key];
  });
})();
