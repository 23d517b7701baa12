"""Chromium through Playwright, and what every page has to be when looked at with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect, sync_playwright

EXECUTABLE = Path("/usr/bin/chromium")
NO_CHROMIUM = f"there is no {EXECUTABLE}; on Debian: apt-get install chromium"
# A name that this browser finds here. To loopback addresses it says more than to others over plain HTTP.
NAME = "portalwatch.test"
# It must neither reach for anything else nor need a display, a sandbox of its own or a graphics card.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
)
WIDE, PHONE = 1200, 390
# Far more than anything here takes: only a hang reaches it.
_PATIENCE_MS = 120_000
# What the console says; hints to developers are none of these.
_BAD = ("error", "warning", "assert")

# What WCAG 2.1 AA asks for and a program can see. Returns sentences.
_PROBLEMS = """
() => {
  const problems = [];
  const shown = (one) => one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  const told = (one) => `${one.tagName}.${one.getAttribute("class") ?? ""} "${one.textContent.trim().slice(0, 40)}"`;

  // Contrast of every text with what lies below it (1.4.3).
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const seen = new Map();
  const rgba = (text) => {
    if (!seen.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      seen.set(text, [r, g, b, a / 255]);
    }
    return seen.get(text);
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((one, i) => one * a + below[i] * (1 - a));
  const ground = (one) => {
    if (!one) return [255, 255, 255];
    const own = rgba(getComputedStyle(one).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, ground(one.parentElement));
  };
  const luminance = (color) => {
    const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = color.map((one) => linear(one / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !shown(one)) continue;
    if (["SCRIPT", "STYLE", "NOSCRIPT", "OPTION"].includes(one.tagName)) continue;
    const style = getComputedStyle(one);
    const below = ground(one);
    const ink = over(rgba(one instanceof SVGElement ? style.fill : style.color), below);
    const [light, dark] = [luminance(ink), luminance(below)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < needed) problems.push(`contrast ${ratio.toFixed(2)} of ${told(one)}`);
  }

  // Structure: landmarks, headings that skip no rank, names (1.3.1, 2.4.1, 2.4.6, 4.1.2).
  const ranks = [...document.querySelectorAll("h1, h2, h3, h4")].filter(shown).map((one) => Number(one.tagName[1]));
  if (ranks[0] !== 1 || ranks.filter((one) => one === 1).length !== 1) problems.push(`headings ${ranks}`);
  ranks.forEach((one, i) => {
    if (i && one > ranks[i - 1] + 1) problems.push(`a heading of rank ${one} after ${ranks[i - 1]}`);
  });
  if (document.querySelectorAll("main").length !== 1) problems.push("not one main");
  if (!document.documentElement.lang) problems.push("no language");
  if (!document.title) problems.push("no title");
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  ids.forEach((one, i) => { if (ids.indexOf(one) !== i) problems.push(`two of id ${one}`); });
  for (const one of document.querySelectorAll("input:not([type=hidden]), select")) {
    if (!one.labels.length) problems.push(`no label: ${told(one)}`);
  }
  for (const one of document.querySelectorAll("a, button, summary")) {
    if (shown(one) && !one.textContent.trim()) problems.push(`no name: ${told(one)}`);
  }
  for (const one of document.querySelectorAll("svg")) {
    if (one.parentElement.closest("svg") || one.getAttribute("aria-hidden")) continue;
    if (one.getAttribute("role") !== "img" || (one.getAttribute("aria-label") ?? "").length < 12) {
      problems.push(`a picture without a sentence: ${one.outerHTML.slice(0, 80)}`);
    }
  }
  for (const one of document.querySelectorAll("th:not([scope])")) problems.push(`no scope: ${told(one)}`);
  for (const one of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
    for (const id of (one.getAttribute("aria-labelledby") ?? one.getAttribute("aria-describedby")).split(" ")) {
      if (!document.getElementById(id)) problems.push(`${told(one)} is named by ${id}, which is not there`);
    }
  }
  // What scrolls by itself can be reached with keys (2.1.1).
  for (const one of document.querySelectorAll(".scroll, pre")) {
    const scrolls = one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === "auto";
    const reached = one.tabIndex >= 0 || one.closest("[tabindex='0']");
    if (scrolls && shown(one) && !reached) problems.push(`not reached by keys: ${told(one)}`);
  }
  // Nothing is wider than the window, but for what scrolls by itself (1.4.10).
  if (document.documentElement.scrollWidth > innerWidth) {
    const isWide = (one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".scroll");
    const wide = [...document.querySelectorAll("body *")].find(isWide);
    problems.push(`wider than the window: ${document.documentElement.scrollWidth} at ${wide && told(wide)}`);
  }
  return problems;
}
"""
_OPEN_ALL = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
_REACHABLE = """
() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.hidden).length
"""
_FOCUSED = """
() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  one.dataset.reached = "1";
  const style = getComputedStyle(one);
  return [one.outerHTML.slice(0, 100), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0];
}
"""


def chromium_is_there() -> bool:
    """Whether the browser is installed."""
    return EXECUTABLE.exists()


@contextmanager
def started() -> Iterator[Browser]:
    """The browser until the end of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(EXECUTABLE), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def looking(
    browser: Browser, *, width: int = WIDE, dark: bool = False, scripts: bool = True
) -> Iterator[tuple[Page, list[str]]]:
    """A page of a context of its own, and what it complains of: errors, what the policy refused, other origins."""
    expect.set_options(timeout=_PATIENCE_MS)
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=scripts,
    )
    context.set_default_timeout(_PATIENCE_MS)
    page, complaints = context.new_page(), list[str]()
    origins: set[str] = set()
    page.on("console", lambda told: complaints.append(f"{told.type}: {told.text}") if told.type in _BAD else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def asked(url: str) -> None:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        origins.add(origin)
        if len(origins) > 1:
            complaints.append(f"asked another origin: {url}")

    page.on("request", lambda request: asked(request.url))
    try:
        yield page, complaints
    finally:
        context.close()


def problems_of(page: Page) -> list[str]:
    """What is wrong with the page as it is shown, all its details open."""
    page.evaluate(_OPEN_ALL)
    found: list[str] = page.evaluate(_PROBLEMS)
    return found


def unreachable(page: Page) -> list[str]:
    """Walk the page with the Tab key: what was focused without being seen to be, and how many were not reached."""
    expected: int = page.evaluate(_REACHABLE)
    problems = []
    for _ in range(expected + 1):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused is not None and not focused[1]:
            problems.append(f"no visible focus: {focused[0]}")
    reached: int = page.evaluate("() => document.querySelectorAll('[data-reached]').length")
    if reached < expected:
        problems.append(f"{expected - reached} of {expected} are not reached")
    return problems
