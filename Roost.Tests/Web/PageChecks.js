// What a test asks each page of the console for; every check returns texts that say what is wrong.
(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const name = element => {
    const rect = element.getBoundingClientRect();
    return `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") || ""}"> at ${Math.round(rect.x)},${Math.round(rect.y)} "${(element.textContent || "").trim().slice(0, 40)}"`;
  };
  const seen = element => element.checkVisibility() && element.getBoundingClientRect().width > 0.5 && element.getBoundingClientRect().height > 0.5;

  function parse(colour) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = "transparent";
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  }
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  function behind(element) {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  }
  const light = colour => {
    const [r, g, b] = colour.slice(0, 3).map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);

  /** Bars, dots and borders that mean something stand out from what is around them. */
  function faint() {
    const found = [];
    const check = (element, colour, around, what) => {
      const ratio = contrast(over(colour, around), around);
      if (ratio < 3) found.push(`${what} of ${name(element)} has a contrast of ${ratio.toFixed(2)}`);
    };
    const all = selector => [...document.querySelectorAll(selector)].filter(seen);
    for (const one of all("input, select, textarea, button:not(.quiet), .button, .chip")) {
      const style = getComputedStyle(one), around = behind(one.parentElement), fill = over(parse(style.backgroundColor), around);
      if (contrast(fill, around) < 3) check(one, parse(style.borderTopColor), around, "the border");
    }
    for (const one of all("svg rect:not(.hit)")) {
      const pattern = /url\("?#([^")]+)/.exec(getComputedStyle(one).fill); // What stands out of it counts, and not what is between.
      const style = getComputedStyle(pattern ? document.querySelector(`#${pattern[1]} .front`) : one), colour = parse(style.fill);
      colour[3] *= Number(style.opacity) * Number(style.fillOpacity);
      const around = behind(one.closest("svg"));
      if (style.stroke !== "none" && contrast(over(colour, around), around) < 3) check(one, parse(style.stroke), around, "the edge");
      else check(one, colour, around, "the bar");
    }
    for (const one of all(".dot")) check(one, parse(getComputedStyle(one).backgroundColor), behind(one.parentElement), "the dot");
    for (const one of all(".situation, .note, .failure")) check(one, parse(getComputedStyle(one).borderLeftColor), behind(one), "the border");
    for (const one of all(".tile, .pulse")) {
      const style = getComputedStyle(one, "::before"), colour = parse(style.backgroundColor);
      colour[3] *= Number(style.opacity);
      if (one.id !== "pulse") check(one, colour, behind(one), "the mark");
    }
    return found;
  }

  /** Nothing is cut off at this width, and what scrolls is reached by keyboard and has a name. */
  function cut() {
    const found = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} wide in ${root.clientWidth}`);
    for (const one of document.body.querySelectorAll("*")) {
      if (!seen(one) || one.matches("input, select, .sr, svg *")) continue;
      const style = getComputedStyle(one), isInline = style.display.startsWith("inline") && !style.display.includes("-");
      if (isInline) continue;
      const wide = one.scrollWidth > one.clientWidth + 1, high = one.scrollHeight > one.clientHeight + 1;
      const scrolls = value => value === "auto" || value === "scroll";
      if (wide && style.overflowX !== "visible" && style.textOverflow !== "ellipsis") found.push(`${name(one)} is ${one.scrollWidth} wide in ${one.clientWidth}`);
      if (wide && style.overflowX === "visible" && one.matches("li, dd, td, p, h1, h2, section, form, header, footer, nav")) found.push(`${name(one)} runs over its edge: ${one.scrollWidth} in ${one.clientWidth}`);
      if ((wide && scrolls(style.overflowX)) || (high && scrolls(style.overflowY)))
        if (one.tabIndex < 0 || !one.getAttribute("role") || !one.getAttribute("aria-label")) found.push(`${name(one)} scrolls, and no keyboard reaches it by a name`);
    }
    return found;
  }

  return { faint: faint(), cut: cut(), height: document.documentElement.scrollHeight };
})()
